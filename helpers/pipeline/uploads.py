"""What is under way between a cut batch and its commit: uploads in threads, dead letters, offsets.

All methods are called by the sink's one thread; only `batch.store` runs in others.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Container, Iterable
from concurrent.futures import Future, ThreadPoolExecutor, wait

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from helpers.pipeline.batch import Batch, store
from helpers.pipeline.dead_letters import REBALANCING, DeadLetters
from helpers.pipeline.lane import Lane
from helpers.pipeline.ledger import Ledger, Plan
from helpers.pipeline.membership import Membership
from helpers.pipeline.store import SinkStopped

log = logging.getLogger(__name__)

DEAD_LETTERS_S = 120.0  # how long the broker may refuse dead letters because of rebalances
COMMIT_S = 0.2  # the shortest time between two commits
Lanes = dict[int, Lane]


class Uploads:
    """The batches of one sink that are cut and not yet done; one of a partition at a time."""

    def __init__(self, ledger: Ledger, dead_letters: DeadLetters, threads: int):
        self.ledger, self.topic, self.dead_letters = ledger, ledger.topic, dead_letters
        self.stored = 0  # records in batches that are done
        self.running: dict[int, tuple[Future, Batch]] = {}
        self.waiting: dict[int, Batch] = {}  # uploaded; their dead letters are not written yet
        self._ends: dict[int, int] = {}  # partition → what may be committed
        self._heard: dict[int, int] = {}  # partition → what the group has confirmed
        self._said = 0.0  # when a commit was sent last
        self._refused_since: float | None = None
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="upload")

    def start(self, lanes: Lanes) -> None:
        """Give each lane's next batch to a thread."""
        for partition, lane in lanes.items():
            if lane.closed and partition not in self.running and partition not in self.waiting:
                batch = lane.closed[0]
                job = self._pool.submit(store, self.ledger, partition, batch)
                self.running[partition] = (job, batch)

    def wait(self, seconds: float, partitions: Container[int]) -> None:
        """Wait until those of some partitions have ended, or for `seconds`."""
        wait([job for p, (job, _) in self.running.items() if p in partitions], seconds)

    def collect(self, lanes: Lanes) -> list[tuple[int, Plan]]:
        """See which uploads have ended. Returns the partitions that others have cut otherwise.

        Raises SinkStopped when S3 cannot be used.
        """
        conflicts = []
        for partition, (job, batch) in list(self.running.items()):
            if not job.done():
                continue
            del self.running[partition]
            other = job.result()
            lane = lanes.get(partition)
            if lane is None or not lane.closed or lane.closed[0] is not batch:
                continue  # handed over meanwhile
            if other is not None:
                log.info("%s [%d]: another process cut at %d", self.topic, partition, other.end)
                conflicts.append((partition, other))
            elif batch.dead:
                self.waiting[partition] = batch
            else:
                self._finish(partition, lane)
        return conflicts

    def write_dead_letters(self, lanes: Lanes, consumer: Consumer, member: Membership) -> None:
        """Those of all batches whose objects are there, in one transaction.

        Batches wait on when the group is being shared out anew. Raises SinkStopped when that takes
        too long or the broker refuses for another reason.
        """
        if not self.waiting:
            return
        asked = [self._at(p) for p, batch in self.waiting.items() if batch.ask_first]
        try:
            known = consumer.committed(asked, timeout=30) if asked else []
        except KafkaException as error:  # a coordinator on the move: asked again at the next call
            log.warning("committed offsets: %s", error.args[0].str())
            return
        out = {t.partition: t.offset for t in known}
        dead = [
            (partition, letter)
            for partition, batch in self.waiting.items()
            for letter in batch.dead
            if out.get(partition, -1) < batch.end
        ]
        ends = {partition: batch.end for partition, batch in self.waiting.items()}
        if dead and not self.dead_letters.write(dead, self.topic, ends, member):
            for batch in self.waiting.values():
                batch.ask_first = True  # an answer may be what was missing
            now = time.monotonic()
            self._refused_since = self._refused_since or now
            if now - self._refused_since > DEAD_LETTERS_S:
                raise SinkStopped(
                    f"Kafka has not taken dead letters for {DEAD_LETTERS_S:g} s; nothing of their "
                    "batches was committed"
                )
            return
        self._refused_since = None
        for partition, batch in list(self.waiting.items()):
            self.ledger.receipt(partition, batch.plan)
            del self.waiting[partition]
            self._finish(partition, lanes[partition])

    def _finish(self, partition: int, lane: Lane) -> None:
        """A batch is done: step 3 of the protocol in `ledger`."""
        batch = lane.closed.popleft()
        self.stored += batch.records
        self._ends[partition] = batch.end
        log.info(
            "stored %s [%d] %d to %d: %d records, %d objects, %d dropped, %d dead",
            *(self.topic, partition, batch.first, batch.end - 1, batch.records),
            *(len(batch.plan.hours), sum(batch.dropped.values()), len(batch.dead)),
        )

    def commit(self, consumer: Consumer, asynchronous: bool) -> None:
        """Tell the group how far we are, until it has heard. It may refuse during a rebalance."""
        now = time.monotonic()
        offsets = [
            self._at(partition, end)
            for partition, end in self._ends.items()
            if self._heard.get(partition) != end
        ]
        if not offsets or (asynchronous and now - self._said < COMMIT_S):
            return
        self._said = now
        try:
            if asynchronous:
                consumer.commit(offsets=offsets, asynchronous=True)
            else:
                self.heard(None, consumer.commit(offsets=offsets, asynchronous=False))
        except KafkaException as error:
            self.heard(error.args[0], [])

    def heard(self, error: KafkaError | None, offsets: list[TopicPartition]) -> None:
        """The group's answer to a commit; the consumer's `on_commit`. A refusal is no failure."""
        if error is not None:
            expected = error.code() in REBALANCING
            log.log(logging.DEBUG if expected else logging.WARNING, "not committed: %s", error)
            return
        self._heard |= {each.partition: each.offset for each in offsets if each.error is None}

    def forget(self, partitions: Iterable[int]) -> None:
        """They are not ours any more. What still runs can do no harm, see `ledger`."""
        for partition in partitions:
            for known in (self.running, self.waiting, self._ends, self._heard):
                known.pop(partition, None)

    def close(self) -> None:
        """Start nothing more."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _at(self, partition: int, offset: int = -1001) -> TopicPartition:
        return TopicPartition(self.topic, partition, offset)
