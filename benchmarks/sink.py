"""How much of a bare consumer's rate does the whole sink keep? Both in one run, as JSON.

`python benchmarks/sink.py [--records 1000000] [--rounds 3] [--format json|parquet]`

Events of about 270 bytes on six partitions of a local broker. Bare: a loop of `consume(10000)` that
looks at nothing. Sink: validation, filters, enrichment from the roster, partitioning by hour and
gzip (or Parquet), into the local S3, in a process of its own. Its rate counts from the first record
stored in the log to the moment when 80% of the records are in objects that can be listed. Each
round of the sink is between two bare loops, whose mean it is compared with: a bare loop takes a
second, and what the machine has for it changes. The median of the rounds' ratios counts. Processor
time is printed since it depends less on what else the machine does. Memory is the peak of the
sink's process (VmHWM).
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from itertools import islice

import boto3
import psutil
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from benchmarks.servers import servers
from helpers.config import ROOT
from helpers.pipeline import compiled, roster
from helpers.pipeline.events import generate, students
from helpers.pipeline.layout import parse_key
from helpers.pipeline.ledger import Plan

TOPIC, PARTITIONS, STUDENTS = "estudiante-eventos", 6, 100_000
DROPS = ["duration_s < 60 # opened by mistake", "device in smartwatch # not supported"]
VISIBLE = 0.8
LIMIT_S = 600
BARE = {"fetch.queue.backoff.ms": 10, "enable.auto.commit": False, "group.id": "bare"}


def fill(kafka: dict, records: int) -> float:
    """Write the events and the roster; bytes a record."""
    admin = AdminClient(kafka)
    keep = {"retention.ms": "-1"}  # the events happened long ago
    topics = [
        NewTopic(TOPIC, num_partitions=PARTITIONS, config=keep),
        NewTopic(roster.TOPIC, num_partitions=1, config=roster.CONFIG),
    ]
    for future in admin.create_topics(topics).values():
        future.result(30)
    producer = Producer({**kafka, "linger.ms": 50, "compression.type": "lz4"})
    roster.publish(producer, students(7, STUDENTS))
    size = 0
    wanted = (e for e in generate(7, students=STUDENTS) if e.topic == TOPIC)
    for event in islice(wanted, records):
        value = event.value_bytes
        size += len(value)
        while True:
            try:
                producer.produce(TOPIC, value, event.key_bytes)
                break
            except BufferError:
                producer.poll(0.1)
        producer.poll(0)
    if producer.flush(120):
        raise SystemExit("the broker did not take all records")
    return size / records


def bare(kafka: dict, records: int) -> dict:
    """A loop that does nothing: records a second, processor time for each in microseconds."""
    consumer = Consumer({**kafka, **BARE})
    consumer.assign([TopicPartition(TOPIC, p, 0) for p in range(PARTITIONS)])
    got, began, idle = 0, None, cpu_s(os.getpid())
    while got < records:
        got += len(consumer.consume(10_000, 1.0))
        began = began or time.monotonic()  # as for the sink: when the first are there
    took = time.monotonic() - began
    consumer.close()
    return {"bare_rate": got / took, "bare_cpu_us": (cpu_s(os.getpid()) - idle) / got * 1e6}


def mean(some: dict, other: dict) -> dict:
    """Of two bare loops that read the same: all records by all the time they took."""
    rate = statistics.harmonic_mean([some["bare_rate"], other["bare_rate"]])
    cpu = statistics.mean([some["bare_cpu_us"], other["bare_cpu_us"]])
    return {"bare_rate": rate, "bare_cpu_us": cpu}


def sink(kafka: dict, environment: dict, s3, records: int, number: int, format_: str) -> dict:
    """Rate and memory of one run of the sink into a bucket of its own."""
    bucket = f"bench-{number}"
    s3.create_bucket(Bucket=bucket)
    told = {
        "kafka": kafka,
        "settings": {
            "topic": TOPIC,
            "bucket": bucket,
            "group": bucket,
            "format": format_,
            "roster": roster.TOPIC,
            "drops": DROPS,
            "limits": {"records": 25_000, "age_s": 60},
        },
    }
    with tempfile.TemporaryFile("w+") as out:
        process = subprocess.Popen(
            [sys.executable, "-u", "-m", "benchmarks.sink", "--run", json.dumps(told)],
            cwd=ROOT,
            env=environment,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
        try:
            began = wait_for_start(process, out)
            idle = cpu_s(process.pid)
            while (share := visible(s3, bucket, records)) < VISIBLE:
                if time.monotonic() - began > LIMIT_S or process.poll() is not None:
                    out.seek(0)
                    raise SystemExit(f"{share:.0%} visible after {LIMIT_S} s: {out.read()[-2000:]}")
                time.sleep(0.2)
            took = time.monotonic() - began
            memory, busy = peak_mb(process.pid), cpu_s(process.pid) - idle
            process.send_signal(signal.SIGTERM)
            process.wait(120)
        finally:
            process.kill()
            process.wait()
    done = share * records
    return {"rate": done / took, "cpu_us": busy / done * 1e6, "peak_mb": memory, "visible": share}


def wait_for_start(process: subprocess.Popen, out) -> float:
    """The moment when the sink has its partitions and begins to read."""
    while b"took over {0" not in os.pread(out.fileno(), 1 << 20, 0):
        if process.poll() is not None:
            raise SystemExit(f"the sink ended: {os.pread(out.fileno(), 4000, 0).decode()}")
        time.sleep(0.005)
    return time.monotonic()


def visible(s3, bucket: str, records: int) -> float:
    """Share of the records that are in batches all of whose objects can be listed."""
    keys = [
        item["Key"]
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
        for item in page.get("Contents", [])
    ]
    there = Counter((n.partition, n.first) for n in map(parse_key, keys) if n)
    done = 0
    for key in keys:
        if key.startswith("_plans/") and key.endswith(".json"):
            if (bucket, key) not in _plans:
                body = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
                _plans[bucket, key] = Plan.from_bytes(body, key)
            plan, partition = _plans[bucket, key], key.split("/")[2]
            if there[int(partition), plan.first] == len(plan.hours):
                done += plan.end - plan.first
    return done / records


_plans: dict[tuple[str, str], Plan] = {}


def cpu_s(pid: int) -> float:
    """Processor time that a process has used, in seconds; all its threads."""
    times = psutil.Process(pid).cpu_times()
    return times.user + times.system


def peak_mb(pid: int) -> float:
    """The process's largest resident memory so far, in MB (10^6 bytes)."""
    with open(f"/proc/{pid}/status") as status:
        line = next(line for line in status if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024 / 1e6


def run(told: dict) -> None:
    """In the sink's own process."""
    import logging

    from helpers.pipeline.filters import drop
    from helpers.pipeline.sink_command import Limits, Settings
    from helpers.pipeline.sink_command import run as run_sink

    logging.basicConfig(level=logging.INFO)
    given = told["settings"]
    limits, drops = Limits(**given.pop("limits")), tuple(map(drop, given.pop("drops")))
    run_sink(Settings(**given, limits=limits, drops=drops), told["kafka"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--format", choices=("json", "parquet"), default="json")
    parser.add_argument("--run", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.run:
        return run(json.loads(args.run))
    compiled.prepare()
    with servers() as running:
        os.environ.update(running.aws)
        kafka, s3 = running.kafka, boto3.client("s3")
        size = fill(kafka, args.records)
        bare(kafka, args.records)  # the file cache is warm for both
        rounds, before = [], bare(kafka, args.records)
        for number in range(args.rounds):
            ours = sink(kafka, dict(os.environ), s3, args.records, number, args.format)
            after = bare(kafka, args.records)
            plain = mean(before, after)
            rounds.append({**plain, **ours, "ratio": ours["rate"] / plain["bare_rate"]})
            before = after
    result = {
        "records": args.records,
        "bytes_a_record": round(size, 1),
        "format": args.format,
        "rounds": [{k: round(v, 3) for k, v in r.items()} for r in rounds],
        "ratio": round(statistics.median(r["ratio"] for r in rounds), 3),
        "peak_mb": round(max(r["peak_mb"] for r in rounds), 1),
    }
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
