"""The live view of a group tells who has what, for both protocols, and ends by itself."""

from __future__ import annotations

import threading
import time

import pytest
from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient, NewTopic

from helpers.lab import start_lab
from helpers.show.group import RUNNING, GroupView


@pytest.fixture(scope="module")
def lab():
    lab = start_lab(own=True, quiet=True)
    admin = AdminClient(lab.kafka)  # kept: its futures end with it
    admin.create_topics([NewTopic("t", 2)])["t"].result(10)
    producer = Producer(lab.kafka)
    for number in range(10):
        producer.produce("t", value=str(number), partition=number % 2)
    assert producer.flush(10) == 0
    yield lab
    lab.stop()


def becomes(view: GroupView, condition, seconds: float = 20) -> bool:
    deadline = time.monotonic() + seconds
    while not condition(view.seen) and time.monotonic() < deadline:
        time.sleep(0.02)
    return condition(view.seen)


def member(lab, group: str, name: str, protocol: str) -> Consumer:
    config = {"group.id": group, "client.id": name, "group.protocol": protocol}
    rest = {"auto.offset.reset": "earliest", "enable.auto.commit": False}
    consumer = Consumer({**lab.kafka, **config, **rest})
    consumer.subscribe(["t"])
    return consumer


@pytest.mark.parametrize("protocol", ["classic", "consumer"])
def test_members_partitions_and_lag(lab, protocol):
    group = f"g-{protocol}"
    view = GroupView(lab.kafka, group, "t", seconds=60, pace=0.1)
    assert becomes(view, lambda seen: seen.state == "dead"), (
        "a group that is not there yet is no error"
    )
    consumer = member(lab, group, "<b>ana</b>", protocol)
    deadline = time.monotonic() + 30
    record = None
    while record is None and time.monotonic() < deadline:
        record = consumer.poll(0.2)
    assert becomes(view, lambda seen: seen.members == {"<b>ana</b>": [0, 1]})
    assert set(view.seen.lag.values()) == {None}, "nothing committed yet"
    consumer.commit(message=record, asynchronous=False)
    assert becomes(view, lambda seen: seen.lag[record.partition()] == 4)
    assert view.seen.kind == protocol
    consumer.close()
    assert becomes(view, lambda seen: seen.state == "empty")
    view.stop()
    view.stop()
    assert "nobody" in view.value
    assert "stopped" in view.value
    assert "<b>ana" not in view.value, "what a client calls itself is not markup"
    assert repr(view) == f"a live view of the group {group}: run this cell to see it"


def test_a_member_without_a_partition_is_shown(lab):
    first, second, third = (member(lab, "g-3", name, "consumer") for name in "abc")
    view = GroupView(lab.kafka, "g-3", "t", pace=0.1)
    deadline = time.monotonic() + 30
    shares: list[int] = []
    while shares != [0, 1, 1] and time.monotonic() < deadline:
        for consumer in (first, second, third):
            consumer.poll(0.05)
        shares = sorted(len(has) for has in view.seen.members.values())
    assert shares == [0, 1, 1]
    view.stop()
    assert ">none<" in view.value
    for consumer in (first, second, third):
        consumer.close()


def test_it_ends_when_its_time_is_up(lab):
    view = GroupView(lab.kafka, "g-time", "t", seconds=0.2)
    view._thread.join(10)
    assert "its time was up" in view.value
    assert not becomes(view, lambda seen: seen.state == "stable", seconds=0.1)


def test_a_second_view_of_a_group_ends_the_first(lab):
    first = GroupView(lab.kafka, "g-twice", "t")
    second = GroupView(lab.kafka, "g-twice", "t")
    assert not first._thread.is_alive()
    assert second._thread.is_alive()
    second.stop()
    assert "g-twice" not in RUNNING
    assert not [t for t in threading.enumerate() if t.name == "group g-twice"]


def test_a_topic_that_is_not_there_has_no_partition(lab):
    view = GroupView(lab.kafka, "g-none", "no-such-topic", pace=0.1)
    assert becomes(view, lambda seen: seen.state == "dead" and seen.lag == {})
    view.stop()


def test_it_goes_on_when_the_broker_does_not_answer_and_ends_when_told(lab, monkeypatch):
    monkeypatch.setattr("helpers.show.group.SECONDS", 1)
    view = GroupView(lab.kafka, "g-pause", "t", pace=0.1)
    assert becomes(view, lambda seen: seen.state == "dead", seconds=10)
    lab.brokers[1].pause()
    deadline = time.monotonic() + 20
    while "· no answer" not in view.value and "KafkaError" not in view.value:
        assert time.monotonic() < deadline, view.value
    lab.brokers[1].resume()
    view.stop()
    assert not view._thread.is_alive()
