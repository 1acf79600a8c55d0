"""Records on their way from Kafka to many browsers, each as quick as it can, none in memory's way.

A ring holds the latest records for those who come later, or come back. Each browser has a buffer of
its own: when it is full, the oldest record in it is dropped and counted. Nobody waits for anybody.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

KEPT = 60  # records in the ring
BUFFER = 200  # records waiting for one browser
BROWSERS = 64

Row = dict[str, Any]


class Listener:
    """One browser's buffer."""

    def __init__(self) -> None:
        self.rows: deque[tuple[int, Row]] = deque(maxlen=BUFFER)
        self.lost = 0
        self._news = asyncio.Event()

    def offer(self, rows: list[tuple[int, Row]]) -> None:
        """Take what fits; count what had to go."""
        self.lost += max(0, len(self.rows) + len(rows) - BUFFER)
        self.rows.extend(rows)
        self._news.set()

    def wake(self) -> None:
        """End a `take` that waits."""
        self._news.set()

    async def take(self, seconds: float) -> tuple[list[tuple[int, Row]], int]:
        """What has come, after `seconds` at most, and how many were dropped before it."""
        try:
            await asyncio.wait_for(self._news.wait(), seconds)
        except TimeoutError:
            return [], 0
        self._news.clear()
        rows, lost = list(self.rows), self.lost
        self.rows.clear()
        self.lost = 0
        return rows, lost


class Feed:
    """The ring, the listeners, and how many records of each topic have been read. One loop only."""

    def __init__(self) -> None:
        self.boot = secrets.token_hex(4)  # numbers start anew with each server
        self.counts: Counter[str] = Counter()
        self.closing = False
        self._ring: deque[tuple[int, Row]] = deque(maxlen=KEPT)
        self._number = 0
        self._listeners: set[Listener] = set()

    def publish(self, rows: list[Row], counts: Counter[str]) -> None:
        """Pass on `rows`, the latest of those that `counts` counts by topic."""
        self.counts += counts
        numbered = list(enumerate(rows, self._number + 1))
        self._number += len(rows)
        self._ring.extend(numbered)
        for listener in self._listeners:
            listener.offer(numbered)

    @contextmanager
    def listener(self) -> Iterator[Listener]:
        """A buffer that is filled for as long as the block lasts."""
        listener = Listener()
        self._listeners.add(listener)
        try:
            yield listener
        finally:
            self._listeners.discard(listener)

    @property
    def full(self) -> bool:
        """Whether as many browsers listen as may."""
        return len(self._listeners) >= BROWSERS

    def since(self, last: str) -> tuple[list[tuple[int, Row]], bool]:
        """What the ring has after the id `last`, and whether that follows on without a gap."""
        boot, _, number = last.partition("-")
        known = boot == self.boot and number.isascii() and number.isdecimal() and len(number) < 16
        if not known or int(number) > self._number:
            return list(self._ring), False
        rows = [(n, row) for n, row in self._ring if n > int(number)]
        return rows, not rows or rows[0][0] == int(number) + 1

    def id(self, number: int) -> str:
        """What a browser says when it comes back."""
        return f"{self.boot}-{number}"

    @property
    def last(self) -> int:
        """The number of the latest record."""
        return self._number

    def close(self) -> None:
        """Let every browser go."""
        self.closing = True
        for listener in self._listeners:
            listener.wake()
