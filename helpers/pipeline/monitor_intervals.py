"""The monitor's clock: a window a second for those who look, one an interval for CloudWatch."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from helpers.pipeline.monitor_values import Distribution
from helpers.pipeline.monitor_window import Series, Window, series

HEARTBEAT, LINES_LOST = series("Heartbeat"), series("LogLinesLost")
RECENT_S = 10  # seconds that rates and percentiles look back


@dataclass(frozen=True)
class Snapshot:
    """How things were at one moment. Never changes, so any thread may look at it.

    `processed`, `errors` and `malformed` are sums since the monitor started, `rate` (records a
    second), `p50_ms` and `p99_ms` (from the record's time to its processing; None when there was
    none) are of the last ten seconds, `lag` is as last measured.
    """

    at: float = 0.0  # seconds since 1970
    records: int = 0
    rate: float = 0.0
    p50_ms: float | None = None
    p99_ms: float | None = None
    processed: dict[tuple[str, str], int] = field(default_factory=dict)  # by topic and type
    errors: dict[tuple[str, str], int] = field(default_factory=dict)  # by severity and service
    malformed: dict[str, int] = field(default_factory=dict)  # by topic
    lag: dict[str, dict[tuple[str, int], int]] = field(default_factory=dict)  # group → partition →
    kept: int = 0  # intervals that CloudWatch does not have yet
    trouble: str = ""  # what CloudWatch or Logs says, if they take nothing at the moment


class Intervals:
    """Records are noted in `second`. Intervals begin at whole multiples of `every_s` since 1970, so
    that a point of CloudWatch, a minute for instance, holds whole intervals.

    `zeros` are the series that are reported even when there was nothing.
    """

    def __init__(self, every_s: float, zeros: Iterable[Series]):
        self.every_s, self._zeros = every_s, tuple(zeros)
        self.records = 0
        self._counts: Counter[Series] = Counter()  # since the start
        self._recent: deque[Window] = deque()
        self._begun = time.time()
        self._open(self._begun)

    def tick(self, now: float) -> Window | None:
        """Go on to the next second; the interval, if that is over."""
        if int(now) != int(self.second.start):
            self._next_second(now)
        return None if self._window.start <= now < self._until else self.cut(now)

    def cut(self, now: float) -> Window:
        """End the interval now, whether it is over or not; the next may begin at the same time."""
        start = self._window.start
        self._next_second(now)
        window, window.start = self._window, start
        window.counts[HEARTBEAT] = 1
        self._open(now)
        return window

    def _open(self, now: float) -> None:
        self._window = Window(now - now % self.every_s)
        self._until = self._window.start + self.every_s
        self._window.counts.update(dict.fromkeys(self._zeros, 0))
        self.second = Window(now)

    def _next_second(self, now: float) -> None:
        self.records += self.second.records
        self._counts.update(self.second.counts)
        self._recent.append(self.second)
        self._window.merge(self.second)
        self.second = Window(now)

    def look(self, lag: dict, kept: int, trouble: str) -> Snapshot:
        """How things are now."""
        now = time.time()
        while self._recent and self._recent[0].start < now - RECENT_S:
            self._recent.popleft()
        latency = Distribution()
        for second in self._recent:
            for distribution in second.values.values():
                latency.update(distribution)
        span = min(RECENT_S, max(1.0, now - self._begun))
        return Snapshot(
            at=now,
            records=self.records,
            rate=sum(second.records for second in self._recent) / span,
            p50_ms=latency.quantile(0.5),
            p99_ms=latency.quantile(0.99),
            processed=self._sums("Processed", "Topic", "Type"),
            errors=self._sums("Errors", "Severity", "Service"),
            malformed={topic: n for (topic,), n in self._sums("Malformed", "Topic").items()},
            lag=lag,
            kept=kept,
            trouble=trouble,
        )

    def _sums(self, name: str, *dimensions: str) -> dict[tuple, int]:
        return {
            tuple(value for _, value in pairs): n
            for (of, pairs), n in self._counts.items()
            if of == name and tuple(key for key, _ in pairs) == dimensions
        }
