"""Lesson 06: a loop that loses nothing; a group that reads again from a moment on."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable

from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from helpers.checks.topic import fresh
from helpers.cleanup import drop_groups, drop_topics
from helpers.exercises import Verdict, blank, exercise, right, wrong

RECORDS, BREAKS_AT = 20, 7
SECONDS = 30
TASK_1 = "settings = a dict for the consumer; step(consumer, handle) polls once and keeps the place"
TASK_2 = "define rewind(group, topic, moment), which moves the group's bookmarks"


class Broken(Exception):
    """What the check's handler raises once."""


@exercise("06.1")
def lose_nothing(answer, *, kafka: dict, topic: str, group: str) -> Verdict:
    """Let the learner's consumer meet a record that fails once; count, and ask for the bookmark."""
    settings, step = answer
    if settings is ... or settings is None or not callable(step):
        return blank(TASK_1)
    admin = AdminClient(kafka)
    drop_groups(admin, group)
    _fill(admin, kafka, topic)
    config = {**kafka, "group.id": group, "auto.offset.reset": "earliest", **settings}
    try:
        seen: list[int] = []
        _run(config, topic, step, _handler(seen, breaks=True), seen)
        first = len(seen)
        _run(config, topic, step, _handler(seen, breaks=False), seen)
        [bookmark] = _bookmarks(kafka, group, topic, 1)
    finally:
        drop_topics(admin, topic)
        drop_groups(admin, group)
    if not seen:
        return wrong("not one record was handled: does step(consumer, handle) poll, and handle?")
    lost = sorted(set(range(RECORDS)) - set(seen))
    if first != BREAKS_AT or lost:
        return wrong(
            f"handled {sorted(set(seen))}, lost {lost}: when handle broke at record {BREAKS_AT}, "
            "the place after it was stored or committed already"
        )
    if bookmark != RECORDS:
        found = "no bookmark" if bookmark < 0 else f"bookmark {bookmark}"
        return wrong(f"all handled, but {found}: the next record to read is {RECORDS}")
    twice = sorted(offset for offset, times in Counter(seen).items() if times > 1)
    return right(f"{RECORDS} of {RECORDS} records handled, twice {twice}, bookmark {bookmark}")


@exercise("06.2")
def read_again_from(rewind, *, kafka: dict, topic: str, group: str, moment: int) -> Verdict:
    """A group at the end of every partition is to be moved to the first records of `moment`."""
    if rewind is ... or rewind is None:
        return blank(TASK_2)
    admin = AdminClient(kafka)
    count = len(admin.list_topics(topic, timeout=SECONDS).topics[topic].partitions)
    at_end = _ask(admin, topic, count, OffsetSpec.latest())
    wanted = _ask(admin, topic, count, OffsetSpec.for_timestamp(moment))
    wanted = [end if offset < 0 else offset for offset, end in zip(wanted, at_end, strict=True)]
    drop_groups(admin, group)
    with Consumer({**kafka, "group.id": group, "enable.auto.commit": False}) as consumer:
        places = [TopicPartition(topic, number, end) for number, end in enumerate(at_end)]
        consumer.commit(offsets=places, asynchronous=False)
    rewind(group, topic, moment)
    found = _bookmarks(kafka, group, topic, count)
    if found == wanted:
        return right(f"{sum(at_end) - sum(found)} records in {count} partitions will be read again")
    if found == at_end:
        return wrong("the bookmarks are where they were, at the end: nothing moved the group's own")
    off = [number for number in range(count) if found[number] != wanted[number]]
    return wrong(
        f"the bookmark is not the first offset of that moment in partition(s) {off}; "
        f"in partition {off[0]} it is {found[off[0]]}, not {wanted[off[0]]}"
    )


def _fill(admin: AdminClient, kafka: dict, topic: str) -> None:
    fresh(admin, topic)
    producer = Producer(kafka)
    for number in range(RECORDS):
        producer.produce(topic, value=str(number))
    producer.flush(SECONDS)


def _handler(seen: list[int], *, breaks: bool) -> Callable:
    def handle(record) -> None:
        if breaks and record.offset() == BREAKS_AT:
            raise Broken
        seen.append(record.offset())

    return handle


def _run(config: dict, topic: str, step: Callable, handle: Callable, seen: list[int]) -> None:
    """One life of the consumer: until its handler breaks, or the last record was handled."""
    deadline = time.monotonic() + SECONDS
    with Consumer(config) as consumer:
        consumer.subscribe([topic])
        try:
            while RECORDS - 1 not in seen and time.monotonic() < deadline:
                step(consumer, handle)
        except Broken:
            pass


def _bookmarks(kafka: dict, group: str, topic: str, count: int) -> list[int]:
    with Consumer({**kafka, "group.id": group}) as consumer:
        places = [TopicPartition(topic, number) for number in range(count)]
        return [at.offset for at in consumer.committed(places, timeout=SECONDS)]


def _ask(admin: AdminClient, topic: str, count: int, spec: OffsetSpec) -> list[int]:
    asked = {TopicPartition(topic, number): spec for number in range(count)}
    answers = {at.partition: future for at, future in admin.list_offsets(asked).items()}
    return [answers[number].result(SECONDS).offset for number in range(count)]
