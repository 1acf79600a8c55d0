"""The S3 sink: from a topic into a bucket, every (partition, offset) exactly once.

    Sink(Settings(topic="estudiante-eventos", bucket="lake"), lab.kafka).run()

What makes it exactly once is in `ledger`; here is the loop around it: consume, cut, upload in
threads, then commit. Several processes of one group share the partitions. Offsets are committed
after the upload, for people and tools that look at lag; a restart asks the bucket.

Back-pressure: a partition with `WAITING` cut batches not yet stored is paused, and all are when
more than `held_mb` are in memory.
"""

from __future__ import annotations

import functools
import logging
import time

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from helpers.pipeline.dead_letters import DeadLetters
from helpers.pipeline.lane import Lane
from helpers.pipeline.ledger import Ledger, Store
from helpers.pipeline.membership import Membership
from helpers.pipeline.process import Processor
from helpers.pipeline.quick import Quick
from helpers.pipeline.roster import Roster
from helpers.pipeline.runs import Runs
from helpers.pipeline.sink_settings import Settings
from helpers.pipeline.store import S3Store, SinkStopped
from helpers.pipeline.uploads import Uploads
from helpers.pipeline.writers import writer_for

__all__ = ["Settings", "Sink", "SinkStopped"]

log = logging.getLogger(__name__)

WAITING = 2  # cut batches of a partition before it is paused
TAKE = 1_000  # records a call, at most: more is no quicker
TAKE_BYTES = 4_000_000  # of records a call, about: what a call takes is beyond the client's limit
TAKE_S = 0.1  # how long a call waits for them; the loop's other work is done as often
HAND_OVER_S = 15.0  # how long a rebalance waits for uploads under way
STOPPING = {KafkaError.TOPIC_AUTHORIZATION_FAILED, KafkaError.GROUP_AUTHORIZATION_FAILED}
FOLLOW_S = 1.0  # how often there may be news, of the roster above all


class Sink:
    """One process's share of the work. `run` returns after `stop`, or raises SinkStopped."""

    def __init__(self, settings: Settings, kafka: dict[str, str], bucket: Store | None = None):
        self.settings, self._kafka = settings, kafka
        self.bucket = bucket or S3Store(settings.bucket, settings.threads)
        self.ledger = Ledger(self.bucket, settings.prefix, settings.topic)
        self.roster = Roster(kafka, settings.roster) if settings.roster else None
        told = (settings.schema, list(settings.drops), self.roster, settings.max_bytes)
        self.processor = Processor(*told)
        self.dead_letters = DeadLetters(kafka, settings.dead_letter_topic, settings.instance)
        self.uploads = Uploads(self.ledger, self.dead_letters, settings.threads)
        self.lanes: dict[int, Lane] = {}
        self.runs = Runs(self.lanes, Quick(*told))
        self._member = Membership()
        self._makers = functools.cache(lambda name: writer_for(name, settings.schema))
        self._makers(settings.format)  # an import that fails fails now
        self._paused: set[int] = set()
        self._many = TAKE // 10  # until it is known how large they are
        self._followed = 0.0
        self._failure: BaseException | None = None
        self._stopping = False

    @property
    def stored(self) -> int:
        """Records of batches that are done: written, dropped by a filter, or dead."""
        return self.uploads.stored

    def stop(self) -> None:
        """Ask `run` to finish what was read and return. May be called by a signal handler."""
        self._stopping = True

    # -- the loop -----------------------------------------------------------------------------

    def run(self) -> None:
        """Work until `stop`. Raises SinkStopped, with one line that says why, when it cannot."""
        self.ledger.check()
        self.dead_letters.prepare(self.settings.topic)
        if self.roster is not None:
            self.roster.load()
            self.runs.refresh()
        settings = self.settings.consumer(self._kafka)
        self.consumer = Consumer({**settings, "on_commit": self.uploads.heard})
        try:
            self.consumer.subscribe(
                [self.settings.topic],
                on_assign=self._assigned,
                on_revoke=self._revoked,
                on_lost=self._lost,
            )
            while not self._stopping:
                self._take()
                self._tick()
            self._drain()
        finally:
            self.lanes.clear()
            self.bucket.close()
            self.uploads.close()
            self.consumer.close()
            if self.roster is not None:
                self.roster.close()

    def _take(self) -> None:
        """Give the next records to their lanes."""
        messages = self.consumer.consume(self._many, TAKE_S)
        if self._failure is not None:
            raise self._failure
        if messages:
            some = messages[::8]
            mean = sum(map(len, some)) // len(some) + 1
            self._many = max(1, min(TAKE, TAKE_BYTES // mean))
        # Nearly always there are none; they have their place among the records of a partition.
        # (Not `list.count(None)`: a KafkaError compared with None leaves an exception behind.)
        errors = [at for at, error in enumerate(map(Message.error, messages)) if error is not None]
        start = 0
        for at in errors:
            self.runs.take(messages[start:at])
            self._trouble(messages[at].error(), messages[at].partition(), messages[at].offset())
            start = at + 1
        self.runs.take(messages[start:])

    def _trouble(self, error: KafkaError, partition: int, offset: int) -> None:
        if error.code() == KafkaError._PARTITION_EOF:
            if partition in self.lanes:
                self.lanes[partition].reached(offset)
        elif error.fatal() or error.code() in STOPPING:
            raise SinkStopped(f"Kafka: {error.str()}; nothing unwritten was committed")
        else:
            log.warning("Kafka: %s", error.str())

    def _tick(self) -> None:
        """All that is to be done between two calls of consume."""
        for lane in self.lanes.values():
            if lane.due():
                lane.cut()
        for partition, plan in self.uploads.collect(self.lanes):
            self.lanes[partition].follow(plan)
        self._seek()
        self.uploads.write_dead_letters(self.lanes, self.consumer, self._member)
        self.uploads.start(self.lanes)
        self._press_back()
        self.uploads.commit(self.consumer, asynchronous=True)
        if time.monotonic() - self._followed > FOLLOW_S:
            if self.roster is not None:
                self.roster.follow()
            self.runs.refresh()
            self._followed = time.monotonic()

    def _seek(self) -> None:
        """Read again where a lane says so."""
        for partition, lane in self.lanes.items():
            if lane.lost:
                try:
                    self.consumer.seek(TopicPartition(self.settings.topic, partition, lane.next))
                    lane.found()
                except KafkaException as error:  # not fetching yet: after the next poll
                    log.debug("seek: %s", error)

    def _press_back(self) -> None:
        """Pause what is ahead of its uploads; go on with what has caught up."""
        held = {partition: lane.held for partition, lane in self.lanes.items()}
        full = sum(held.values()) > self.settings.held_mb * 1e6
        if full and not any(lane.closed for lane in self.lanes.values()):
            self.lanes[max(held, key=held.get)].cut()  # all of it is in open batches
            self.uploads.start(self.lanes)
        # A batch that a plan has settled must be read to its end, whatever is held.
        full = full and any(lane.closed for lane in self.lanes.values())
        ahead = {
            partition
            for partition, lane in self.lanes.items()
            if len(lane.closed) >= WAITING or (full and not lane.batch.settled)
        }
        topic = self.settings.topic
        if pause := ahead - self._paused:
            log.info("paused %s: S3 is behind", sorted(pause))
            self.consumer.pause([TopicPartition(topic, p) for p in pause])
        if resume := (self._paused - ahead) & set(self.lanes):
            self.consumer.resume([TopicPartition(topic, p) for p in resume])
        self._paused = ahead

    def _drain(self) -> None:
        """Cut, upload and commit what was read."""
        log.info("stopping: uploading what was read")
        for lane in self.lanes.values():
            lane.cut()
        while any(lane.closed for lane in self.lanes.values()):
            self.uploads.start(self.lanes)
            self.uploads.wait(1.0, self.lanes)
            for partition, _ in self.uploads.collect(self.lanes):
                self.lanes[partition].closed.clear()  # the next start reads it again
            self.uploads.write_dead_letters(self.lanes, self.consumer, self._member)
            if self.uploads.waiting:  # the group has to settle first; what comes is read again
                self.consumer.consume(1, TAKE_S)
        self.uploads.commit(self.consumer, asynchronous=False)

    # -- rebalances ---------------------------------------------------------------------------
    # An exception in these would be lost in the client or surface in another call: `_take` raises.

    def _assigned(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        settings = self.settings
        self._member.joined(consumer)
        try:
            for each in partitions:
                how = (self.processor, self._makers, settings.format, settings.limits)
                lane = Lane(self.ledger, each.partition, *how, time.monotonic)
                each.offset = lane.start()
                self.lanes[each.partition] = lane
        except Exception as error:  # noqa: BLE001
            self._failure = error
            partitions = []
        consumer.incremental_assign(partitions)
        consumer.resume(partitions)  # the client remembers a pause from before they were given up
        log.info("took over %s", {each.partition: each.offset for each in partitions})

    def _revoked(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        """Let uploads under way end, so that who comes next finds them; drop what is not cut."""
        leaving = {each.partition for each in partitions}
        self._member.joined(consumer)
        try:
            self.uploads.wait(HAND_OVER_S, leaving)
            for partition, plan in self.uploads.collect(self.lanes):
                self.lanes[partition].follow(plan)
            self.uploads.write_dead_letters(self.lanes, self.consumer, self._member)
            self.uploads.commit(consumer, asynchronous=False)
        except Exception as error:  # noqa: BLE001
            self._failure = error
        self._lost(consumer, partitions)
        consumer.incremental_unassign(partitions)

    def _lost(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        """Forget them: they are another's already."""
        gone = {each.partition for each in partitions}
        for partition in gone:
            self.lanes.pop(partition, None)
        self.uploads.forget(gone)
        self._paused -= gone
        log.info("gave up %s", sorted(gone))
