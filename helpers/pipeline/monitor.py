"""The monitor: a consumer in a group of its own that tells CloudWatch how the system is doing.

    Monitor(Settings(groups={"s3-sink": ()}), lab.kafka).run()

Metrics, in namespace `<prefix>AulaStreaming`, a data point for each interval of `every_s` seconds:

    Processed        by Topic and Type              valid records
    Errors           by Severity and Service, and by Severity alone: `error` events
    Malformed        by Topic                       what belongs among the dead letters
    EndToEndLatency  by Topic, ms, a distribution   from the record's time to its processing here
    ConsumerLag      by Group and Topic, a distribution of the measurements in the interval
    Heartbeat                                       1: an alarm on its absence watches the watcher
    LogLinesLost                                    only when there are some

What is promised. Counts go out before their offsets are committed: **at least once**. After a kill
(SIGKILL, power) records of at most the intervals that were not committed are counted again, so sums
may exceed the truth, and fall below it only when retention deletes records before they are read. A
request whose answer was lost counts twice as well. While CloudWatch takes nothing, counts are kept
in at most 30 intervals, merged where they are more: sums and percentiles stay, times get coarser;
nothing of it is committed, so a kill loses none. Lost is, with a line that says so, what CloudWatch
refuses for good. Log lines go out at about the same time, once as a rule: twice when an answer was
lost or after a kill; not at all when a kill comes between commit and sending, or when Logs takes
nothing for longer than 20,000 lines or 8 MB (`LogLinesLost` counts those).

Memory is bounded: records become sums and distributions at once.
"""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections import defaultdict
from uuid import uuid4

from confluent_kafka import Consumer, KafkaError, TopicPartition

from helpers.pipeline.monitor_aws import MonitorStopped
from helpers.pipeline.monitor_intervals import LINES_LOST, Intervals, Snapshot
from helpers.pipeline.monitor_lag import LagWatch
from helpers.pipeline.monitor_logs import LogLines
from helpers.pipeline.monitor_offsets import Offsets
from helpers.pipeline.monitor_outbox import Outbox
from helpers.pipeline.monitor_records import TopicReader
from helpers.pipeline.monitor_settings import Settings
from helpers.pipeline.monitor_window import Window, series

__all__ = ["Monitor", "MonitorStopped", "Settings", "Snapshot"]

log = logging.getLogger(__name__)

TAKE = 2_000  # records a call
TAKE_S = 0.1  # how long it waits for the first
LOOK_S = 0.5  # how often a snapshot is made
HAND_OVER_S = 5.0  # how long a rebalance waits for CloudWatch
DRAIN_S = 15.0  # how long the end does
STOPPING = {KafkaError.TOPIC_AUTHORIZATION_FAILED, KafkaError.GROUP_AUTHORIZATION_FAILED}


class Monitor:
    """One process's share of the work. `run` returns after `stop`, or raises MonitorStopped.

    In a notebook `with Monitor(...) as monitor:` runs it in a thread; leaving it stops it, and
    raises what `run` raised.
    """

    def __init__(self, settings: Settings, kafka: dict[str, str]):
        self.settings, self._kafka = settings, kafka
        self._readers = {
            name: TopicReader(name, schema, settings.log_all)
            for name, schema in settings.names.items()
        }
        namespace = settings.prefix + settings.namespace
        self.outbox = Outbox(namespace, settings.resolution, settings.give_up_s)
        self.lines: LogLines | None = None
        if settings.log_group:
            stream = settings.instance or f"{socket.gethostname()}-{uuid4().hex[:12]}"
            group = settings.prefix + settings.log_group
            self.lines = LogLines(group, stream, settings.retention_days)
        often = min(settings.every_s, 5.0)
        self.watch = LagWatch(kafka, settings.watched, list(settings.names), often)
        zeros = (of for reader in self._readers.values() for of in reader.zeros())
        self.intervals = Intervals(settings.every_s, zeros)
        self._snapshot, self._looked = Snapshot(), 0.0
        self._offsets, self._gone = Offsets(), set()
        self._failure: BaseException | None = None
        self._stopping = self._ended = False

    @property
    def counted(self) -> int:
        """Records counted since the start."""
        return self.intervals.records

    def snapshot(self) -> Snapshot:
        """How things were at most half a second ago. From any thread."""
        return self._snapshot

    def stop(self) -> None:
        """Ask `run` to send what there is, commit and return. May be called by a signal handler."""
        self._stopping = True

    # -- the loop -----------------------------------------------------------------------------

    def run(self) -> None:
        """Work until `stop`. Raises MonitorStopped, with one line that says why, when it cannot."""
        settings = self.settings.consumer(self._kafka)
        self._consumer = Consumer({**settings, "on_commit": self._offsets.heard})
        couriers = [self.outbox, *([self.lines] if self.lines else [])]
        calls = {"on_assign": self._assign, "on_revoke": self._revoke, "on_lost": self._lose}
        try:
            for part in (*couriers, self.watch):
                part.start()
            self._consumer.subscribe(list(self.settings.names), **calls)
            while not self._stopping:
                self._take()
                self._tick()
                for courier in couriers:
                    if courier.failure is not None:
                        self._commit(asynchronous=False)
                        raise courier.failure
            self._drain()
        finally:
            self._ended = True
            self.watch.close()
            for courier in couriers:
                courier.close()
            self._consumer.close()

    def _take(self) -> None:
        """Note what has arrived. The first record is not kept waiting for others."""
        self._gone = set()
        first = self._consumer.poll(TAKE_S)
        if self._failure is not None:
            raise self._failure
        if first is None:
            return
        messages = [first, *self._consumer.consume(TAKE - 1, 0)]
        now_ms = int(time.time() * 1000)
        by_topic = defaultdict(list)
        for message in messages:
            if message.error() is not None:
                self._trouble(message.error())
                continue
            place = (message.topic(), message.partition())
            # Another's: given up meanwhile, or delivered although not assigned (`derive_batch`).
            if place in self._offsets.ours and place not in self._gone:
                by_topic[message.topic()].append(message)
        for topic, some in by_topic.items():
            lines = self._readers[topic].read(some, now_ms, self.intervals.second)
            if self.lines is not None:
                self.lines.add(lines)

    def _trouble(self, error: KafkaError) -> None:
        if error.fatal() or error.code() in STOPPING:
            raise MonitorStopped(f"Kafka: {error.str()}; nothing unsent was committed")
        log.warning("Kafka: %s", error.str())

    def _tick(self) -> None:
        """All that is to be done between two reads."""
        now = time.time()
        if (window := self.intervals.tick(now)) is not None:
            self._hand_over(window)
        if now - self._looked >= LOOK_S:
            self._look(now)
        self._commit(asynchronous=True)

    def _hand_over(self, window: Window) -> None:
        """Add what is measured once an interval, and give it to the outbox."""
        if self.lines is not None and (lost := self.lines.take_lost()):
            window.counts[LINES_LOST] = lost
        for group, topic, behind in self.watch.take():
            window.distribution(series("ConsumerLag", Group=group, Topic=topic)).add(behind)
        log.info("interval of %d records", window.records)
        self.outbox.put(window)

    def _look(self, now: float) -> None:
        self._looked = now
        trouble = self.outbox.trouble or (self.lines.trouble if self.lines else "")
        self._snapshot = self.intervals.look(self.watch.latest, self.outbox.kept, trouble)

    # -- offsets ------------------------------------------------------------------------------

    def _commit(self, asynchronous: bool) -> None:
        self._offsets.add(self.outbox.take_ends())
        self._offsets.commit(self._consumer, asynchronous)

    def _drain(self) -> None:
        """Send what there is and commit. Raises MonitorStopped when CloudWatch does not take it."""
        self._hand_over(self.intervals.cut(time.time()))
        end = time.monotonic() + DRAIN_S
        sent = self.outbox.flush(DRAIN_S)
        lines = self.lines is None or self.lines.flush(max(1.0, end - time.monotonic()))
        self._commit(asynchronous=False)
        while not self._offsets.confirmed and time.monotonic() < end:
            self._consumer.poll(TAKE_S)  # the group is shared out anew; what comes is read again
            self._commit(asynchronous=False)
        self._look(time.time())
        if not sent:
            raise self.outbox.failure or MonitorStopped(
                f"CloudWatch did not take the last {self.outbox.kept} intervals "
                f"({self.outbox.trouble}); they are not committed: the next start counts them again"
            )
        if not lines:
            raise self.lines.failure or MonitorStopped(
                f"CloudWatch Logs did not take the last lines ({self.lines.trouble}); they are lost"
            )

    # -- rebalances: an exception in these would be lost in the client, `_take` raises it ------

    def _assign(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        log.info("took over %s", self._offsets.take(partitions))
        consumer.incremental_assign(partitions)

    def _revoke(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        """Send and commit, so that who comes next counts nothing twice; not for ever, though."""
        try:
            if not self._ended:
                self._hand_over(self.intervals.cut(time.time()))
                self.outbox.flush(HAND_OVER_S)
                self._commit(asynchronous=False)
        except Exception as error:  # noqa: BLE001
            self._failure = error
        self._lose(consumer, partitions)
        consumer.incremental_unassign(partitions)

    def _lose(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        gone = self._offsets.give_up(partitions)
        self.outbox.forget(gone)
        self._gone |= set(gone)

    # -- in a thread --------------------------------------------------------------------------

    def __enter__(self) -> Monitor:
        self._thread = threading.Thread(target=self._guarded, name="monitor", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, kind: type | None, *_) -> None:
        self.stop()
        self._thread.join()
        if kind is None and self._failure is not None:
            raise self._failure

    def _guarded(self) -> None:
        try:
            self.run()
        except Exception as error:  # noqa: BLE001 - raised when the block is left
            self._failure = error
