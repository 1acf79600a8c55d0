"""Lesson 17: an answer for every record of a share group, the right one for each failure."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable

from confluent_kafka import Producer, ShareConsumer
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    ResourceType,
)

from helpers.checks.topic import fresh
from helpers.cleanup import drop_topics
from helpers.exercises import Verdict, blank, exercise, right, wrong

MAILS, BUSY_ONCE, BAD_ADDRESS = 6, 2, 4
SECONDS, QUIET = 40, 2.0  # at most, altogether; and without a record: then the queue is empty
SETTINGS = {"share.auto.offset.reset": "earliest", "share.assignment.interval.ms": "0"}
TASK = "define handle(consumer, record, send), which sends a mail and answers for its record"


@exercise("17.1")
def answer_for_each(handle, *, kafka: dict, topic: str, group: str) -> Verdict:
    """Let the learner's function handle six mails of a share group; count attempts and mails."""
    if not callable(handle):
        return blank(TASK)
    admin = AdminClient(kafka)
    _configure(admin, group, AlterConfigOpType.SET)
    tried: Counter[int] = Counter()
    sent: Counter[int] = Counter()
    try:
        _fill(admin, kafka, topic)
        _run(kafka, topic, group, handle, _sender(tried, sent))
    finally:
        drop_topics(admin, topic)
        _configure(admin, group, AlterConfigOpType.DELETE)
        admin.delete_consumer_groups([group])[group].exception(SECONDS)
    return _judge(tried, sent)


def _judge(tried: Counter[int], sent: Counter[int]) -> Verdict:
    if not tried:
        return wrong("send was never called: does handle(consumer, record, send) send the mail?")
    lost = sorted(set(range(MAILS)) - {BAD_ADDRESS} - set(sent))
    twice = sorted(number for number, times in sent.items() if times > 1)
    if lost:
        return wrong(f"never sent: {lost}; a busy server is no reason to end a record's life")
    if tried[BAD_ADDRESS] > 1:
        return wrong(
            f"mail {BAD_ADDRESS} was tried {tried[BAD_ADDRESS]} times; a wrong address stays wrong"
        )
    if twice:
        return wrong(f"sent more than once: {twice}; what was sent is done: accept it")
    return right(
        f"{len(sent)} mails sent once each, mail {BUSY_ONCE} at the {tried[BUSY_ONCE]}nd attempt, "
        f"mail {BAD_ADDRESS} tried once and ended"
    )


def _configure(admin: AdminClient, group: str, operation: AlterConfigOpType) -> None:
    place = ConfigResource(ResourceType.GROUP, group)
    for name, value in SETTINGS.items():
        place.add_incremental_config(ConfigEntry(name, value, incremental_operation=operation))
    admin.incremental_alter_configs([place])[place].result(SECONDS)


def _fill(admin: AdminClient, kafka: dict, topic: str) -> None:
    """A new topic with one partition, in it the mails; one batch, so that one poll gets all."""
    fresh(admin, topic)
    with Producer({**kafka, "batch.num.messages": MAILS, "linger.ms": 1000}) as producer:
        for number in range(MAILS):
            producer.produce(topic, json.dumps({"mail": number}), partition=0)
        producer.flush(SECONDS)


def _sender(tried: Counter[int], sent: Counter[int]) -> Callable[[int], None]:
    def send(number: int) -> None:
        tried[number] += 1
        if number == BUSY_ONCE and tried[number] == 1:
            raise ConnectionError("the mail server is busy")
        if number == BAD_ADDRESS:
            raise ValueError("no such address")
        sent[number] += 1

    return send


def _run(kafka: dict, topic: str, group: str, handle: Callable, send: Callable) -> None:
    """Poll until nothing has come for a while; the first record may take its time."""
    own = {"group.id": group, "share.acknowledgement.mode": "explicit", "log_level": 3}
    deadline = time.monotonic() + SECONDS
    last = 0.0
    with ShareConsumer({**kafka, **own}) as consumer:
        consumer.subscribe([topic])
        while time.monotonic() < deadline and (not last or time.monotonic() - last < QUIET):
            for record in consumer.poll(0.2):
                handle(consumer, record, send)
                last = time.monotonic()
            consumer.commit_sync(10.0)
