"""The live tail ends by itself, sees what comes, and leaves no trace in the cluster."""

from __future__ import annotations

import threading

import pytest
from confluent_kafka import KafkaException, Producer
from confluent_kafka.admin import AdminClient, NewTopic

from helpers.lab import start_lab
from helpers.show.tail import Tail


@pytest.fixture(scope="module")
def lab():
    lab = start_lab(own=True, quiet=True)
    admin = AdminClient(lab.kafka)  # kept: its futures end with it
    admin.create_topics([NewTopic("t", 3)])["t"].result(10)
    yield lab
    lab.stop()


def send(lab, *values: bytes | None) -> None:
    producer = Producer(lab.kafka)
    for number, value in enumerate(values):
        producer.produce("t", key=str(number), value=value)
    assert producer.flush(10) == 0


def test_it_starts_at_the_end_shows_what_comes_and_stops_when_full(lab):
    send(lab, b"before")
    view = Tail(lab.kafka, "t", records=4, seconds=30, pace=0)
    send(lab, b'{"type": "login", "name": "<b>Ana</b>"}', None, b"\xff not JSON", b"[1]")
    assert view.wait(4) == 4
    view._thread.join(5)
    assert "ended after 4 records" in view.value
    assert "before" not in view.value
    assert "<b>Ana" not in view.value, "what students write is not markup"
    assert view not in Tail.running.values()


def test_it_reads_from_the_start_if_asked(lab):
    send(lab, b"x")
    view = Tail(lab.kafka, "t", seconds=30, from_start=True, pace=0)
    assert view.wait(1) >= 1
    view.stop()
    assert "stopped" in view.value


def test_it_ends_when_its_time_is_up_and_wait_does_not_hang(lab):
    view = Tail(lab.kafka, "t", seconds=0.3)
    assert view.wait(99) == 0
    view._thread.join(5)
    assert "its time was up" in view.value


def test_a_second_tail_of_a_topic_ends_the_first(lab):
    first = Tail(lab.kafka, "t")
    second = Tail(lab.kafka, "t")
    assert not first._thread.is_alive()
    assert second._thread.is_alive()
    second.stop()
    second.stop()


def test_it_joins_no_group(lab):
    view = Tail(lab.kafka, "t", from_start=True, pace=0)
    view.wait(1)
    view.stop()
    admin = AdminClient(lab.kafka)
    assert admin.list_consumer_groups().result(10).valid == []


def test_a_topic_that_is_not_there(lab):
    with pytest.raises(KafkaException, match="UNKNOWN_TOPIC"):
        Tail(lab.kafka, "no-such-topic")
    assert "no-such-topic" not in Tail.running
    assert not [t for t in threading.enumerate() if t.name == "tail no-such-topic"]
