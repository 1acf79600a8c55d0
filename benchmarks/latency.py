"""How long until an event is acknowledged, consumed, and visible in S3? As JSON.

`python -m benchmarks.latency [--rate 500] [--seconds 20] [--age 1]`

Open loop: every time counts from the moment at which the event was due. One local broker, the local
S3, and in processes of their own a consumer and the S3 sink, which uploads what it has at the
latest `--age` seconds after a batch began. An event is visible when all objects of its batch can be
listed; the listing is asked for ten times a second. Two runs: values that carry their due time
(acknowledged, consumed), then events that the sink accepts (acknowledged, in S3).
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from itertools import islice

import boto3
import numpy as np
import pandas as pd
from confluent_kafka.admin import AdminClient, NewTopic

from benchmarks.servers import servers
from helpers.config import ROOT
from helpers.load import Histogram, Reader, constant, histogram, open_loop
from helpers.load.machine import machine, versions
from helpers.pipeline.events import generate
from helpers.pipeline.layout import parse_key
from helpers.pipeline.ledger import Plan

TOPIC, STAMPED, BUCKET = "estudiante-eventos", "stamped", "latency"
PARTITIONS = 3
LINGER_MS = 5
LIMIT_S = 60


def ms(found: Histogram) -> dict[str, float]:
    """Percentiles as far as ten records lie beyond, and the longest, in ms."""
    told = {f"p{percent:g}": micros / 1000 for percent, micros in found.percentiles().items()}
    return told | {"max": found.max / 1000}


def consumed(kafka: dict, schedule) -> dict:
    """Due → acknowledged, due → consumed."""
    with Reader(kafka, STAMPED) as reader:
        sent = open_loop({**kafka, "linger.ms": LINGER_MS}, STAMPED, schedule, 250, stamp=True)
        seen = reader.until(sent.acknowledged, LIMIT_S)
    if reader.read != schedule.count:
        raise SystemExit(f"{reader.read} of {schedule.count} records were read")
    return {"records": schedule.count, "acknowledged_ms": ms(sent.latency), "consumed_ms": ms(seen)}


class Watch:
    """The bucket's listing: which offsets are visible, and since when (s since 1970)."""

    def __init__(self, s3) -> None:
        self._s3, self._done = s3, set()
        self.seen: list[tuple[int, int, int, float]] = []  # partition, first, end, when
        self._count, self._over = 0, threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._over.wait(0.1):
            self._count = self._look()

    def until(self, records: int) -> None:
        """Wait until so many are visible, for as long as `LIMIT_S`."""
        until = time.monotonic() + LIMIT_S
        while self._count < records and time.monotonic() < until:
            time.sleep(0.1)

    def _look(self) -> int:
        """List the bucket once; how many records are visible so far."""
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET)
        keys = [item["Key"] for page in pages for item in page.get("Contents", [])]
        now = time.time()
        data = [named for named in map(parse_key, keys) if named]
        plans = [k for k in keys if k.startswith("_plans/") and k.endswith(".json")]
        for key in set(plans) - self._done:
            body = self._s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
            plan, partition = Plan.from_bytes(body, key), int(key.split("/")[2])
            there = [d for d in data if (d.partition, d.first) == (partition, plan.first)]
            if len(there) == len(plan.hours):
                self._done.add(key)
                self.seen.append((partition, plan.first, plan.end, now))
        return sum(end - first for _, first, end, _ in self.seen)


def stored(kafka: dict, s3, schedule, age: float) -> dict:
    """Due → acknowledged, due → visible in S3."""
    s3.create_bucket(Bucket=BUCKET)
    wanted = (event for event in generate(7) if event.topic == TOPIC)
    events = [(e.value_bytes, e.key_bytes) for e in islice(wanted, schedule.count)]
    told = {"kafka": kafka, "age": age}
    argv = [sys.executable, "-u", "-m", "benchmarks.latency", "--sink", json.dumps(told)]
    with tempfile.TemporaryFile() as out:
        sink = subprocess.Popen(argv, cwd=ROOT, stdout=out, stderr=subprocess.STDOUT)
        try:
            until = time.monotonic() + LIMIT_S
            while b"took over {0" not in os.pread(out.fileno(), 1 << 20, 0):
                if sink.poll() is not None or time.monotonic() > until:
                    raise SystemExit(f"no sink: {os.pread(out.fileno(), 2000, 0).decode()}")
                time.sleep(0.05)
            return _stored(kafka, s3, schedule, events)
        finally:
            sink.terminate()
            sink.wait(LIMIT_S)


def _stored(kafka: dict, s3, schedule, events: list) -> dict:
    watch, start = Watch(s3), time.time_ns() + 500_000_000
    with watch:
        sent = open_loop(
            {**kafka, "linger.ms": LINGER_MS},
            TOPIC,
            schedule,
            lambda number: events[number][0],
            key=lambda number: events[number][1],
            places=True,
            start_ns=start,
        )
        watch.until(sent.acknowledged)
    visible = _since_due(sent.places, watch.seen, start / 1e9)
    if visible.size != schedule.count:
        raise SystemExit(f"{visible.size} of {schedule.count} records are in S3")
    found = histogram(visible * 1e6)
    return {"records": schedule.count, "acknowledged_ms": ms(sent.latency), "in_s3_ms": ms(found)}


def _since_due(places: pd.DataFrame, seen: list, start: float) -> np.ndarray:
    """Seconds from due to visible of each record that is."""
    found = []
    for partition, first, end, when in seen:
        mine = (places.partition == partition) & places.offset.between(first, end - 1)
        found.append(when - start - places.due_s[mine].to_numpy())
    return np.concatenate(found) if found else np.empty(0)


def run_sink(told: dict) -> None:
    """In the sink's own process."""
    import logging

    from helpers.pipeline.batch import Limits
    from helpers.pipeline.sink_command import run
    from helpers.pipeline.sink_settings import Settings

    logging.basicConfig(level=logging.INFO)
    limits = Limits(age_s=told["age"])
    run(Settings(topic=TOPIC, bucket=BUCKET, group="latency", limits=limits), told["kafka"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rate", type=float, default=500)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--age", type=float, default=1, help="seconds of a batch of the sink (1)")
    parser.add_argument("--sink", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.sink:
        run_sink(json.loads(args.sink))
        return
    schedule = constant(args.rate, args.seconds)
    with servers() as running:
        os.environ.update(running.aws)
        admin = AdminClient(running.kafka)
        topics = [NewTopic(name, PARTITIONS) for name in (TOPIC, STAMPED)]
        for future in admin.create_topics(topics).values():
            future.result(30)
        consumed(running.kafka, constant(args.rate, 2))  # everything is compiled and connected
        result = {
            "rate": args.rate,
            "seconds": args.seconds,
            "linger_ms": LINGER_MS,
            "sink_age_s": args.age,
            "to_a_consumer": consumed(running.kafka, schedule),
            "to_s3": stored(running.kafka, boto3.client("s3"), schedule, args.age),
        }
    print(json.dumps({**result, "versions": versions(), "machine": machine()}, indent=2))


if __name__ == "__main__":
    main()
