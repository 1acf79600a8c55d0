"""Who lost its partitions and does not know cannot commit for the group, in a transaction either."""

from __future__ import annotations

import pytest
from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition

from helpers.pipeline.dead_letters import REBALANCING
from helpers.pipeline.membership import Membership
from tests.notify.rig import HASTE, marks, until


def test_who_never_joined_is_nobody(rig):
    consumer = Consumer({**rig.servers.kafka, "group.id": rig.name})
    member = Membership()
    for _ in range(2):
        with pytest.raises(KafkaException, match="no longer in the group") as error:
            member.metadata()
        assert error.value.args[0].code() in REBALANCING
        member.joined(consumer)
    consumer.close()


def test_a_lost_member_is_refused(rig):
    """And who says nothing of itself is not, which is the reason for Membership."""
    member, offsets = Membership(), [TopicPartition(rig.source, 0, 1)]
    settings = {"group.id": rig.name, "auto.offset.reset": "earliest", "log_level": 0}
    settings |= {**rig.servers.kafka, **HASTE, "max.poll.interval.ms": 6000}
    settings["partition.assignment.strategy"] = "cooperative-sticky"
    rig.produce(rig.source, marks(10))
    with Consumer(settings) as sleeper, Consumer(settings) as heir:
        sleeper.subscribe([rig.source], on_assign=lambda consumer, _: member.joined(consumer))
        until(lambda: sleeper.poll(0.1) is not None)
        commit(rig, offsets, member.metadata())  # as long as it is a member
        before = sleeper.memberid()
        heir.subscribe([rig.source])

        def inherited() -> bool:
            heir.poll(0.1)
            return len(heir.assignment()) == 3

        until(inherited)  # as the sleeper polls no longer
        until(lambda: sleeper.memberid() != before)
        with pytest.raises(KafkaException) as error:
            commit(rig, offsets, member.metadata())
        assert error.value.args[0].code() in REBALANCING
    with Consumer(settings) as nobody:  # what a client says after its session has timed out
        commit(rig, offsets, nobody.consumer_group_metadata())


def commit(rig, offsets, metadata) -> None:
    producer = Producer({**rig.servers.kafka, "transactional.id": rig.name, "log_level": 0})
    producer.init_transactions(30)
    producer.begin_transaction()
    producer.produce(rig.output, b"a notification")
    producer.send_offsets_to_transaction(offsets, metadata, 30)
    producer.commit_transaction(30)
