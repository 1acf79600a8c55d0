"""What was sent and answered. Delivery reports only note the time; the sums are made in bulk."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from functools import reduce
from types import CellType
from typing import Any

import numpy as np
import pandas as pd

from helpers.load.hdr import Histogram
from helpers.load.result import LATE_NS, Interval, Result
from helpers.load.schedule import SECOND, Schedule

clock = time.perf_counter_ns


SWEEP = 32  # chunks that are taken off the list at once
MANY = 32  # from so many records on, a chunk's reports are only counted
Answer = tuple[int, int, float, int]  # due and sent, ns from the start; perf_counter(); records


class Chunk:
    """Records that were sent by one call. `due` and `sent` in ns from the start of the run."""

    __slots__ = ("cell", "due", "first", "seen", "sent", "size")

    def __init__(self, first: int, due: int, sent: int) -> None:
        self.first, self.due, self.sent = first, due, sent
        self.size, self.seen = 0, 0  # records that the client took; acknowledged and noted
        self.cell: CellType | None = None  # for one of many records: how many were acknowledged


class Ledger:
    """The account of one run: `reporter` for a chunk, `add` it, `polled` after each poll, `harvest`
    now and then, `result` at the end."""

    def __init__(self, began: int, interval: float, places: bool) -> None:
        self.began, self._interval = began, interval
        self.places: list[tuple[int, float, int, int]] | None = [] if places else None
        self.sent, self.late, self.value_bytes, self.last_ns = 0, 0, 0, 0
        self.errors: Counter[str] = Counter()
        self.service, self.lateness = Histogram(), Histogram()
        self.rows: dict[int, Interval] = {}
        self._answers: list[Answer] = []
        self._new: list[Chunk] = []
        self._many: list[Chunk] = []
        self._ended = 0  # of them, all acknowledged
        self._over = False

    def reporter(self, chunk: Chunk, records: int) -> Callable[[Any, Any], None]:
        """The `on_delivery` of a chunk's records: the one piece of Python that runs for each.

        Few records: each notes its time. Many: they are counted, which costs a third, and are
        acknowledged when the poll() that brought their reports has returned (see `polled`).
        """
        add, now, good = self._answers.append, time.perf_counter, 0

        def counted(error, _message) -> None:
            nonlocal good
            if error is None:
                good += 1
            else:
                self._failed(chunk, error.name())

        def timed(error, _message) -> None:
            if error is None:
                add((chunk.due, chunk.sent, now(), 1))
            else:
                self._failed(chunk, error.name())

        def placed(error, message) -> None:
            timed(error, message)
            if error is None:
                where = (chunk.first, chunk.due / SECOND, message.partition(), message.offset())
                self.places.append(where)

        if self.places is not None:
            return placed
        if records < MANY:
            return timed
        # The counter itself: a function that returns it would be asked ten times for each record.
        chunk.cell = counted.__closure__[counted.__code__.co_freevars.index("good")]
        return counted

    def add(self, chunk: Chunk, records: int, size: int) -> None:
        """The client took `records` of the chunk, with `size` bytes of values."""
        chunk.size = records
        self.sent += records
        self.value_bytes += size
        self._new.append(chunk)
        if chunk.cell:
            self._many.append(chunk)

    def refused(self, name: str, records: int, size: int) -> None:
        """The client did not even take these records; no report will come."""
        self.sent += records
        self.value_bytes += size
        self.errors[name] += records
        row = self._row(clock() - self.began)
        row.sent += records
        row.errors += records

    def polled(self) -> None:
        """Note what the last poll() brought for chunks of many records."""
        if not self._many:
            return
        now = time.perf_counter()
        for chunk in self._many:
            good = chunk.cell.cell_contents
            if good != chunk.seen:
                self._answers.append((chunk.due, chunk.sent, now, good - chunk.seen))
                chunk.seen = good
                self._ended += good >= chunk.size
        if self._ended >= SWEEP or self._ended == len(self._many):
            self._many = [chunk for chunk in self._many if chunk.seen < chunk.size]
            self._ended = 0

    def account(self) -> tuple[int, int, int]:
        """Records sent, acknowledged, failed, as of the last harvest."""
        return self.sent, self.service.count, self.errors.total()

    @property
    def waiting(self) -> int:
        """Records that have no answer yet, as far as `polled` knows."""
        noted = sum(answer[3] for answer in self._answers)
        return self.sent - self.service.count - noted - self.errors.total()

    def harvest(self) -> int:
        """Add up what has come; how many records have no answer yet."""
        self._count_new()
        self.polled()
        if self._answers:
            answers = np.array(self._answers)  # float64: exact for 104 days of ns
            self._answers.clear()  # the reporters hold this very list
            self._count(answers)
        return self.waiting

    def _count_new(self) -> None:
        if not self._new:
            return
        new, self._new = self._new, []
        sizes = np.array([chunk.size for chunk in new])
        sent = np.array([chunk.sent for chunk in new])
        late = sent - np.array([chunk.due for chunk in new])
        self.lateness.record_many(late // 1_000, sizes)
        self.late += int(sizes[late > LATE_NS].sum())
        rows = (sent / (self._interval * SECOND)).astype(np.int64)
        for number in np.unique(rows):
            self._at(int(number)).sent += int(sizes[rows == number].sum())

    def _count(self, answers: np.ndarray) -> None:
        due, sent, when, counts = answers.T
        counts = counts.astype(np.int64)
        when = np.rint(when * SECOND) - self.began
        latency = np.maximum(when - due, 0) // 1_000
        self.service.record_many(np.maximum(when - sent, 0) // 1_000, counts)
        self.last_ns = max(self.last_ns, int(when.max()))
        rows = (when / (self._interval * SECOND)).astype(np.int64)
        for number in range(int(rows.min()), int(rows.max()) + 1):
            mine = rows == number
            self._at(number).latency.record_many(latency[mine], counts[mine])

    def _failed(self, chunk: Chunk, name: str) -> None:
        if self._over:
            return
        chunk.size -= 1
        self.errors[name] += 1
        self._row(clock() - self.began).errors += 1

    def _row(self, ns: int) -> Interval:
        return self._at(int(ns / (self._interval * SECOND)))

    def _at(self, number: int) -> Interval:
        return self.rows.setdefault(number, Interval())

    def result(self, schedule: Schedule | None, **more: Any) -> Result:
        """All of it. Without a schedule a record was due when it was sent."""
        self.harvest()
        latency = reduce(Histogram.merge, (row.latency for row in self.rows.values()), Histogram())
        open_ended = self.waiting or not self.last_ns
        ended = clock() - self.began if open_ended else self.last_ns
        self._over = True  # what the client still reports, when it is emptied, is not ours any more
        if schedule:
            for number in range(int(np.ceil(schedule.seconds / self._interval))):
                first = schedule.reached(number * self._interval)
                self._at(number).due += schedule.reached((number + 1) * self._interval) - first
            more |= {"schedule": str(schedule), "scheduled": schedule.count}
            more["target_rate"] = schedule.count / schedule.seconds
        else:
            for row in self.rows.values():
                row.due = row.sent
            more["scheduled"] = self.sent
        table = None
        if self.places is not None:
            names = ["index", "due_s", "partition", "offset"]
            table = pd.DataFrame(self.places, columns=names)
        return Result(
            **more,
            interval=self._interval,
            sent=self.sent,
            acknowledged=latency.count,
            late=self.late,
            value_bytes=self.value_bytes,
            seconds=ended / SECOND,
            errors=self.errors,
            latency=latency,
            service=self.service,
            lateness=self.lateness,
            rows=self.rows,
            places=table,
        )
