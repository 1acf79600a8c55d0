"""Lesson 17: the right answer for each failure; a record that kills whoever takes it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator

from confluent_kafka import KafkaError, Message, Producer, ShareConsumer
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    ResourceType,
)

from helpers.checks.topic import fresh, read
from helpers.cleanup import drop_topics
from helpers.exercises import Verdict, blank, exercise, right, wrong
from helpers.local.process import wait_until
from helpers.worker import Ended, source, start

MAILS, BUSY_ONCE, BAD_ADDRESS = 6, 2, 4
SECONDS, QUIET = 40, 2.0  # at most, altogether; and without a record: then the queue is empty
KILLER, LIVES, LIMIT = 3, 2, 5  # the mail that kills; workers it may cost; deliveries, at most
SETTINGS = {"share.auto.offset.reset": "earliest", "share.assignment.interval.ms": "0"}
SETTINGS["share.delivery.count.limit"] = str(LIMIT)
TASK_1 = "define handle(consumer, record, send), which sends a mail and answers for its record"
TASK_2 = "define careful(consumer, record, send, aside), which gives a mail two lives and no more"


@exercise("17.1")
def answer_for_each(handle, *, kafka: dict, topic: str, group: str) -> Verdict:
    """Let the learner's function handle six mails of a share group; count attempts and mails."""
    if not callable(handle):
        return blank(TASK_1)
    admin = AdminClient(kafka)
    tried: Counter[int] = Counter()
    sent: Counter[int] = Counter()
    with _group(admin, group), _topics(admin, topic):
        _fill(kafka, topic, batch=MAILS)  # so that one poll gets all
        send = _sender(tried, sent)
        _run(kafka, topic, group, lambda consumer, record: handle(consumer, record, send))
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


@exercise("17.2")
def a_mail_that_kills(careful, *, kafka: dict, topic: str, group: str) -> Verdict:
    """Let one process after the other work, for as long as they are killed; count what is where."""
    if not callable(careful):
        return blank(TASK_2)
    admin = AdminClient(kafka)
    rest = f"{topic}-apartados"
    job = {"program": source(careful), "name": careful.__name__, "rest": rest}
    job |= {"kafka": kafka, "topic": topic, "group": group}
    with _group(admin, group, _shortest(admin)), _topics(admin, topic, rest):
        _fill(kafka, topic, batch=1)
        ended: list[Ended] = []
        while len(ended) <= LIMIT and all(each.status == -signal.SIGKILL for each in ended):
            ended.append(start(serve, **job).wait(2 * SECONDS))
        aside = Counter(json.loads(record.value())["mail"] for record in read(kafka, rest))
    return _verdict(ended, aside)


def serve(kafka: dict, topic: str, group: str, rest: str, program: str, name: str) -> None:
    """In a process of its own: the learner's function, one mail at a time; print what was sent."""
    space: dict = {}
    exec(program, space)
    careful = space[name]

    report = sys.stdout

    def send(number: int) -> None:
        if number == KILLER:
            os.kill(os.getpid(), signal.SIGKILL)
        print(number, file=report, flush=True)

    # What the function itself prints is no report.
    with Producer(kafka) as producer, contextlib.redirect_stdout(sys.stderr):

        def aside(record: Message) -> None:
            producer.produce(rest, record.value())
            producer.flush(SECONDS)

        handle = lambda consumer, record: careful(consumer, record, send, aside)  # noqa: E731
        _run({**kafka, "max.poll.records": 1}, topic, group, handle)


def _verdict(ended: list[Ended], aside: Counter[int]) -> Verdict:
    sent = Counter(number for each in ended for number in each.printed)
    killed = sum(each.status == -signal.SIGKILL for each in ended)
    if ended[-1].status and ended[-1].status != -signal.SIGKILL:
        return wrong(f"a worker stopped: {ended[-1].errors.strip().splitlines()[-1]}")
    well = set(range(MAILS)) - {KILLER}
    if well & set(aside):
        return wrong(f"set aside, though nothing was wrong with them: {sorted(well & set(aside))}")
    if well - set(sent):
        return wrong(f"never sent: {sorted(well - set(sent))}")
    if killed == LIMIT:
        return wrong(
            f"mail {KILLER} killed {killed} workers, up to the group's limit, and nobody set it "
            "aside; after a SIGKILL no line of yours runs, so ask before you send"
        )
    if killed != LIVES:
        return wrong(
            f"mail {KILLER} killed {killed} and not {LIVES} workers; at the first delivery the "
            "delivery count is 1"
        )
    if not aside[KILLER]:
        return wrong(f"mail {KILLER} was ended and not set aside: nobody will ever look at it")
    if aside[KILLER] > 1:
        return wrong(
            f"mail {KILLER} was set aside {aside[KILLER]} times; the group must know that it ends"
        )
    if max(sent.values()) > 1:
        return wrong(f"sent more than once: {sorted(n for n in sent if sent[n] > 1)}")
    return right(
        f"{len(sent)} mails sent once each; mail {KILLER} killed {killed} workers and was set "
        f"aside once, at delivery {killed + 1}"
    )


@contextlib.contextmanager
def _group(admin: AdminClient, group: str, more: dict[str, str] | None = None) -> Iterator[None]:
    """The group with its settings; afterwards neither, once the sessions of the killed are over."""
    settings = SETTINGS | (more or {})
    _configure(admin, group, settings, AlterConfigOpType.SET)
    try:
        yield
    finally:
        _configure(admin, group, settings, AlterConfigOpType.DELETE)
        wait_until(lambda: _deleted(admin, group), 2 * SECONDS, every=0.25)


def _shortest(admin: AdminClient) -> dict[str, str]:
    """The shortest session that the brokers allow, in ms: a killed member counts for so long."""
    place = ConfigResource(ResourceType.BROKER, str(min(admin.list_topics(timeout=10).brokers)))
    found = admin.describe_configs([place])[place].result(SECONDS)
    least = found.get("group.share.min.session.timeout.ms")
    return {"share.session.timeout.ms": least.value} if least else {}


def _deleted(admin: AdminClient, group: str) -> bool:
    error = admin.delete_consumer_groups([group])[group].exception(SECONDS)
    return error is None or error.args[0].code() == KafkaError.GROUP_ID_NOT_FOUND


@contextlib.contextmanager
def _topics(admin: AdminClient, *topics: str) -> Iterator[None]:
    """New topics with one partition each; gone afterwards."""
    try:
        for topic in topics:
            fresh(admin, topic)
        yield
    finally:
        drop_topics(admin, *topics)


def _configure(
    admin: AdminClient, group: str, settings: dict[str, str], operation: AlterConfigOpType
) -> None:
    place = ConfigResource(ResourceType.GROUP, group)
    for name, value in settings.items():
        place.add_incremental_config(ConfigEntry(name, value, incremental_operation=operation))
    admin.incremental_alter_configs([place])[place].result(SECONDS)


def _fill(kafka: dict, topic: str, batch: int) -> None:
    """The mails, so many in a record batch."""
    with Producer({**kafka, "batch.num.messages": batch, "linger.ms": 1000}) as producer:
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


def _run(kafka: dict, topic: str, group: str, handle: Callable) -> None:
    """Poll until nothing has come for a while; the first record may take its time."""
    own = {"group.id": group, "share.acknowledgement.mode": "explicit", "log_level": 3}
    deadline = time.monotonic() + SECONDS
    last = 0.0
    with ShareConsumer({**kafka, **own}) as consumer:
        consumer.subscribe([topic])
        while time.monotonic() < deadline and (not last or time.monotonic() - last < QUIET):
            for record in consumer.poll(0.2):
                handle(consumer, record)
                last = time.monotonic()
            consumer.commit_sync(10.0)
