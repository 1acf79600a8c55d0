"""Derive: for every `calificacion` in `estudiante-eventos` a record in `notificaciones`.

    Derive(Settings(), lab.kafka).run()

Consume, transform, produce, exactly once: what follows from a batch of records, its dead letters
and its offsets are one Kafka transaction. After a crash the batch counts wholly or not at all for
readers with `isolation.level=read_committed`, librdkafka's default, and so it is done again wholly
or not at all. Several processes of one group share the partitions; who was given up by the group
and does not know (a zombie) is refused the offsets, and with them the transaction (KIP-447, see
`membership`).

That promise is about records. Two records about the same mark (a producer's repetition) give two
notifications; they carry the same `event_id`, made from that of the mark, so that whoever acts on
them can tell.
"""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable
from random import random
from uuid import uuid4

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from helpers.errors import LabError
from helpers.pipeline.dead_letters import REBALANCING, DeadLetters
from helpers.pipeline.derive_batch import Taken
from helpers.pipeline.derive_records import dead_letter, notification_of, source_headers
from helpers.pipeline.derive_settings import Settings
from helpers.pipeline.membership import Membership
from helpers.pipeline.process import Poison
from helpers.pipeline.store import SinkStopped
from helpers.pipeline.topics import how_to_create

__all__ = ["Derive", "DeriveStopped", "Settings", "notification_of"]

log = logging.getLogger(__name__)

BATCH = 500  # records a transaction at most
TAKE_S = 0.2  # how long one is collected; also how long a notification waits for its commit
ATTEMPTS = 8  # transactions that fail one after the other before it is over
LONGEST_PAUSE_S = 8.0
WAIT_S = 30.0
STOPPING = {
    KafkaError.TOPIC_AUTHORIZATION_FAILED,
    KafkaError.GROUP_AUTHORIZATION_FAILED,
    KafkaError.CLUSTER_AUTHORIZATION_FAILED,
    KafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
    KafkaError.MSG_SIZE_TOO_LARGE,
}


class DeriveStopped(LabError):
    """Derive cannot go on; nothing was committed that is not in the output topic."""


class Derive:
    """One process's share of the work. `run` returns after `stop`, or raises DeriveStopped."""

    def __init__(self, settings: Settings, kafka: dict[str, str]):
        self.settings, self._kafka = settings, kafka
        self.read = self.derived = self.dead = 0  # in committed transactions, since the start
        self._id = f"{settings.group}-{settings.instance or uuid4().hex}"
        self._member = Membership()
        self._producer: Producer | None = None
        self._batch = Taken(settings.topic)
        self._failures = 0
        self._stopping = False

    def stop(self) -> None:
        """Ask `run` to commit what it has taken and return. May be called by a signal handler."""
        self._stopping = True

    def run(self) -> None:
        """Work until `stop`. Raises DeriveStopped, with one line that says why, when it cannot."""
        try:
            self._prepare()
            self._consumer = Consumer(self.settings.consumer(self._kafka))
            self._work()
        except KafkaException as failure:
            raise _stopped(failure.args[0]) from None
        except SinkStopped as error:  # the dead letters' topic; they are the sink's as well
            raise DeriveStopped(str(error).replace("the sink", "derive")) from None

    def _work(self) -> None:
        try:
            self._renew()  # before anything is read: ends what a predecessor of this name left
            self._consumer.subscribe(
                [self.settings.topic],
                on_assign=self._assigned,
                on_revoke=self._gone,
                on_lost=self._gone,
            )
            while not self._stopping or self._batch:
                self._collect()
                if self._batch:
                    self._transact()
        finally:
            self._batch.clear()
            self._consumer.close()
            self._producer = None

    def _prepare(self) -> None:
        settings = self.settings
        topics = AdminClient(self._kafka).list_topics(timeout=WAIT_S).topics
        for topic in (settings.topic, settings.output):
            if topic not in topics:
                raise DeriveStopped(f"there is no topic {topic}; {how_to_create(topic)}")
        DeadLetters(self._kafka, settings.dead_letter_topic).prepare(settings.topic)

    # -- the group ----------------------------------------------------------------------------
    # Callbacks are called inside `poll` and `close` only, so never during a transaction.

    def _assigned(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        self._member.joined(consumer)
        self._batch.assigned(p.partition for p in partitions)
        log.info("took over %s", sorted(p.partition for p in partitions))

    def _gone(self, _consumer: Consumer, partitions: list[TopicPartition]) -> None:
        gone = {p.partition for p in partitions}
        self._batch.gone(gone)
        log.info("gave up %s", sorted(gone))

    def _collect(self) -> None:
        """Add to the batch. It is kept until its transaction is committed, so nothing seeks."""
        deadline = time.monotonic() + TAKE_S
        while True:
            message = self._consumer.poll(max(0.0, deadline - time.monotonic()))
            if message is None:
                return
            error = message.error()
            if error is None:
                self._batch.add(message)
            elif error.fatal() or error.code() in STOPPING:
                raise _stopped(error)
            else:
                log.warning("Kafka: %s", error.str())
            if len(self._batch) >= BATCH or self._stopping or time.monotonic() > deadline:
                return

    # -- the transaction ----------------------------------------------------------------------

    def _transact(self) -> None:
        """The batch, its results and its offsets, all or nothing. The batch is empty if all."""
        try:
            producer = self._producer or self._renew()
            if self._batch.unsure:
                self._batch.compare(self._consumer, WAIT_S)
            if not self._batch:
                return
            producer.begin_transaction()
            derived, dead = self._write(producer)
            offsets, group = self._batch.ends(), self._member.metadata()
            _insist(lambda: producer.send_offsets_to_transaction(offsets, group, WAIT_S))
            _insist(lambda: producer.commit_transaction(WAIT_S))
        except KafkaException as failure:
            self._undo(failure.args[0])
            return
        self.read += len(self._batch)
        self.derived += derived
        self.dead += dead
        self._batch.clear()
        self._failures = 0

    def _write(self, producer: Producer) -> tuple[int, int]:
        """What follows from the batch; how many notifications and how many dead letters."""
        derived = dead = 0
        for message in self._batch.messages:
            try:
                event = notification_of(message.key(), message.value())
            except Poison as poison:
                letter, told = dead_letter(message, poison, self.settings.group)
                _produce(producer, self.settings.dead_letter_topic, letter.value, letter.key, told)
                dead += 1
                continue
            if event is not None:
                told = source_headers(message)
                _produce(producer, self.settings.output, event.value_bytes, event.key_bytes, told)
                derived += 1
        return derived, dead

    def _undo(self, error: KafkaError) -> None:
        """See to it that nothing of the transaction counts, and wait a little.

        Where that is not certain the producer is thrown away; `_renew` finds out. Raises
        DeriveStopped when trying again cannot help.
        """
        log.info("transaction given up: %s", error.str())
        if error.code() in STOPPING:
            raise _stopped(error)
        producer, self._producer = self._producer, None
        if producer is not None and not error.fatal() and not error.retriable():
            with contextlib.suppress(KafkaException):
                _insist(lambda: producer.abort_transaction(WAIT_S))
                self._producer = producer
        if error.code() not in REBALANCING:
            self._failures += 1
            if self._failures == ATTEMPTS:
                raise _stopped(error)
        time.sleep(random() * min(LONGEST_PAUSE_S, 0.1 * 2**self._failures))

    def _renew(self) -> Producer:
        """A new producer, and no doubt about what the old one did.

        Perhaps its transaction was committed and only the answer was lost. `init_transactions` of
        the same name settles it, and the committed offsets say which way.
        """
        producer = Producer(self.settings.producer(self._kafka, self._id))
        _insist(lambda: producer.init_transactions(WAIT_S))
        self._batch.compare(self._consumer, WAIT_S)
        self._producer = producer
        return producer


def _produce(producer: Producer, topic: str, value, key, told: list) -> None:
    """Produce, and wait when the client's queue is full. What goes wrong shows at the commit."""
    while True:
        try:
            producer.produce(topic, value, key, headers=told)
            return
        except BufferError:
            producer.poll(0.1)


def _insist(call: Callable[[], object], limit_s: float = 2 * WAIT_S) -> None:
    """Call again while the client says that calling again may help. Raises KafkaException."""
    deadline = time.monotonic() + limit_s
    while True:
        try:
            call()
            return
        except KafkaException as failure:
            if not failure.args[0].retriable() or time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def _stopped(error: KafkaError) -> DeriveStopped:
    return DeriveStopped(f"Kafka: {error.str()}; nothing half done was committed: start it again")
