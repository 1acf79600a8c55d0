"""Who speaks when offsets are committed in a transaction: a member of a generation of the group.

`Consumer.consumer_group_metadata()` says who the client is *now*. A process that slept through its
own end in the group wakes up, its client notices and forgets member and generation, and a
transaction that is begun then speaks for nobody; from nobody the broker takes offsets (KAFKA-9365,
for clients older than KIP-447), and what another process has done already is done twice. So the
metadata is taken when partitions are taken over, and only then: what was taken over as a member of
that generation is committed as that member or not at all.
"""

from __future__ import annotations

from confluent_kafka import Consumer, KafkaError, KafkaException

__all__ = ["Membership"]


class Membership:
    """What `send_offsets_to_transaction` is to be told of the group.

    `joined` has to be called in every on_assign, and may be in on_revoke; not in on_lost.
    """

    def __init__(self) -> None:
        self._metadata: object | None = None

    def joined(self, consumer: Consumer) -> None:
        """Take down who the client is. Inside the callback its generation does not move on."""
        before = consumer.memberid()
        metadata = consumer.consumer_group_metadata()
        known = before and before == consumer.memberid()
        self._metadata = metadata if known else None

    def metadata(self) -> object:
        """For `send_offsets_to_transaction`. Raises KafkaException (UNKNOWN_MEMBER_ID): nobody."""
        if self._metadata is None:
            raise KafkaException(KafkaError(KafkaError.UNKNOWN_MEMBER_ID, "no longer in the group"))
        return self._metadata
