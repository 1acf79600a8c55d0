"""Lanes and the ledger, step by step: cuts, gaps, stale records, formats, bounds."""

from __future__ import annotations

import functools

import pytest

from helpers.pipeline.batch import Limits, store
from helpers.pipeline.lane import Lane
from helpers.pipeline.layout import is_hour, object_key, parse_key, plan_key
from helpers.pipeline.ledger import Ledger, Plan
from helpers.pipeline.process import Processor
from helpers.pipeline.store import SinkStopped
from helpers.pipeline.writers import writer_for
from tests.sink.support import MemoryStore, Record, events, look

TOPIC = "estudiante-eventos"


@functools.cache
def processor() -> Processor:
    return Processor(TOPIC)


def test_names_say_what_is_in_them():
    where = "2026-03-02T08", 3, 1200, 1300, "jsonl.gz"
    key = object_key("lake/", TOPIC, *where)
    name = f"{TOPIC}+3+000000001200+000000001299.jsonl.gz"
    assert key == f"lake/topic={TOPIC}/date=2026-03-02/hour=08/{name}"
    named = parse_key(key)
    assert (named.topic, named.hour, named.partition) == (TOPIC, "2026-03-02T08", 3)
    assert (named.first, named.last, named.extension) == (1200, 1299, "jsonl.gz")
    for other in (key + "x/", key.replace("+3+", "+x+"), plan_key("lake/", TOPIC, 3, 1200), "x"):
        assert parse_key(other) is None


def test_hours_of_the_calendar():
    assert all(map(is_hour, ("2026-03-02T08", "0001-01-01T00", "2024-02-29T23")))
    assert not any(map(is_hour, ("2026-02-30T08", "0000-01-01T00", "2026-01-01T24")))


def lane_on(bucket: MemoryStore, **limits) -> Lane:
    ledger = Ledger(bucket, "", TOPIC)
    make = lambda name: writer_for(name, TOPIC)  # noqa: E731
    return Lane(ledger, 0, processor(), make, "json", Limits(**limits), lambda: 0.0)


def records(n: int, start: int = 0) -> list[Record]:
    return [Record(start + i, e.key_bytes, e.value_bytes) for i, e in enumerate(events()[:n])]


def run(lane: Lane, log: list[Record]) -> None:
    for record in log:
        lane.add(record)
    while lane.closed:
        assert store(lane.ledger, 0, lane.closed.popleft()) is None


def test_batches_are_cut_at_absolute_offsets():
    bucket = MemoryStore()
    lane = lane_on(bucket, records=10)
    assert lane.start() == 0
    run(lane, records(25))
    assert (lane.batch.first, lane.next) == (20, 25)
    lane.cut()
    run(lane, [])
    again = lane_on(bucket, records=10)
    assert again.start() == 25
    run(again, records(8, 25))
    ends = [Plan.from_bytes(b, k).end for k, b in sorted(bucket.objects.items()) if "_plans" in k]
    assert ends == [30, 25, 20, 10]


def test_the_newest_plan_comes_first_in_a_listing():
    bucket = MemoryStore()
    ledger = Ledger(bucket, "", TOPIC)
    firsts = [0, 5, 99, 100, 101, 9_999, 10_000, 10**12]
    for first, end in zip(firsts, [*firsts[1:], 10**13], strict=True):
        ledger.claim(0, Plan(first, end))
        ledger.claim(11, Plan(0, 1))
        assert ledger.last(0).first == first
    assert ledger.last(1) is None


def test_what_retention_took_is_said_and_the_chain_goes_on(caplog):
    bucket = MemoryStore()
    lane = lane_on(bucket, records=10)
    lane.start()
    lane.add(records(1, 57)[0])
    assert lane.lost, "a first gap is not believed before a seek"
    lane.found()
    run(lane, records(3, 57))
    assert "offsets 0 to 56 are not in the topic" in caplog.text
    assert lane.missing == 57
    assert lane.next == 60
    assert lane.ledger.last(0) == Plan(0, 60, "json", lane.ledger.last(0).hours)
    assert lane_on(bucket).start() == 60


def test_a_topic_made_anew_is_refused():
    bucket = MemoryStore()
    run_first = lane_on(bucket, records=10)
    run_first.start()
    run(run_first, records(10))
    lane = lane_on(bucket, records=10)
    assert lane.start() == 10
    lane.add(records(1)[0])
    lane.found()  # sought, and still
    with pytest.raises(SinkStopped, match="was the topic deleted and made anew"):
        lane.add(records(1)[0])


def test_records_from_before_a_rebalance_are_not_taken_for_a_gap():
    lane = lane_on(MemoryStore(), records=10)
    lane.start()
    for stale in records(3, 500):
        lane.add(stale)
    lane.reached(600)
    assert (lane.lost, lane.next, lane.batch.records) == (True, 0, 0)
    lane.found()
    run(lane, records(10))
    assert lane.next == 10


def test_a_batch_left_half_written_in_one_format_is_finished_in_it():
    bucket = MemoryStore()
    ledger = Ledger(bucket, "", TOPIC)
    ledger.claim(0, Plan(0, 4, "json", {"2026-03-02T08": 4}))
    make = lambda name: writer_for(name, TOPIC)  # noqa: E731
    lane = Lane(ledger, 0, processor(), make, "parquet", Limits(), lambda: 0.0)
    assert lane.start() == 0
    run(lane, records(4))
    assert set(look(bucket.objects).values()) == {1}
    assert len(look(bucket.objects)) == 4


def test_a_store_without_conditional_writes_is_refused():
    class Overwrites(MemoryStore):
        def put_new(self, key, body):
            self.objects[key] = body
            return True

    with pytest.raises(Exception, match="overwrites an object"):
        Ledger(Overwrites(), "", TOPIC).check()
    bucket = MemoryStore()
    Ledger(bucket, "", TOPIC).check()
    Ledger(bucket, "", TOPIC).check()
    assert look(bucket.objects) == {}


def test_memory_of_a_hostile_partition_is_bounded():
    """Every record in an hour of its own: batches of a few objects each, not one of thousands."""
    lane = lane_on(MemoryStore(), hours=5)
    lane.start()
    for offset, event in enumerate(events()[:40]):
        day = f"2026-01-{1 + offset % 28:02d}T{offset % 24:02d}".encode()
        value = event.value_bytes.replace(event.value["timestamp"][:13].encode(), day, 1)
        lane.add(Record(offset, event.key_bytes, value))
        assert len(lane.batch.hours) <= 5
    assert {len(batch.hours) for batch in lane.closed} == {5}
