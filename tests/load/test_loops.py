"""Open and closed loops against a live broker, a paused one, an interrupt, a full queue."""

from __future__ import annotations

import os
import signal
import threading
import time
from contextlib import contextmanager

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import NewTopic

from helpers.errors import LabError
from helpers.load import Reader, Result, closed_loop, constant, many, open_loop, step

STALL_S = 0.8


@pytest.fixture
def topic(admin, request):
    """A topic for one test; three partitions."""
    name = request.node.name.split("[")[0]
    admin.create_topics([NewTopic(name, 3)])[name].result(30)
    return name


@pytest.fixture
def settings(lab):
    return {**lab.kafka, "linger.ms": 1, "log_level": 0}


@contextmanager
def at(seconds: float, *actions):
    """Do things later, each `seconds` after the last, in a thread that has ended after the block."""

    def work():
        for action in actions:
            time.sleep(seconds)
            action()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        thread.join()


def end(kafka: dict, topic: str) -> int:
    """Records in the topic."""
    consumer = Consumer({**kafka, "group.id": "ends"})
    marks = [consumer.get_watermark_offsets(TopicPartition(topic, p), timeout=10) for p in range(3)]
    consumer.close()
    return sum(high - low for low, high in marks)


def test_sends_each_record_when_it_is_due(lab, topic, settings):
    found = open_loop(settings, topic, step(300, 900, 1.2), 100, interval=0.6, name="a step")
    assert found.scheduled == found.sent == found.acknowledged == end(lab.kafka, topic) == 720
    assert not found.errors
    assert not found.unanswered
    assert found.latency.count == found.service.count == found.lateness.count == 720
    assert list(found.intervals.due[:2]) == [180, 540]
    assert found.intervals.sent.sum() == found.intervals.acknowledged.sum() == 720
    assert found.seconds > 1.1
    assert found.latency.percentile(50) >= found.service.percentile(50)
    again = Result.from_bytes(found.to_bytes())
    assert again.summary() == found.summary()
    assert again.intervals.equals(found.intervals)
    twice = found.merge(again)
    assert twice.latency == found.latency.merge(found.latency)
    assert (twice.intervals.sent == 2 * found.intervals.sent).all()


def test_a_stall_shows_in_the_open_loop_only(lab, topic, settings):
    broker = lab.brokers[1]
    with at(STALL_S, broker.pause, broker.resume):
        opened = open_loop(settings, topic, constant(500, 2))
    # 2 s or more, and one record of 300 waits: less than 1% of them
    with at(STALL_S, broker.pause, broker.resume):
        closed = closed_loop(settings, topic, records=300, rate=150)
    assert opened.acknowledged == opened.sent == 1_000
    assert closed.acknowledged == 300
    assert opened.latency.percentile(99) > 0.7 * STALL_S * 1e6
    assert closed.latency.max > 0.7 * STALL_S * 1e6  # it was stalled as well
    assert closed.latency.percentile(99) < 0.5 * opened.latency.percentile(99)


def test_stamps_are_read_by_a_consumer_of_its_own(lab, topic, settings):
    with Reader(lab.kafka, topic) as reader:
        found = open_loop(settings, topic, constant(800, 0.5), 64, stamp=True)
        seen = reader.until(400, 20)
    assert seen.count == reader.read == found.acknowledged == 400
    assert 0 < seen.min <= seen.max < 20e6


def test_places_are_those_of_the_log(lab, topic, settings):
    found = open_loop(
        settings,
        topic,
        constant(200, 1),
        lambda n: b"%d" % n,
        key=lambda n: b"%d" % (n % 7),
        places=True,
    )
    consumer = Consumer({**lab.kafka, "group.id": "places"})
    consumer.assign([TopicPartition(topic, number, 0) for number in range(3)])
    read = {}
    while len(read) < 200 and (batch := consumer.consume(200, 5)):
        read |= {(m.partition(), m.offset()): (int(m.value()), m.key()) for m in batch}
    consumer.close()
    columns = found.places[["partition", "offset", "index"]].to_numpy().tolist()
    assert {(p, offset): (n, b"%d" % (n % 7)) for p, offset, n in columns} == read


def test_an_interrupt_leaves_a_valid_result(lab, topic, settings):
    before = signal.getsignal(signal.SIGINT)  # of a background job: ignored
    with at(0.5, lambda: os.kill(os.getpid(), signal.SIGINT)):
        found = open_loop(settings, topic, constant(500, 60))
    assert found.interrupted
    assert 0 < found.acknowledged == found.sent == end(lab.kafka, topic) < found.scheduled
    assert signal.getsignal(signal.SIGINT) is before


def test_several_processes_add_up_and_can_be_interrupted(lab, topic, settings):
    shown = []
    with at(4, lambda: os.kill(os.getpid(), signal.SIGINT)):
        cut = many(
            settings, topic, constant(600, 90), processes=2, progress=lambda *n: shown.append(n)
        )
    assert cut.interrupted
    assert cut.scheduled == 54_000
    assert (
        cut.acknowledged == cut.sent == cut.latency.count == end(lab.kafka, topic) < cut.scheduled
    )
    assert cut.intervals.sent.sum() == cut.sent
    assert shown[-1][1] <= cut.sent
    with pytest.raises(LabError, match="does not take that"):
        many({**settings, "acks": "some"}, topic, constant(1, 1), processes=1)


def test_a_full_queue_loses_nothing(lab, topic, settings):
    tight = {**settings, "queue.buffering.max.messages": 100, "linger.ms": 20}
    found = open_loop(tight, topic, constant(50_000, 0.1))
    assert found.acknowledged == found.sent == 5_000 == end(lab.kafka, topic)
    assert found.late > 0


def test_a_broker_that_does_not_answer_is_not_waited_for_without_end(lab, topic, settings):
    tight = {**settings, "queue.buffering.max.messages": 100}
    began, broker = time.monotonic(), lab.brokers[1]
    with at(0.3, broker.pause):
        found = open_loop(tight, topic, constant(500, 1), drain=0.7)
    took = time.monotonic() - began
    broker.resume()
    assert found.acknowledged + found.unanswered == found.sent < found.scheduled
    assert found.unanswered == 100  # all that the client's queue holds
    assert not found.errors
    assert 2 < found.seconds < took < 20


def test_what_fails_is_counted_by_name(topic, settings):
    small = {**settings, "message.max.bytes": 1_000}
    found = open_loop(
        small, topic, constant(100, 0.5), lambda n: b"x" * (2_000 if n % 10 == 0 else 10)
    )
    assert (found.acknowledged, dict(found.errors)) == (45, {"MSG_SIZE_TOO_LARGE": 5})
    assert not found.unanswered
    assert found.intervals.errors.sum() == 5


def test_a_producer_of_ones_own_stays_usable(lab, topic, settings):
    producer = Producer(settings)
    assert open_loop(producer, topic, constant(100, 0.2)).acknowledged == 20
    assert closed_loop(producer, topic, records=5, value=b"mine").acknowledged == 5
    producer.produce(topic, b"after")
    assert producer.flush(10) == 0
    assert end(lab.kafka, topic) == 26


@pytest.mark.parametrize(
    ("start", "why"),
    [
        (lambda s: open_loop(s, "nowhere", constant(1, 1)), "no topic nowhere"),
        (lambda s: open_loop({**s, "acks": "some"}, "t", constant(1, 1)), "does not take that"),
        (lambda s: open_loop(s, "wrong", constant(1, 1), value=-1), "0 bytes or more"),
        (lambda s: open_loop(s, "wrong", constant(1, 1), value=4, stamp=True), "8 bytes"),
        (lambda s: closed_loop(s, "wrong"), "when a closed loop ends"),
        (lambda s: many({**s, "error_cb": print}, "wrong", constant(1, 1)), "plain words"),
        (lambda s: many(s, "wrong", constant(1, 1), processes=0), "from 1 to 64"),
    ],
)
def test_what_cannot_be_is_said_in_one_line(admin, settings, start, why, monkeypatch):
    monkeypatch.setattr("helpers.load.loops.KNOWN_S", 0.2)
    if "wrong" not in admin.list_topics(timeout=10).topics:
        admin.create_topics([NewTopic("wrong", 1)])["wrong"].result(30)
    with pytest.raises(LabError, match=why) as caught:
        start(settings)
    assert "\n" not in str(caught.value)
