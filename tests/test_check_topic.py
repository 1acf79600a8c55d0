"""The checks' reader sees all of a topic, and no more than once; their topics are empty."""

from __future__ import annotations

import pytest
from confluent_kafka import KafkaException, Producer

from helpers.checks.topic import fresh, read


def test_all_partitions_in_order_and_again(lab, admin):
    fresh(admin, "c-many", partitions=3)
    assert read(lab.kafka, "c-many") == []
    with Producer(lab.kafka) as producer:
        for number in range(60):
            producer.produce("c-many", str(number), partition=number % 3)
        producer.flush(30)
    for _ in range(2):  # it leaves no bookmark
        found = [(record.partition(), int(record.value())) for record in read(lab.kafka, "c-many")]
        assert sorted(found) == sorted((number % 3, number) for number in range(60))
        for place in range(3):
            assert [value for at, value in found if at == place] == list(range(place, 60, 3))
    fresh(admin, "c-many")
    assert read(lab.kafka, "c-many") == []


def test_markers_of_transactions_are_no_records_and_no_obstacle(lab, admin):
    fresh(admin, "c-marks")
    producer = Producer({**lab.kafka, "transactional.id": "c-marks"})
    producer.init_transactions(30)
    for value in ("first", "second"):
        producer.begin_transaction()
        producer.produce("c-marks", value)
        producer.commit_transaction(30)
    found = read(lab.kafka, "c-marks")
    assert [(record.value(), record.offset()) for record in found] == [
        (b"first", 0),
        (b"second", 2),
    ]


def test_settings_that_the_broker_refuses(admin):
    with pytest.raises(KafkaException, match="compakt"):
        fresh(admin, "c-wrong", config={"cleanup.policy": "compakt"})
