"""Lesson 04: how many copies are enough; the least that a reader needs to be allowed."""

from __future__ import annotations

import time

from confluent_kafka import Consumer, KafkaException, Producer, TopicCollection
from confluent_kafka.admin import (
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    NewTopic,
    ResourcePatternType,
    ResourceType,
)

from helpers.cleanup import drop_groups, drop_topics
from helpers.exercises import Verdict, blank, exercise, right, wrong

SECONDS = 30
TASK_1 = "settings = (replication factor, min.insync.replicas), two whole numbers"
TASK_2 = "rules = [AclBinding(...), ...], what the key needs to read as the panel"


@exercise("04.1")
def copies(settings, *, kafka: dict, topic: str, brokers: dict) -> Verdict:
    """Make the topic, take away one broker that holds it, then another; write each time."""
    if settings is None or settings is ...:
        return blank(TASK_1)
    factor, least = settings
    admin = AdminClient({**kafka, "log_level": 0})
    drop_topics(admin, topic)
    new = NewTopic(
        topic,
        num_partitions=1,
        replication_factor=factor,
        config={"min.insync.replicas": str(least)},
    )
    try:
        admin.create_topics([new])[topic].result(SECONDS)
        return _drill(admin, kafka, topic, brokers) if brokers else _sum(admin, topic, least)
    except KafkaException as error:
        return wrong(f"the broker refuses the topic: {error.args[0].str()}")
    finally:
        for broker in brokers.values():
            broker.start()
        drop_topics(AdminClient({**kafka, "log_level": 0}), topic)  # the old one may know the dead


def _drill(admin: AdminClient, kafka: dict, topic: str, brokers: dict) -> Verdict:
    """Whether a write is accepted with all, one less and two less of the brokers that hold it."""
    holders = _in_sync(admin, topic)
    told = [_write(kafka, topic)]
    for gone in holders[:0:-1]:  # the followers, the last first
        brokers[gone].stop()
        told.append(_write(kafka, topic))
    words = [f"{n} gone: {answer or 'accepted'}" for n, answer in enumerate(told)]
    said = f"{len(holders)} copies, {', '.join(words)}"
    good = len(told) == 3 and told[:2] == [None, None] and told[2] is not None
    return right(said) if good else wrong(said)


def _sum(admin: AdminClient, topic: str, least: int) -> Verdict:
    """On the cloud no broker can be stopped: count instead."""
    copies = len(_in_sync(admin, topic))
    said = f"{copies} copies, at least {least} in sync; no broker could be stopped here to try it"
    return right(said) if copies - 1 >= least > copies - 2 else wrong(said)


def _in_sync(admin: AdminClient, topic: str) -> list[int]:
    """The brokers that hold the only partition, its leader first, once all are in sync."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        asked = TopicCollection([topic])
        try:
            (place,) = admin.describe_topics(asked)[topic].result(SECONDS).partitions
        except KafkaException:
            continue  # a broker that has not heard of the topic yet
        if place.leader and len(place.isr) == len(place.replicas):
            others = [node.id for node in place.replicas if node.id != place.leader.id]
            return [place.leader.id, *others]
    raise TimeoutError(f"the replicas of {topic} are not in sync after {SECONDS} s")


def _write(kafka: dict, topic: str) -> str | None:
    """Send one record with acks=all, once; the error's name, None if it was acknowledged."""
    reports = []
    once = {"acks": "all", "retries": 0, "message.timeout.ms": 10_000, "log_level": 0}
    with Producer({**kafka, **once}) as producer:
        producer.produce(topic, b"mark", on_delivery=lambda error, _: reports.append(error))
        producer.flush(SECONDS)
    return reports[0].name() if reports[0] is not None else None


@exercise("04.2")
def least_rights(rules, *, kafka: dict, app: dict, topic: str, group: str) -> Verdict:
    """Apply the rules, then use the app's key: it must read the topic, and do nothing else."""
    if rules is None or rules is ...:
        return blank(TASK_2)
    if not app:
        return blank("only on a local lab of your own is there a second key to try them with")
    admin = AdminClient({**kafka, "log_level": 0})
    principal = f"User:{app['sasl.username']}"
    others = [rule for rule in rules if rule.principal != principal]
    if others:
        return wrong(f"a rule is for {others[0].principal}; the app's principal is {principal}")
    _forget(admin, principal)
    drop_topics(admin, topic)
    try:
        new = NewTopic(topic, num_partitions=1, replication_factor=-1)
        admin.create_topics([new])[topic].result(SECONDS)
        _in_sync(admin, topic)
        assert _write(kafka, topic) is None
        for future in admin.create_acls(list(rules)).values():
            future.result(SECONDS)
        return _judge(app, topic, group)
    finally:
        _forget(admin, principal)
        drop_topics(admin, topic)
        drop_groups(admin, group)


def _judge(app: dict, topic: str, group: str) -> Verdict:
    seen = _read(app, topic, group)
    if seen:
        return wrong(f"reading {topic} as {group}: {seen}")
    if _write(app, topic) is None:
        return wrong(f"the app reads {topic}, and it may also write to it: too much")
    if _read(app, topic, f"another-{group}") is None:
        return wrong("the app reads under any group's name, another team's too: too much")
    visible = set(AdminClient({**app, "log_level": 0}).list_topics(timeout=SECONDS).topics)
    if others := sorted(visible - {topic}):
        return wrong(f"the app may use other topics too, {others[0]} for one: too much")
    said = f"the app reads {topic} as {group}; writing, other groups and other topics are refused"
    return right(said)


def _read(app: dict, topic: str, group: str) -> str | None:
    """None once a record was read; otherwise the name of the error that stays for 3 s."""
    config = {"group.id": group, "auto.offset.reset": "earliest", "log_level": 0}
    last, patience = "nothing came", time.monotonic() + 3
    with Consumer({**app, **config}) as consumer:
        consumer.subscribe([topic])
        end = time.monotonic() + SECONDS
        while time.monotonic() < (patience if last != "nothing came" else end):
            message = consumer.poll(0.5)
            if message is not None and message.error() is None:
                return None
            last = message.error().name() if message is not None else last
    return last


def _forget(admin: AdminClient, principal: str) -> None:
    """Delete every rule of the principal."""
    every = AclBindingFilter(
        ResourceType.ANY,
        None,
        ResourcePatternType.ANY,
        principal,
        None,
        AclOperation.ANY,
        AclPermissionType.ANY,
    )
    for future in admin.delete_acls([every]).values():
        future.result(SECONDS)
