"""S3 in trouble: slow, throttling, failing, breaking off, gone, forbidden. And poison on the way."""

from __future__ import annotations

import json
import random
import time
from contextlib import contextmanager

import pytest

from tests.proxy import Proxy, Request, port_of
from tests.sink.support import look


class Spoiler:
    """Spoils a share of the requests, or slows all of them."""

    def __init__(self, share: float, seed: int, slow_s: float):
        self.spoiled = self.passed = 0
        self._share, self._slow_s, self._dice = share, slow_s, random.Random(seed)
        self.environment: dict[str, str] = {}

    def __call__(self, _request: Request) -> str:
        time.sleep(self._slow_s)
        if self._dice.random() >= self._share:
            self.passed += 1
            return ""
        self.spoiled += 1
        return self._dice.choice(("503", "500", "reset", "lost"))


def refusal(way: str) -> tuple[int, bytes]:
    code = b"SlowDown" if way == "503" else b"InternalError"
    return int(way), b"<Error><Code>%s</Code></Error>" % code


@contextmanager
def proxy(rig, share: float, seed: int = 3, slow_s: float = 0.0):
    spoiler = Spoiler(share, seed, slow_s)
    made = Proxy(port_of(rig.servers.aws), spoiler, refusal)
    spoiler.environment = made.environment
    try:
        yield spoiler
    finally:
        made.close()


def test_throttling_errors_and_broken_connections(rig):
    with proxy(rig, share=0.3) as between:
        rig.produce(2000)
        rig.store_all(between.environment, limits={"records": 150, "age_s": 0.3})
        assert between.spoiled > 10
    rig.prove()
    print(f"{between.spoiled} of {between.spoiled + between.passed} requests spoiled")


@pytest.mark.soak
def test_a_limit_to_retries_and_nothing_committed(rig):
    with proxy(rig, share=1.0) as between:
        rig.produce(500)
        sink = rig.sink(between.environment)
        assert sink.finish(None, 90) == 1
        assert between.spoiled == 8
        assert "STOPPED S3 did not take put_object" in sink.text
        assert "Traceback" not in sink.text
    assert rig.committed() == {}


@pytest.mark.soak
def test_slow_uploads_pause_reading(rig):
    with proxy(rig, share=0, slow_s=0.15) as between:
        rig.produce(4000)
        rig.store_all(between.environment, limits={"records": 100, "age_s": 0.5})
    rig.prove()


def stopped(rig, sink, words: str) -> None:
    before = rig.committed()
    assert sink.finish(None, 60) == 1, sink.text
    last = sink.text.strip().splitlines()[-1]
    assert last.startswith("STOPPED ")
    assert words in last
    assert "Traceback" not in sink.text
    assert rig.committed() == before


def test_no_such_bucket(rig):
    rig.produce(100)
    stopped(rig, rig.sink(bucket="not-there-at-all"), "bucket not-there-at-all is gone")


@pytest.mark.soak
def test_a_bucket_that_goes_while_it_works(rig):
    rig.produce(500)
    sink = rig.sink(limits={"records": 100, "age_s": 0.2})
    rig.wait_until_stored()
    s3, bucket = rig.servers.s3, rig.bucket
    for key in rig.objects():
        s3.delete_object(Bucket=bucket, Key=key)
    s3.delete_bucket(Bucket=bucket)
    before = rig.committed()
    rig.produce(500)
    stopped(rig, sink, f"bucket {bucket} is gone")
    assert rig.committed() == before


def keys_with(rig, *statements: dict) -> dict[str, str]:
    iam, name = rig.servers.client("iam"), rig.bucket
    iam.create_user(UserName=name)
    document = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", **s} for s in statements],
    }
    iam.put_user_policy(UserName=name, PolicyName="sink", PolicyDocument=json.dumps(document))
    made = iam.create_access_key(UserName=name)["AccessKey"]
    return {
        "AWS_ACCESS_KEY_ID": made["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": made["SecretAccessKey"],
    }


def test_access_denied_under_iam(rig):
    arn = f"arn:aws:s3:::{rig.bucket}"
    looks = {"Action": ["s3:GetObject", "s3:ListBucket"], "Resource": [arn, f"{arn}/*"]}
    rig.produce(100)
    stopped(rig, rig.sink(keys_with(rig, looks)), "access denied to")
    assert not rig.objects()


@pytest.mark.soak
def test_three_permissions_are_enough(rig):
    arn = f"arn:aws:s3:::{rig.bucket}"
    keys = keys_with(
        rig,
        {"Action": "s3:ListBucket", "Resource": arn},
        {"Action": "s3:PutObject", "Resource": f"{arn}/*"},
        {"Action": "s3:GetObject", "Resource": f"{arn}/_plans/*"},
    )
    rig.produce(600)
    for records in (70, 100):
        rig.store_all(keys, limits={"records": records, "age_s": 0.2})
        rig.produce(300)
    rig.store_all(keys, limits={"age_s": 0.2})
    rig.prove()


def test_wrong_keys(rig):
    sink = rig.sink({"AWS_SECRET_ACCESS_KEY": "x" * 40})
    stopped(rig, sink, "AWS does not know these credentials")


def test_dead_letters_say_where_they_are_from(rig):
    rig.produce(1000)
    rig.store_all(limits={"records": 90, "age_s": 0.2})
    rig.prove()
    assert len(rig.bad) == 20
    for letter in rig.dead():
        assert letter["dlq.topic"] == rig.topic
        assert letter["dlq.cause"] == "not-json"
        assert letter["value"].endswith((b'"', b"e", b"o"))
        assert b"}" not in letter["value"]
        assert (int(letter["dlq.partition"]), int(letter["dlq.offset"])) in rig.bad


def test_parquet(rig):
    import io

    import pyarrow.parquet as pq

    rig.produce(2000)
    rig.store_all(format="parquet", limits={"records": 300, "age_s": 0.3})
    seen = look(rig.objects(), lambda body: pq.read_table(io.BytesIO(body)).to_pylist())
    assert set(seen) == rig.good
    assert set(seen.values()) == {1}
