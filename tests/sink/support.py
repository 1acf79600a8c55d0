"""What the tests of the sink share: records, a bucket in memory, and the look into any bucket."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from functools import cache
from itertools import islice

from confluent_kafka import Message

from helpers.pipeline.events import generate
from helpers.pipeline.layout import parse_key


def Record(offset, key, value, timestamp=1_772_000_000_000, headers=None, partition=0):
    """A consumer's message."""
    return Message(
        topic="t",
        partition=partition,
        offset=offset,
        key=key,
        value=value,
        headers=headers,
        timestamp=(1, timestamp),
    )


@cache
def events(n: int = 400, seed: int = 7) -> list:
    """Of the topic estudiante-eventos."""
    wanted = (e for e in generate(seed) if e.topic == "estudiante-eventos")
    return list(islice(wanted, n))


class MemoryStore:
    """A bucket in memory. `before` and `after` are called around every request and may raise."""

    def __init__(self, before=None, after=None):
        self.objects: dict[str, bytes] = {}
        self.before = before or (lambda what, key: None)
        self.after = after or (lambda what, key: None)

    def _request(self, what, key, effect):
        self.before(what, key)
        result = effect()
        self.after(what, key)
        return result

    def put_new(self, key: str, body: bytes) -> bool:
        def put():
            if key in self.objects:
                return False
            self.objects[key] = bytes(body)
            return True

        return self._request("put", key, put)

    def get(self, key: str) -> bytes:
        return self._request("get", key, lambda: self.objects[key])

    def list(self, prefix: str, limit: int) -> list[str]:
        found = lambda: sorted(k for k in self.objects if k.startswith(prefix))[:limit]  # noqa: E731
        return self._request("list", prefix, found)

    def close(self) -> None:
        pass


def lines(body: bytes) -> list[dict]:
    return [json.loads(line) for line in gzip.decompress(body).splitlines()]


def look(objects: dict[str, bytes], read=lines) -> Counter:
    """(partition, offset) → how often it is in the bucket. Every object must keep what its name says."""
    seen: Counter = Counter()
    for key, body in objects.items():
        named = parse_key(key)
        if named is None:
            assert "/_plans/" in f"/{key}", key
            continue
        rows = read(body)
        assert rows, key
        for row in rows:
            assert str(row["timestamp"]).replace(" ", "T")[:13] == named.hour, key
            assert named.first <= row["kafka_offset"] <= named.last, key
            assert row["kafka_partition"] == named.partition, key
            seen[named.partition, row["kafka_offset"]] += 1
    return seen


def s3_objects(s3, bucket: str) -> dict[str, bytes]:
    """All that a real bucket holds."""
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
    keys = [item["Key"] for page in pages for item in page.get("Contents", [])]
    return {key: s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys}
