"""A lane's state and its way with a single record; `lane` has the quick ways with many."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable

from confluent_kafka import Message

from helpers.pipeline.batch import Batch, Dead, Limits
from helpers.pipeline.ledger import Ledger, Plan
from helpers.pipeline.lines import Lines
from helpers.pipeline.process import Dropped, Poison, Processor
from helpers.pipeline.store import SinkStopped
from helpers.pipeline.writers import JsonLines

log = logging.getLogger(__name__)

Makers = Callable[[str], Callable[[], JsonLines]]  # format → makes a writer


class OneByOne:
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
        self._processor, self._makers, self._format = processor, makers, format_
        self._clock = clock
        self._lines = Lines(partition)
        self.source = self._lines.source
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

    def _first(self) -> None:
        """The batch gets its first record."""
        self.batch.made_at = self._clock()
        self._fresh = False

    def add(self, message: Message) -> None:
        """Take the partition's next record. Raises SinkStopped when it cannot be the next."""
        offset = message.offset()
        if offset != self.next:
            if not self._jump(offset):
                return
            if offset >= self._cut:
                self._skip(offset)
        batch, key, value = self.batch, message.key(), message.value()
        if not batch.records:
            self._first()
        _, timestamp = message.timestamp()
        try:
            hour, body, about, extra = self._processor.process(key, value)
            full = len(batch.hours) >= self.limits.hours
            if full and hour not in batch.hours and not batch.settled:
                self._close(offset)
                batch = self.batch
            line = self._lines.one(body, about, extra, offset, timestamp)
            batch.write(hour, self._make, line, 1)
        except Dropped as dropped:
            batch.dropped[dropped.why] += 1
            batch.records += 1
        except Poison as poison:
            headers = message.headers() or []
            why = (poison.cause, poison.detail)
            batch.add_dead(Dead(offset, timestamp, key, value, headers, *why))
        self._advance(offset + 1)

    def _advance(self, offset: int) -> None:
        """All before this offset is taken. Cut if it is time."""
        self.next = offset
        batch = self.batch
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
