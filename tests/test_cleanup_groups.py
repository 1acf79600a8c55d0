"""drop_groups: those that exist, also when a member's session is not over yet."""

from __future__ import annotations

import time

import pytest
from confluent_kafka import Consumer, KafkaException, TopicPartition

from helpers import cleanup
from helpers.checks.topic import fresh

TOPIC = "cleanup-groups"


@pytest.fixture(scope="module")
def consumer(lab, admin):
    """consumer(group, **config) has joined and committed."""
    fresh(admin, TOPIC)
    made = []

    def join(group: str, **config) -> Consumer:
        settings = {"group.id": group, "session.timeout.ms": 6000, "enable.auto.commit": False}
        made.append(Consumer({**lab.kafka, **settings, **config}))
        made[-1].subscribe([TOPIC])
        deadline = time.monotonic() + 30
        while not made[-1].assignment() and time.monotonic() < deadline:
            made[-1].poll(0.1)
        made[-1].commit(offsets=[TopicPartition(TOPIC, 0, 0)], asynchronous=False)
        return made[-1]

    return join


def test_those_that_exist_and_no_others(consumer, admin):
    consumer("one").close()
    assert cleanup.drop_groups(admin, "one", "nobody") == ["one"]
    assert cleanup.drop_groups(admin, "one", "nobody") == []


def test_a_static_member_is_waited_for(consumer, admin):
    consumer("static", **{"group.instance.id": "a"}).close()  # which does not leave the group
    consumer("plain").close()
    assert cleanup.drop_groups(admin, "static", "plain") == ["plain", "static"]


def test_a_group_at_work_is_left_and_said(consumer, admin, monkeypatch):
    working = consumer("working")
    monkeypatch.setattr(cleanup, "SECONDS", 1)
    with pytest.raises(KafkaException, match="NON_EMPTY_GROUP"):
        cleanup.drop_groups(admin, "working")
    monkeypatch.undo()
    working.close()
    assert cleanup.drop_groups(admin, "working") == ["working"]
