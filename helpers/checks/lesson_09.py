"""Lesson 09: where a restarted sink goes on; a dead letter that reaches the lake."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError
from confluent_kafka import Message

from helpers.checks.topic import read
from helpers.exercises import Verdict, blank, exercise, right, wrong

TASK_1 = "def start_of(s3, bucket, folder): ... returns the offset at which a restart goes on"
TASK_2 = "mend the mark with the comma, send it to the topic, let the sink store it"
FOLDER = "exercise-09.1"
SPOILT, GRADE = 3, 7.5  # records of the mark that the lesson itself sends; what was meant
# What a crash leaves: plans (first → end), objects (first of their batch), offsets that are right.
LEFT: list[tuple[str, dict[int, int], list[int], set[int]]] = [
    ("nothing is there yet", {}, [], {0}),
    ("everything is complete", {0: 100, 100: 137}, [0, 100], {137, 100}),
    ("the last plan has no object", {0: 100, 100: 137}, [0], {100}),
    ("one plan, without an object", {0: 100}, [], {0}),
]


@exercise("09.1")
def where_to_go_on(answer: Any, *, s3, bucket: str) -> Verdict:
    """Make folders as crashes leave them, and ask the learner's function about each."""
    if answer is None or answer is ...:
        return blank(TASK_1)
    if not isinstance(answer, Callable):
        return wrong(f"start_of is a {type(answer).__name__}; define a function of that name")
    for number, (what, plans, objects, allowed) in enumerate(LEFT):
        folder = f"{FOLDER}/{number}"
        _lay(s3, bucket, folder, plans, objects)
        said = answer(s3, bucket, folder)
        if said in allowed:
            continue
        ends = ", ".join(f"{first} to {end - 1}" for first, end in plans.items()) or "none"
        told = f"{what} (batches planned: {ends}; stored: {objects}): you say {said!r}"
        if isinstance(said, int) and said > max(allowed):
            return wrong(f"{told}, and what is before it and not stored is lost")
        if isinstance(said, int) and said in plans:
            return wrong(f"{told}: nothing is lost, but it begins again where it need not")
        return wrong(f"{told}; {min(allowed)} would be right")
    return right(f"{len(LEFT)} buckets as crashes leave them, and each goes on where it should")


def _lay(s3, bucket: str, folder: str, plans: dict[int, int], objects: list[int]) -> None:
    """Put plans and objects there; take away what an earlier check has left."""
    wanted = {f"{folder}/_plans/{first:06d}": str(end) for first, end in plans.items()}
    wanted |= {f"{folder}/data/{first:06d}.jsonl": "{}" for first in objects}
    found = s3.list_objects_v2(Bucket=bucket, Prefix=f"{folder}/").get("Contents", [])
    for item in found:
        if item["Key"] not in wanted:
            s3.delete_object(Bucket=bucket, Key=item["Key"])
    for key, body in wanted.items():
        s3.put_object(Bucket=bucket, Key=key, Body=body.encode())


@exercise("09.2")
def back_from_the_dead(_answer, *, s3, bucket: str, event_id: str, kafka, topic: str) -> Verdict:
    """Look for the event in the lake; if it is not there, at the newest record of it."""
    try:
        lake, beside = _lines(s3, bucket, event_id)
    except ClientError as error:
        return wrong(f"the lake cannot be read: {error.response['Error']['Code']}")
    records = [r for r in read(kafka, topic) if event_id.encode() in (r.value() or b"")]
    sent = {(r.partition(), r.offset()) for r in records}
    traced = [line for line in lake if _place(line) in sent and line.get("grade") == GRADE]
    if traced:
        at = "partition {}, offset {}".format(*_place(traced[0]))
        return right(f"the mark is in the lake, from {at}, with the grade {GRADE}")
    # Partitions are read in any order: across them only the time says which came last.
    tries = sorted(records, key=lambda record: record.timestamp()[1])[SPOILT:]
    if tries:
        return wrong(f"it is not in the lake: {_trouble(tries[-1])}")
    if lake or beside:
        return wrong(
            "the bucket has the mark, and no record of the topic is behind it: whoever replays "
            "the topic will not find it; send it to Kafka and let the sink store it"
        )
    return blank(TASK_2)


def _trouble(record: Message) -> str:
    """Why the newest record that was sent is not in the lake."""
    try:
        event = json.loads(record.value())
    except ValueError:
        return "what you sent is no JSON; send json.dumps(mended).encode()"
    if record.key() != event.get("student_id", "").encode():
        return f"its key is {record.key()!r}, so it is a dead letter again; send the student's"
    if event.get("grade") != GRADE:
        return f"its grade is {event.get('grade')!r}, so it is a dead letter again; it was 7,5"
    return "the topic has it, and nobody has stored it; finish(sink_for(lab.kafka, told)) does"


def _place(line: dict) -> tuple:
    return line.get("kafka_partition"), line.get("kafka_offset")


def _lines(s3, bucket: str, event_id: str) -> tuple[list[dict], list[dict]]:
    """The lines about an event: those where readers look, and those elsewhere in the bucket."""
    found: tuple[list[dict], list[dict]] = [], []
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        keys = [item["Key"] for item in page.get("Contents", [])]
        for key in keys:
            if key.startswith("_"):  # plans and receipts
                continue
            body = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
            text = gzip.decompress(body) if key.endswith(".gz") else body
            about = [json.loads(line) for line in text.splitlines() if event_id.encode() in line]
            found[not key.startswith("topic=")].extend(about)
    return found
