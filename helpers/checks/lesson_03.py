"""The checks of lesson 03: a topic that keeps the latest mark, and records counted in a segment."""

from __future__ import annotations

import struct
import time
from collections.abc import Callable
from typing import Any

from confluent_kafka import (
    KafkaError,
    KafkaException,
    Producer,
)
from confluent_kafka.admin import AdminClient, ConfigResource, ResourceType

from helpers.checks.topic import fresh, read
from helpers.exercises import Verdict, blank, exercise, right, wrong

DAY = 86_460_000  # and a minute: a segment ends when it is older than segment.ms, not as old
MONDAY = 1_756_713_600_000  # 2025-09-01 08:00 UTC, in milliseconds
# Each day has more than twice the records of the one before: whenever the cleaner comes in between,
# more than half of what it finds later is new, which is Kafka's default for cleaning again.
DAYS = (
    "ana=5 luis=6",
    "luis=4 ana=7 eva=6 luis=5 ana=6",
    "eva=7 ana=8 luis=7 eva=9 luis=6 ana=7 eva=8 luis=8 ana=9 luis=5 eva=8 luis=4",
)
LATEST = dict(pair.split("=") for day in DAYS for pair in day.split())
SECONDS = 15  # the lab's cleaner looks for work twice a second


@exercise("03.1")
def latest_mark(settings: Any, *, admin: AdminClient, kafka: dict, topic: str) -> Verdict:
    """Create the topic with the learner's settings, write three days of marks, see what stays."""
    if settings is None or settings is ...:
        return blank("put the settings of the topic into `settings`, a dict of strings")
    if not isinstance(settings, dict):
        return wrong(f"settings is a {type(settings).__name__}; it should be a dict of strings")
    try:
        fresh(admin, topic, config=settings)
    except KafkaException as error:
        return wrong(f"the broker refuses these settings: {error.args[0].str()}")
    live = _settings(admin, topic)
    if "compact" not in live["cleanup.policy"].value:
        policy = live["cleanup.policy"].value
        return wrong(f"cleanup.policy is {policy!r}: it deletes by age or size, whatever the key")
    _write(kafka, topic)
    if not _settles(kafka, topic, LATEST):
        found = _marks(kafka, topic)
        if lost := sorted(set(LATEST) - {key for key, _ in found}):
            return wrong(f"no mark of {', '.join(lost)} is left: something deletes by age or size")
        return wrong(
            f"{len(found)} records are still there after {SECONDS} s for {len(LATEST)} students: "
            "the cleaner never touches the active segment, and all these days are in it"
        )
    return right(f"the topic holds one mark for each student: {LATEST}")


def _settings(admin: AdminClient, topic: str) -> dict:
    """The topic's settings. A broker may hear of a new topic after its creation was confirmed."""
    resource = ConfigResource(ResourceType.TOPIC, topic)
    deadline = time.monotonic() + SECONDS
    while True:
        try:
            return admin.describe_configs([resource])[resource].result(30)
        except KafkaException as error:
            unknown = error.args[0].code() == KafkaError.UNKNOWN_TOPIC_OR_PART
            if not unknown or time.monotonic() > deadline:
                raise


def _write(kafka: dict, topic: str) -> None:
    """Three days of marks, record by record; then one of `zoe`, whose day is the active segment."""
    producer = Producer(kafka)
    for number, day in enumerate((*DAYS, "zoe=7")):
        for pair in day.split():
            student, mark = pair.split("=")
            when = MONDAY + number * DAY
            producer.produce(topic, key=student, value=mark, partition=0, timestamp=when)
            producer.flush(30)


def _settles(kafka: dict, topic: str, wanted: dict[str, str]) -> bool:
    """Whether, within the time, each of the `wanted` keys has exactly its latest value."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        found = [pair for pair in _marks(kafka, topic) if pair[0] in wanted]
        if sorted(found) == sorted(wanted.items()):
            return True
    return False


def _marks(kafka: dict, topic: str) -> list[tuple[str, str]]:
    """(key, value) of every record."""
    return [(record.key().decode(), record.value().decode()) for record in read(kafka, topic)]


def _batch(base: int, span: int, records: int, body: int) -> bytes:
    """A batch header over `body` bytes: `records` left of what were `span` offsets."""
    times = (MONDAY, MONDAY, -1, -1, -1)
    header = struct.pack(">qiibIhiqqqhii", base, 49 + body, 0, 2, 0, 0, span - 1, *times, records)
    return header + bytes(body)


@exercise("03.2")
def records_in_segment(count: Any, *, log: bytes, records: int) -> Verdict:
    """Call the learner's function on a segment as compaction leaves it, and on a live one."""
    if count is None or count is ... or not isinstance(count, Callable):
        return blank("define count_records(data), which returns the number of records in `data`")
    if count(b"") is None:
        return blank("count_records(data) returns nothing yet; return a number")
    batches = [(0, 4, 1, 30), (4, 3, 3, 90), (9, 6, 2, 50)]  # compaction took seven records
    made = b"".join(_batch(*batch) for batch in batches)
    for what, data, wanted in (("a compacted segment", made, 6), ("your log", log, records)):
        got = count(data)
        if got != wanted:
            hint = {3: "that is the number of batches", 13: "those are the offsets it spans"}
            said = f" ({hint[got]})" if data is made and got in hint else ""
            return wrong(f"in {what} it counts {got}{said}; there are {wanted} records")
    return right(f"6 records in a compacted segment of 3 batches, {records} in your log")
