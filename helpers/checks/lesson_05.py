"""Lesson 05: through a narrow queue without loss or repetition; knowing what did not arrive."""

from __future__ import annotations

from collections import Counter

from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient

from helpers.checks.topic import fresh, read
from helpers.exercises import Verdict, blank, exercise, right, wrong

SECONDS = 30
VALUES = 500
TASK_1 = "deliver = a function of (producer, topic, values); the lesson's `send` shows the loop"
TASK_2 = "undelivered = a function of (producer, topic, records) that returns a set of keys"
LIMIT = 2000  # max.message.bytes of the topic of 05.2


@exercise("05.1")
def narrow_queue(deliver, *, admin: AdminClient, kafka: dict, topic: str) -> Verdict:
    """Let the answer send 500 values through a queue of 20, then read the topic."""
    if deliver is None or deliver is ...:
        return blank(TASK_1)
    if not callable(deliver):
        return wrong(f"deliver is {type(deliver).__name__}, not a function: def deliver(...)")
    fresh(admin, topic)
    acknowledged: list[bool] = []
    config = {
        "queue.buffering.max.messages": 20,
        "on_delivery": lambda error, _: acknowledged.append(error is None),
        "log_level": 0,
    }
    values = [f"value {number}" for number in range(VALUES)]
    producer = Producer({**kafka, **config})
    deliver(producer, topic, list(values))
    waiting = len(producer)
    producer.flush(SECONDS)
    found = Counter(record.value().decode() for record in read(kafka, topic))
    missing = [value for value in values if not found[value]]
    twice = [value for value in found if found[value] > 1]
    if missing:
        return wrong(
            f"{len(missing)} of {VALUES} values are not in the topic; a BufferError means that "
            "produce() did not take the record: make room with poll and produce it again"
        )
    if twice:
        return wrong(
            f"{len(twice)} values are in the topic more than once, {twice[0]!r} {found[twice[0]]} "
            "times; after a BufferError produce only the record that was refused"
        )
    if waiting:
        return wrong(
            "all arrived, but only because the check flushed: when deliver returned, the producer "
            "still had records or reports of them; flush before you return"
        )
    return right(f"{VALUES} values through a queue of 20: each in the topic once, none waiting")


@exercise("05.2")
def say_which_are_missing(undelivered, *, admin: AdminClient, kafka: dict, topic: str) -> Verdict:
    """Send records of three sizes, compare what the answer calls missing with the topic."""
    if undelivered is None or undelivered is ...:
        return blank(TASK_2)
    if not callable(undelivered):
        return wrong(f"undelivered is {type(undelivered).__name__}, not a function: def ...")
    fresh(admin, topic, config={"max.message.bytes": str(LIMIT)})
    sizes = {f"E1{number:05d}": (100, 5_000, 100, 2_000_000)[number % 4] for number in range(24)}
    records = {key: "x" * size for key, size in sizes.items()}
    # One record a batch: a large one would take its neighbours with it.
    producer = Producer({**kafka, "batch.num.messages": 1, "log_level": 0})
    told = undelivered(producer, topic, dict(records))
    producer.flush(SECONDS)
    truth = set(records) - {record.key().decode() for record in read(kafka, topic)}
    if not isinstance(told, set | frozenset | list | tuple):
        return wrong(f"undelivered returned {told!r}, not a set of keys")
    named = {key.decode() if isinstance(key, bytes) else key for key in told}
    overlooked, accused = sorted(truth - named), sorted(named - truth)
    if overlooked:
        size = max(sizes[key] for key in overlooked)
        where = (
            "produce() raised for it"
            if size > 1_000_000
            else "produce() took it and its delivery report brought the error later"
        )
        return wrong(
            f"{len(overlooked)} missing records are not in your set, one of {size:,} bytes: {where}"
        )
    if accused:
        return wrong(f"{len(accused)} records in your set are in the topic, {accused[0]} for one")
    return right(f"{len(truth)} of {len(records)} records are missing, and you named every one")
