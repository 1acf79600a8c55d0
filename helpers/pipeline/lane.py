"""A lane: one partition on its way into the bucket, between the consumer and the uploads.

It takes records in order, cuts them into batches, and says where reading begins and begins anew.
It knows the ledger and neither the consumer nor threads, so tests drive it by hand.

    lane = Lane(...); offset = lane.start()     what the bucket already has decides
    lane.add(message)                           any number of times
    lane.closed[0]                              a batch to be stored: `store`, then `done`
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from typing import Any

from helpers.pipeline.batch import Batch, Dead, Limits
from helpers.pipeline.ledger import Ledger, Plan
from helpers.pipeline.process import Dropped, Poison, Processor
from helpers.pipeline.store import SinkStopped
from helpers.pipeline.writers import PACK, JsonLines

log = logging.getLogger(__name__)

Makers = Callable[[str], Callable[[], JsonLines]]  # format → makes a writer


class Lane:
    """One partition. `makers` knows every format that a plan may name."""

    def __init__(
        self,
        ledger: Ledger,
        partition: int,
        processor: Processor,
        makers: Makers,
        format_: str,
        limits: Limits,
        clock: Callable[[], float],
    ):
        self.ledger, self.partition, self.limits = ledger, partition, limits
        self._process, self._makers, self._format = processor.process, makers, format_
        self._clock = clock
        self._source = b',"kafka_partition":%d,"kafka_offset":%%d,"kafka_timestamp":%%d}\n'
        self._source %= partition
        self.next = 0  # the offset expected: everything before it was taken
        self.closed: deque[Batch] = deque()  # cut, to be stored in this order
        self.lost = True  # the consumer has to be told to read at `next` (again), then `found`
        self._fresh = True  # nothing was read since it began
        self._sure = False  # the consumer was told where to read, and has no older records left
        self.missing = 0  # offsets that retention took before they were read

    def start(self) -> int:
        """Ask the bucket; the offset at which to read. Also used to begin anew after a conflict."""
        plan = self.ledger.last(self.partition)
        if plan is None:
            return self._begin(0, None)
        if self.ledger.complete(self.partition, plan):
            return self._begin(plan.end, None)
        return self._begin(plan.first, plan)

    def follow(self, plan: Plan) -> None:
        """Drop what is held: another process settled the batch. The consumer has to `seek`."""
        self._begin(plan.first, plan)
        self.lost = True

    def found(self) -> None:
        """The consumer was told to read at `next`, and what comes from now on is from there."""
        self.lost, self._sure = False, True

    def _begin(self, offset: int, plan: Plan | None) -> int:
        self.closed.clear()
        self.next, self._fresh, self._sure = offset, True, False
        self.lost = False
        self._open(offset, plan)
        return offset

    def _open(self, first: int, plan: Plan | None = None) -> None:
        self.batch = Batch(first, self._clock(), plan)
        self._make = self._makers(plan.format if plan else self._format)
        self._cut = plan.end if plan else self.limits.cut_after(first)

    def add(self, message: Any) -> None:
        """Take the partition's next record. Raises SinkStopped when it cannot be the next."""
        offset = message.offset()
        if offset != self.next:
            if not self._jump(offset):
                return
            if offset >= self._cut:
                self._skip(offset)
        batch, key, value = self.batch, message.key(), message.value()
        if not batch.records:
            batch.made_at = self._clock()
            self._fresh = False
        _, timestamp = message.timestamp()
        try:
            hour, body, about, extra = self._process(key, value)
            writer = batch.hours.get(hour)
            if writer is None:
                if len(batch.hours) >= self.limits.hours and not batch.settled:
                    self._close(offset)
                    batch = self.batch
                writer = batch.open_hour(hour, self._make)
            buffer = writer.buffer
            before = len(buffer)
            buffer += body
            buffer += about
            if extra:
                buffer += extra
            buffer += self._source % (offset, timestamp)
            writer.records += 1
            size = len(buffer)
            batch.raw += size - before
            batch.records += 1
            if size > PACK:
                writer.pack()
        except Dropped as dropped:
            batch.dropped[dropped.why] += 1
            batch.records += 1
        except Poison as poison:
            headers = message.headers() or []
            why = (poison.cause, poison.detail)
            batch.add_dead(Dead(offset, timestamp, key, value, headers, *why))
        self.next = offset + 1
        if self.next >= self._cut:
            self._close(self._cut)
        elif batch.raw >= self.limits.bytes and not batch.settled:
            self._close(self.next)

    def _jump(self, offset: int) -> bool:
        """Offsets are left out by compaction, by transactions, and by retention; or so it seems.

        Right after a rebalance the client may still hold records from before it, so the first gap
        is believed only when it is there again after a seek. False: not believed yet.
        """
        if self.lost:
            return False
        if self._fresh and not self._sure:
            self.lost = True
            return False
        if offset < self.next:
            raise SinkStopped(
                f"partition {self.partition} of {self.ledger.topic} gave offset {offset}, and the "
                f"bucket has all before {self.next}: was the topic deleted and made anew? "
                "Give the sink another prefix for it"
            )
        if self._fresh and offset > self.next:
            log.warning(
                "%s [%d]: offsets %d to %d are not in the topic (any more)",
                *(self.ledger.topic, self.partition, self.next, offset - 1),
            )
            self.missing += offset - self.next
        return True

    def _skip(self, offset: int) -> None:
        """The next record is behind the cut, since those before it are not in the topic."""
        if self.batch.settled or self.batch.records:
            self._close(self._cut)
        self._cut = max(self._cut, self.limits.cut_after(offset))

    def reached(self, offset: int) -> None:
        """The consumer says that there is nothing before this offset that it has not given."""
        if offset > self.next:
            if not self._jump(offset):
                return
            self.next = offset
        if self.batch.settled and self.next >= self._cut:
            self._close(self._cut)

    def cut(self) -> None:
        """Close the batch now, if anything is in it and no plan says where it ends."""
        if self.batch.records and not self.batch.settled:
            self._close(self.next)

    def due(self) -> bool:
        """Whether the batch is old enough to be cut."""
        batch = self.batch
        old = self._clock() - batch.made_at >= self.limits.age_s
        return bool(batch.records) and not batch.settled and old

    def _close(self, end: int) -> None:
        self.batch.close(end, self._format)
        self.closed.append(self.batch)
        self._open(end)

    @property
    def held(self) -> int:
        """Bytes in memory, roughly."""
        return self.batch.held + sum(batch.held for batch in self.closed)


def store(ledger: Ledger, partition: int, batch: Batch) -> Plan | None:
    """Steps 2 and 3 of the protocol for a closed batch, but for its dead letters.

    Returns None when all its objects are in the bucket. Returns the other plan when another process
    settled another end for it: the lane has to `follow` that.
    """
    plan = batch.plan
    held = None if batch.settled else ledger.claim(partition, plan)
    if held is not None:
        if (held.end, held.format) != (plan.end, plan.format):
            return held
        batch.ask_first = True  # made by another process, or by us in a try whose answer was lost
    for hour in sorted(batch.hours):
        ledger.write(partition, plan, hour, batch.hours.pop(hour).finish())
    return None
