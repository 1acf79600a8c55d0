"""Runs of a partition's records, made into lines by a thread while the next ones are read.

The lane takes the lines over later, in the records' order (`Lane.take_over`), and processes the
records itself where there are none. So whatever goes on here can only cost time.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import groupby

from confluent_kafka import Message

from helpers.pipeline.lane import Lane
from helpers.pipeline.quick import Lines, Quick, Run

WORTH = 200  # records at once: for fewer the thread is not worth its while
LARGE = 8_000_000  # bytes of records at once, at most


@dataclass(slots=True)
class Begun:
    """Records of several lanes in rows that end where a batch does, and the thread's job."""

    rows: list[tuple[Lane, list[Message]]] = field(default_factory=list)
    many: int = 0
    job: Future[list[Lines | None]] | None = None

    def add(self, lane: Lane, messages: list[Message]) -> None:
        """Some of a lane's next records."""
        self.many += len(messages)
        while messages:
            first = messages[0].offset()
            end = lane.limits.cut_after(first) - first
            self.rows.append((lane, messages[:end]))
            messages = messages[end:]


class Beside:
    """The thread, and what it is at. Without a usable `quick` all is left to the lanes."""

    def __init__(self, lanes: dict[int, Lane], quick: Quick | None):
        self._lanes, self._quick = lanes, quick if quick and quick.usable else None
        self._begun = Begun()
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="lines")

    def take(self, messages: list[Message]) -> None:
        """Take the next records: those of before go to their lanes, and with these it begins."""
        self.finish()
        for partition, some in groupby(messages, Message.partition):
            if (lane := self._lanes.get(partition)) is not None:
                self._begun.add(lane, list(some))
        if self._quick is not None and self._begun.many >= WORTH:
            self._submit(self._begun)
        else:
            self.finish()  # nothing to gain by waiting

    def finish(self) -> None:
        """Give what was begun to the lanes, if they still are ours."""
        begun, self._begun = self._begun, Begun()
        done = begun.job.result() if begun.job else [None] * len(begun.rows)
        for (lane, messages), lines in zip(begun.rows, done, strict=True):
            if self._lanes.get(lane.partition) is lane:
                lane.take_over(messages, lines)

    def _submit(self, begun: Begun) -> None:
        runs, every = [], []
        for lane, messages in begun.rows:
            first, many = messages[0].offset(), len(messages)
            if list(map(Message.offset, messages)) != list(range(first, first + many)):
                return  # a gap: the lane knows what to make of it
            runs.append(Run(lane.source, first, many))
            every += messages
        if sum(map(len, every)) > LARGE:
            return
        begun.job = self._pool.submit(
            self._quick.lines,
            runs,
            list(map(Message.key, every)),
            list(map(Message.value, every)),
            [at for _, at in map(Message.timestamp, every)],
        )

    def refresh(self) -> None:
        """The roster has changed. Done between two jobs."""
        if self._quick is not None:
            self._pool.submit(self._quick.refresh)

    def close(self) -> None:
        """End the thread."""
        self._pool.shutdown(wait=True, cancel_futures=True)
