"""What the tests of the portal share: its three topics read back, and the feed as a browser hears it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import requests
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, TopicPartition

from helpers.pipeline.topics import TOPICS
from helpers.web.making import validator

STUDENT = {"student_id": "E100003", "device": "web"}
CRITICAL = {"fault": "bd-central:CRITICAL:503"}


def stored(kafka: dict, prefix: str) -> dict[tuple[str, int, int], tuple[str, dict]]:
    """(topic, partition, offset) → (key, value) of every record of the three topics, all of them valid."""
    found, at_end, deadline = {}, set(), time.monotonic() + 30
    own = {"group.id": "check", "enable.auto.commit": False, "enable.partition.eof": True}
    with Consumer({**kafka, **own}) as reader:
        topics = reader.list_topics(timeout=10).topics
        places = [(prefix + name, n) for name in TOPICS for n in topics[prefix + name].partitions]
        reader.assign([TopicPartition(*place, OFFSET_BEGINNING) for place in places])
        while len(at_end) < len(places) and time.monotonic() < deadline:
            for record in reader.consume(500, 0.05):
                if record.error() is None:
                    validator(record.topic().removeprefix(prefix)).decode(record.value())
                    place = record.topic(), record.partition(), record.offset()
                    found[place] = record.key().decode(), json.loads(record.value())
                elif record.error().code() == KafkaError._PARTITION_EOF:
                    at_end.add((record.topic(), record.partition()))
    assert at_end == set(places)
    return found


def place(receipt: dict) -> tuple[str, int, int]:
    return receipt["topic"], receipt["partition"], receipt["offset"]


def post(web, path: str, content: dict, key: str = "") -> requests.Response:
    headers = {"idempotency-key": key} if key else {}
    return requests.post(f"{web.url}api/{path}", json=content, headers=headers, timeout=30)


def done(web, path: str, content: dict, key: str = "") -> dict:
    answer = post(web, path, content, key)
    assert answer.status_code == 201, answer.text
    return answer.json()


def log_in(web, **who) -> dict:
    return done(web, "login", who or STUDENT)["session"]


def frames(response: requests.Response) -> Iterator[tuple[str, str, dict]]:
    """(event, id, data) of a stream of server-sent events."""
    fields: dict[str, str] = {}
    for line in response.iter_lines(chunk_size=1, decode_unicode=True):
        if line:
            name, _, text = line.partition(": ")
            fields[name] = text
        elif "data" in fields:
            yield fields.get("event", ""), fields.get("id", ""), json.loads(fields["data"])
            fields = {}


def state(web) -> dict:
    return requests.get(f"{web.url}api/state", timeout=10).json()


def listen(web, last: str = "") -> requests.Response:
    headers = {"last-event-id": last} if last else {}
    return requests.get(f"{web.url}api/feed", headers=headers, stream=True, timeout=30)


def rows_until(response: requests.Response, event_ids: set[str]) -> tuple[list[dict], str]:
    """The rows that came until all `event_ids` had, and the id of the last frame."""
    rows, number = [], ""
    for event, label, data in frames(response):
        number = label or number
        rows += data.get("rows", []) if event in ("hello", "records") else []
        if event_ids <= {row["value"]["event_id"] for row in rows if row["value"]}:
            return rows, number
    raise AssertionError("the feed ended")
