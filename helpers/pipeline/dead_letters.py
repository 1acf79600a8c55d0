"""The dead-letter topic: poison records, untouched, with what is wrong with each.

A batch's dead letters and its committed offset are one Kafka transaction, after which a receipt is
put into the bucket. So whoever repeats the batch after a crash finds the receipt, or asks for the
committed offset, and knows whether its dead letters are out: each is there once for readers with
`isolation.level=read_committed`, librdkafka's default. A process that the group has given up is
refused its transaction (KIP-447, see `membership`). One way to a second copy is left: a crash
between transaction and receipt (some milliseconds), followed by a start under another group or with
offsets set back.

Headers: `dlq.cause` (see `process.Poison`), `dlq.detail`, `dlq.topic`, `dlq.partition`,
`dlq.offset`, `dlq.timestamp` (ms since 1970), then the record's own.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from uuid import uuid4

from confluent_kafka import KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, ConfigResource, NewTopic, ResourceType

from helpers.pipeline.batch import Dead
from helpers.pipeline.membership import Membership
from helpers.pipeline.store import SinkStopped

log = logging.getLogger(__name__)

HEADROOM = 64 * 1024  # bytes: what our headers may add to a record of the largest size
WAIT_S = 30.0
SETTLE_S = 10.0  # for each of the two steps that end a transaction
# Confluent Cloud's limit for max.message.bytes on most kinds of cluster.
LARGEST = 8_388_608
# The group is being shared out anew, or is no longer ours: to be asked again after the next poll.
REBALANCING = {
    KafkaError.ILLEGAL_GENERATION,
    KafkaError.UNKNOWN_MEMBER_ID,
    KafkaError.REBALANCE_IN_PROGRESS,
    KafkaError.FENCED_INSTANCE_ID,
    KafkaError.STALE_MEMBER_EPOCH,
    KafkaError.FENCED_MEMBER_EPOCH,
}


class DeadLetters:
    """Writes into one dead-letter topic.

    `instance` is given when the process has a name that stays: its next start then ends at once a
    transaction that a kill left open. Others wait until it has timed out, 15 s.
    """

    def __init__(self, kafka: dict[str, str], topic: str, instance: str | None = None):
        self.topic, self.sent = topic, 0
        self._kafka = kafka
        self._id = f"{topic}-{instance or uuid4().hex}"
        self._producer: Producer | None = None

    def prepare(self, source: str) -> None:
        """Create the topic if it is not there, so that the largest record of `source` fits.

        Raises SinkStopped when it is neither there nor to be had.
        """
        admin = AdminClient(self._kafka)
        if self.topic in admin.list_topics(timeout=WAIT_S).topics:
            return
        limit = _max_bytes(admin, source)
        config = {"cleanup.policy": "delete", "retention.ms": "-1"}
        if limit is not None:
            config["max.message.bytes"] = str(max(limit, min(limit + HEADROOM, LARGEST)))
        try:
            new = NewTopic(self.topic, num_partitions=1, replication_factor=-1, config=config)
            admin.create_topics([new])[self.topic].result(WAIT_S)
        except KafkaException as error:
            if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                raise SinkStopped(
                    f"the dead-letter topic {self.topic} is not there and cannot be created "
                    f"({error.args[0].str()}); create it and start the sink again"
                ) from None

    def write(
        self,
        dead: Iterable[tuple[int, Dead]],
        source: str,
        ends: dict[int, int],
        member: Membership,
    ) -> bool:
        """Dead letters, by partition, and the ends of their batches, in one transaction.

        False when it has to be tried again, after asking whether it was done after all: the group
        is being shared out anew, or no answer came. Raises SinkStopped when the broker refuses for
        another reason.
        """
        try:
            producer = self._producer or self._begin()
            producer.begin_transaction()
            for partition, letter in dead:
                producer.produce(
                    self.topic,
                    value=letter.value,
                    key=letter.key,
                    headers=headers(letter, source, partition),
                )  # its time is now: the record's own may be past retention already
                self.sent += 1
                if self.sent % 1000 == 0:
                    producer.poll(0)
            offsets = [TopicPartition(source, p, end) for p, end in ends.items()]
            group = member.metadata()
            _in_time(lambda: _settle(producer, offsets, group))
        except TimeoutError:
            log.warning("dead letters: the client does not answer; the next try is with a new one")
            self._producer = None  # which ends the transaction that this one left open
            return False
        except BufferError:
            return self._undo("its queue is full")
        except KafkaException as failure:
            error = failure.args[0]
            undone = self._undo(error.str())
            if error.code() in REBALANCING or error.retriable() or error.fatal():
                return undone
            if error.txn_requires_abort() and error.code() == KafkaError._TIMED_OUT:
                return undone
            raise SinkStopped(
                f"the dead letters cannot be written to {self.topic} ({error.str()}); "
                "nothing of their batch was committed"
            ) from None
        return True

    def _begin(self) -> Producer:
        producer = Producer(
            {
                **self._kafka,
                "transactional.id": self._id,
                "transaction.timeout.ms": 15_000,
                "message.max.bytes": 16_777_216,  # the topic's limit decides, not the client's
                "compression.type": "zstd",
                "linger.ms": 5,
            }
        )
        producer.init_transactions(WAIT_S)
        self._producer = producer
        return producer

    def _undo(self, why: str) -> bool:
        """Abort; without success, or after a fatal error, the next try begins with a new client."""
        log.info("dead letters to be written again: %s", why)
        producer, self._producer = self._producer, None
        if producer is not None:
            with contextlib.suppress(KafkaException):
                producer.abort_transaction(WAIT_S)
                self._producer = producer
        time.sleep(0.05)
        return False


def _settle(producer: Producer, offsets: list[TopicPartition], group: object) -> None:
    producer.send_offsets_to_transaction(offsets, group, SETTLE_S)
    producer.commit_transaction(SETTLE_S)


def _in_time(step: Callable[[], None]) -> None:
    """Do it, but wait no longer than it should take. Raises what it raises, or TimeoutError.

    librdkafka 2.16 can wait in `send_offsets_to_transaction` for minutes, whatever time it was
    given, when the group's coordinator was killed just before.
    """
    outcome: Future[None] = Future()

    def work() -> None:
        try:
            outcome.set_result(step())
        except BaseException as error:  # noqa: BLE001
            outcome.set_exception(error)

    threading.Thread(target=work, daemon=True, name="transaction").start()
    outcome.result(2 * SETTLE_S + 1)


def headers(dead: Dead, source: str, partition: int) -> list[tuple[str, bytes]]:
    """What a dead letter carries beside the record's own headers."""
    ours = {
        "dlq.cause": dead.cause,
        "dlq.detail": dead.detail[:500],
        "dlq.topic": source,
        "dlq.partition": str(partition),
        "dlq.offset": str(dead.offset),
        "dlq.timestamp": str(dead.timestamp_ms),
    }
    return [(name, value.encode(errors="replace")) for name, value in ours.items()] + dead.headers


def _max_bytes(admin: AdminClient, topic: str) -> int | None:
    """The topic's max.message.bytes; None when we may not ask."""
    resource = ConfigResource(ResourceType.TOPIC, topic)
    try:
        entries = admin.describe_configs([resource])[resource].result(WAIT_S)
    except KafkaException:
        return None
    return int(entries["max.message.bytes"].value)
