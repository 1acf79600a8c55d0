"""Lesson 02: order that survives several workers; keys that part when partitions are added."""

from __future__ import annotations

import json
from collections import defaultdict

from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient

from helpers.checks.topic import fresh, read
from helpers.cleanup import drop_topics
from helpers.exercises import Verdict, blank, exercise, right, wrong

WORKERS = 4
SECONDS = 20
TASK_1 = "create the topic, then send every order to it as JSON with the key that you chose"
TASK_2 = "pair = two student ids, for instance ('E100000', 'E100001')"


@exercise("02.1")
def orders_in_order(_answer, *, topic: str, orders: list[dict], kafka: dict) -> Verdict:
    """Read the topic: every order there, each customer's in order, work for four workers."""
    admin = AdminClient(kafka)
    found = admin.list_topics(timeout=10).topics.get(topic)
    if found is None:
        return blank(TASK_1)
    count = len(found.partitions)
    records = read(kafka, topic)
    if not records:
        return wrong(f"{topic} exists with {count} partition(s) and holds no record; send orders")
    try:
        told = [json.loads(record.value()) for record in records]
        missing = {order["order"] for order in orders} - {order["order"] for order in told}
    except (ValueError, TypeError, KeyError):
        return wrong("a record's value is not an order as JSON; send json.dumps(order).encode()")
    if missing or len(told) != len(orders):
        return wrong(
            f"{len(told)} records for {len(orders)} orders ({len(missing)} orders are missing); "
            "create the topic anew and send each order once"
        )
    homes = defaultdict(set)
    busy = set()
    for record, order in zip(records, told, strict=True):
        homes[order["customer"]].add(record.partition())
        busy.add(record.partition())
    scattered = sorted(customer for customer, places in homes.items() if len(places) > 1)
    if scattered:
        return wrong(
            f"{scattered[0]}'s orders lie in {len(homes[scattered[0]])} partitions, so several "
            f"workers take them at once (so for {len(scattered)} customers); which key keeps them?"
        )
    if count < WORKERS:
        return wrong(f"{count} partition(s): {WORKERS - count} of {WORKERS} workers stand idle")
    if len(busy) < WORKERS:
        return wrong(
            f"only {len(busy)} of {count} partitions hold orders, {WORKERS} workers want work; "
            "the key has too few different values, or the topic too few partitions"
        )
    return right(
        f"{len(told)} orders in {len(busy)} of {count} partitions, each of the {len(homes)} "
        f"customers in one of them: {WORKERS} workers can share them and keep every order"
    )


@exercise("02.2")
def part_company(pair, *, topic: str, kafka: dict) -> Verdict:
    """Send both ids to a topic with 6 partitions and to one with 8, and look where they land."""
    if pair is None or pair is ...:
        return blank(TASK_2)
    first, second = (key.decode() if isinstance(key, bytes) else str(key) for key in pair)
    if first == second:
        return wrong(f"{first} twice: the same key always lands in the same partition")
    admin = AdminClient(kafka)
    names = {count: f"{topic}-{count}" for count in (6, 8)}
    try:
        landed = {n: _land(admin, kafka, name, n, (first, second)) for n, name in names.items()}
    finally:
        drop_topics(admin, *names.values())
    told = "; ".join(
        f"of {count} partitions {first} took {at[first]}, {second} took {at[second]}"
        for count, at in landed.items()
    )
    together = {count: at[first] == at[second] for count, at in landed.items()}
    return right(told) if together == {6: True, 8: False} else wrong(told)


def _land(admin: AdminClient, kafka: dict, topic: str, count: int, keys) -> dict[str, int]:
    """The partition that the broker confirmed for each key, in a new topic of `count`."""
    fresh(admin, topic, count)
    landed: dict[str, int] = {}

    def report(error, record):
        if error is None:
            landed[record.key().decode()] = record.partition()

    with Producer(kafka) as producer:
        for key in keys:
            producer.produce(topic, key=key.encode(), on_delivery=report)
        producer.flush(SECONDS)
    return landed
