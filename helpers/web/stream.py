"""A background of generated events, so that a class sees movement: a switch and a rate."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime

from helpers.pipeline.events import Event, generate
from helpers.pipeline.pacing import clock
from helpers.web.making import moved, now_ms
from helpers.web.sending import MOST_WAITING, NotStored, Sender

FASTEST = 50.0  # events a second
LIMIT_S = 900.0  # a stream that nobody switched off ends by itself
ROOM = MOST_WAITING // 4  # it leaves room for people


class Stream:
    """At most one stream at a time; `start` again changes its rate."""

    def __init__(self, sender: Sender) -> None:
        self.rate = 0.0
        self.sent = self.failed = 0
        self._sender = sender
        self._task: asyncio.Task | None = None
        self._sending: set[asyncio.Task] = set()

    async def start(self, rate: float) -> None:
        """Begin, at `rate` events a second; 0 stops it."""
        await self.stop()
        if rate > 0:
            self.rate = rate
            self._task = asyncio.create_task(self._run(rate))

    async def stop(self) -> None:
        """End it; what was sent gets its answers all the same."""
        self.rate = 0.0
        if self._task:
            self._task.cancel()
            await asyncio.wait([self._task])
            self._task = None

    async def _run(self, rate: float) -> None:
        """Not an open loop: while Kafka is slow it waits, and does not catch up afterwards."""
        events = _campus()
        began = due = clock()
        while clock() - began < LIMIT_S:
            due = max(due + 1 / rate, clock())
            await asyncio.sleep(due - clock())
            if len(self._sending) < ROOM:
                task = asyncio.create_task(self._send(moved(next(events), now_ms())))
                self._sending.add(task)
                task.add_done_callback(self._sending.discard)
        self.rate = 0.0

    async def _send(self, event: Event) -> None:
        try:
            await self._sender.send(event)
            self.sent += 1
        except NotStored:
            self.failed += 1


def _campus() -> Iterator[Event]:
    """Events of a campus that nobody has seen yet, from this minute on.

    Without its outages: an alarm during a demonstration should have the cause that the class saw.
    """
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    events = generate(secrets.randbelow(2**26 - 1), start=now)
    return (event for event in events if event.value.get("level") != "CRITICAL")
