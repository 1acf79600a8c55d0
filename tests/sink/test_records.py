"""Unusual topics: a roster that is compacted and changes, records of the largest size, floods."""

from __future__ import annotations

import random
import time
from dataclasses import replace

import pytest
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, Producer, TopicPartition
from confluent_kafka.admin import NewTopic

from benchmarks.sink import peak_mb
from helpers.pipeline.campus import students
from helpers.pipeline.roster import CONFIG, Roster, piece, publish
from tests.sink.rig import rig_on
from tests.sink.support import events, lines

MB = 1_000_000


def count(kafka: dict, topic: str) -> int:
    """Records that a reader of the whole topic is given."""
    own = {"group.id": "count", "enable.partition.eof": True}
    reader, found = Consumer({**kafka, **own}), 0
    reader.assign([TopicPartition(topic, 0, OFFSET_BEGINNING)])
    try:
        while True:
            for message in reader.consume(1000, 0.5):
                if message.error() is None:
                    found += 1
                elif message.error().code() == KafkaError._PARTITION_EOF:
                    return found
    finally:
        reader.close()


def test_a_roster_that_is_compacted_and_changes(rig):
    """Newest values count, removed students are gone, and a change is seen while the sink works."""
    kafka, topic = rig.servers.kafka, f"{rig.topic}-roster"
    quick = {"segment.ms": "200", "min.cleanable.dirty.ratio": "0.001"}
    made = NewTopic(topic, num_partitions=1, config={**CONFIG, **quick})
    rig.servers.admin.create_topics([made])[topic].result(30)
    producer, everybody = Producer(kafka), students(7, 200)
    for year in (1, 2, 3):
        publish(producer, [replace(s, year=year) for s in everybody], topic)
        time.sleep(0.25)  # a segment ends when a record comes later than segment.ms
    gone = everybody[0].student_id
    producer.produce(topic, key=gone, value=None)
    producer.flush(30)
    deadline = time.monotonic() + 60
    while (left := count(kafka, topic)) > 420:
        assert time.monotonic() < deadline, f"{left} of 601: not compacted"
    table = Roster(kafka, topic).load()
    assert len(table) == 199
    assert all(table[s.student_id] == piece(s.name, s.programme, 3) for s in everybody[1:])
    mine = everybody[1]
    sink = rig.sink(roster=topic, limits={"records": 50, "age_s": 0.2})
    rig.produce(300)
    rig.wait_until_stored()
    publish(producer, [replace(mine, year=4)], topic)
    while table.get(mine.student_id) != piece(mine.name, mine.programme, 4):
        table.follow()
        assert time.monotonic() < deadline
    time.sleep(2.5)  # the sink asks once a second
    event = next(e for e in events() if e.value["type"] == "login")
    value = event.value_bytes.replace(event.key_bytes, mine.student_id.encode())
    rig.send(mine.student_id.encode(), value)
    rig.flush()
    rig.wait_until_stored()
    assert sink.finish() == 0, sink.text
    table.close()
    rows = [r for k, b in rig.objects().items() if "_plans" not in k for r in lines(b)]
    years = {row["student_id"]: row["student_year"] for row in rows}
    newest = max(rows, key=lambda row: row["kafka_timestamp"])
    assert (newest["student_id"], newest["student_year"]) == (mine.student_id, 4)
    del years[mine.student_id]
    years.pop(gone, None)
    assert set(years.values()) == {3}
    rig.prove()


@pytest.mark.parametrize("limit", [1_048_588, 5_000_000])
def test_records_of_the_largest_size(servers, limit):
    """Padded with spaces up to the sink's own limit: stored. Beyond it: a dead letter, whole."""
    with rig_on(servers, **{"max.message.bytes": str(limit)}) as rig:
        event = events()[0]
        pad = lambda size: event.value_bytes[:-1].ljust(size - 1) + b"}"  # noqa: E731
        noise = random.Random(3).randbytes(limit - 150)  # 150: what the batch itself needs
        for size in (1000, 256 * 1024):
            rig.send(event.key_bytes, pad(size))
        rig.send(event.key_bytes, pad(256 * 1024 + 1), poison=True)
        rig.send(event.key_bytes, noise, poison=True)
        rig.flush()
        rig.produce(60)
        rig.store_all(limits={"records": 100, "age_s": 0.3})
        rig.prove()
        assert noise in [letter["value"] for letter in rig.dead()]


@pytest.mark.soak
@pytest.mark.timeout(300)
@pytest.mark.parametrize("flood", ["large", "poison"])
def test_memory_is_bounded_whatever_the_topic_holds(rig, flood):
    """300 MB of events with much white space, or of noise, all there before it starts."""
    dice, size, number = random.Random(5), 200_000, 1500
    event = next(e for e in events() if e.value["type"] == "tarea")
    for _ in range(number):
        if flood == "poison":
            rig.send(event.key_bytes, dice.randbytes(size), poison=True)
        else:
            spaces = dice.randbytes(size).translate(b" \t" * 128)
            rig.send(event.key_bytes, event.value_bytes[:-1] + spaces + b"}")
    rig.flush()
    sink = rig.sink(limits={"age_s": 1.0})
    rig.wait_until_stored(200)
    peak = peak_mb(sink.process.pid)
    assert sink.finish() == 0, sink.text
    print(f"{flood}: {number * size / MB:.0f} MB of records, peak {peak:.0f} MB")
    assert peak < 300
    rig.prove()
