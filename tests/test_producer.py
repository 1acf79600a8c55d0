"""The course's producer and its schedule, on a real broker."""

from __future__ import annotations

from collections import Counter
from itertools import islice

import pytest

from helpers.checks.topic import read
from helpers.errors import LabError
from helpers.pipeline import pacing
from helpers.pipeline.client_defaults import default
from helpers.pipeline.events import generate
from helpers.pipeline.pacing import paced
from helpers.pipeline.producer import EventProducer
from helpers.pipeline.topics import create_topics

EVENTS = list(islice(generate(7), 2000))
EXPECTED = Counter(event.topic for event in EVENTS)
NOWHERE = {"bootstrap.servers": "127.0.0.1:1"}


def test_every_event_arrives_once_and_in_order(lab, admin):
    create_topics(admin, "a-")
    with EventProducer(lab.kafka, "a-") as producer:
        for event in EVENTS:
            producer.send(event)
    account = producer.account
    assert account.acknowledged == {f"a-{topic}": number for topic, number in EXPECTED.items()}
    assert (account.failed.total(), account.waiting) == (0, 0)
    for topic in EXPECTED:
        found = read(lab.kafka, f"a-{topic}")
        sent = [event for event in EVENTS if event.topic == topic]
        assert Counter(record.value() for record in found) == Counter(e.value_bytes for e in sent)
        for key in {event.key_bytes for event in sent}:
            of_key = [record.value() for record in found if record.key() == key]
            assert of_key == [event.value_bytes for event in sent if event.key_bytes == key]


def test_a_small_queue_slows_down_and_loses_nothing(lab, admin):
    create_topics(admin, "b-")
    small = {"queue.buffering.max.messages": 20}
    with EventProducer(lab.kafka, "b-", **small) as producer:
        for event in EVENTS[:500]:
            producer.send(event)
    assert producer.account.acknowledged.total() == 500


def test_a_queue_that_stays_full_is_one_line():
    config = {"queue.buffering.max.messages": 5, "delivery.timeout.ms": 60_000}
    producer = EventProducer(NOWHERE, full_limit_s=0.3, **config)
    for event in EVENTS[:5]:
        producer.send(event)
    with pytest.raises(LabError, match=r"queue has been full for 0.3 s \(5 events") as caught:
        producer.send(EVENTS[5])
    assert "\n" not in str(caught.value)
    assert producer.account.waiting == 5
    producer._producer.purge()
    producer.close()


def test_late_errors_are_in_the_account():
    with EventProducer(NOWHERE, "x-", **{"delivery.timeout.ms": 300}) as producer:
        producer.send(EVENTS[0])
        assert producer.account.waiting == 1
    [((topic, error), number)] = producer.account.failed.items()
    assert (topic, number) == (f"x-{EVENTS[0].topic}", 1)
    assert "timed out" in error
    assert "last heard" in producer.last_error


def test_errors_that_come_at_once_are_in_the_account_too(lab, admin):
    create_topics(admin, "c-")
    huge = lambda event: b"x" * 2_000_000  # noqa: E731
    with EventProducer(lab.kafka, "c-", serialize=huge) as producer:
        producer.send(EVENTS[0])
    assert producer.account.sent.total() == producer.account.failed.total() == 1


def test_what_on_ack_raises_comes_out_of_the_next_call(lab, admin):
    create_topics(admin, "d-")

    def keep(event, record):
        raise OSError("disk full")

    producer = EventProducer(lab.kafka, "d-", on_ack=keep)
    producer.send(EVENTS[0])
    with pytest.raises(OSError, match="disk full"):
        producer.close()
    assert producer.close() == 0
    assert producer.account.acknowledged.total() == 1


def test_percentiles_are_at_most_two_percent_too_large():
    producer = EventProducer(NOWHERE)
    assert producer.account.percentile(50) != producer.account.percentile(50)  # nan
    for milliseconds in range(1, 101):
        producer.account.answered("t", "", milliseconds / 1000)
    for percent, true in ((1, 0.001), (50, 0.050), (99, 0.099), (100, 0.1)):
        assert true <= producer.account.percentile(percent) <= true * 1.021


# -- the schedule ---------------------------------------------------------------------------------


class Clock:
    """Time that passes only when somebody waits."""

    def __init__(self, monkeypatch):
        self.now = 100.0
        monkeypatch.setattr(pacing, "clock", lambda: self.now)

    def wait(self, seconds):
        assert 0 < seconds <= pacing.STEP_S
        self.now += seconds


def test_the_schedule_is_kept(monkeypatch):
    clock = Clock(monkeypatch)
    given = [(due, clock.now) for due, _ in paced(EVENTS, 4, wait=clock.wait, count=9)]
    assert [due for due, _ in given] == [100 + number / 4 for number in range(9)]
    assert all(due <= now < due + 1e-6 for due, now in given)


def test_an_open_loop_makes_up_for_lost_time(monkeypatch):
    clock = Clock(monkeypatch)
    dues = []
    for due, _ in paced(EVENTS, 10, wait=clock.wait, count=20):
        dues.append(due)
        clock.now += 1.0 if len(dues) == 5 else 0  # one slow event
    assert dues == [pytest.approx(100 + number / 10) for number in range(20)]


def test_it_ends_by_time_by_number_or_when_asked(monkeypatch):
    clock = Clock(monkeypatch)
    assert len(list(paced(EVENTS, 10, wait=clock.wait, seconds=2))) == 20
    assert len(list(paced(EVENTS, 10, wait=clock.wait, seconds=2, count=3))) == 3
    assert list(paced(EVENTS, 10, wait=clock.wait, stop=lambda: True)) == []
    with pytest.raises(ValueError, match="positive"):
        next(paced(EVENTS, 0, wait=clock.wait))


# -- the client's defaults ------------------------------------------------------------------------


def test_defaults_are_those_of_the_library():
    assert default("acks") == default("request.required.acks") == "-1"
    assert default("enable.idempotence") == "false"
    assert default("auto.offset.reset") == "largest"
    with pytest.raises(KeyError, match="nada"):
        default("nada")
