"""What the checks do with a topic: make it anew, and read all of it without joining a group."""

from __future__ import annotations

import time

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, Message, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from helpers.cleanup import drop_topics
from helpers.pipeline.topics import wait_for_leaders

SECONDS = 30


def fresh(
    admin: AdminClient, topic: str, partitions: int = 1, config: dict[str, str] | None = None
) -> None:
    """The topic, empty, with a leader for every partition.

    Raises KafkaException when the broker refuses it, LabError when a partition stays without one.
    """
    drop_topics(admin, topic)
    new = NewTopic(topic, partitions, replication_factor=-1, config=config or {})
    admin.create_topics([new])[topic].result(SECONDS)
    wait_for_leaders(admin, topic, time.monotonic() + SECONDS)


def read(kafka: dict, topic: str) -> list[Message]:
    """Every record that the topic holds now, each partition in its order.

    It ends where the client says that the end is, so offsets may have gaps (compaction,
    transactions); after 30 s it returns what it has.
    """
    own = {"group.id": f"{topic}-check", "enable.auto.commit": False, "enable.partition.eof": True}
    with Consumer({**kafka, **own}) as reader:
        numbers = reader.list_topics(topic, timeout=10).topics[topic].partitions
        reader.assign([TopicPartition(topic, number, OFFSET_BEGINNING) for number in numbers])
        records, at_end, deadline = [], set(), time.monotonic() + SECONDS
        while len(at_end) < len(numbers) and time.monotonic() < deadline:
            record = reader.poll(0.5)
            if record is None:
                continue
            if record.error() is None:
                records.append(record)
            elif record.error().code() == KafkaError._PARTITION_EOF:
                at_end.add(record.partition())
    return records
