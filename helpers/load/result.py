"""What a load test found: counts, histograms, a row for each second. Mergeable, and plain bytes."""

from __future__ import annotations

import base64
import json
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from helpers.load.hdr import Histogram

LATE_NS = 10_000_000  # a record sent so much after it was due counts as late
COUNTS = ("scheduled", "sent", "acknowledged", "late", "value_bytes")


@dataclass
class Interval:
    """One row of `Result.intervals`: what happened in `interval` seconds."""

    due: int = 0
    sent: int = 0
    errors: int = 0
    latency: Histogram = field(default_factory=Histogram)

    def merge(self, other: Interval) -> Interval:
        """Both together."""
        numbers = (self.due + other.due, self.sent + other.sent, self.errors + other.errors)
        return Interval(*numbers, self.latency.merge(other.latency))


@dataclass
class Result:
    """Counts of records; histograms in µs. See the properties for what is derived from them.

    latency: from the time when a record was due to its acknowledgement.
    service: from the call of produce() to the acknowledgement: what a closed loop measures.
    lateness: from the time when it was due to the call of produce().
    errors: name of librdkafka's error → records. `late`: sent more than 10 ms after they were due.
    seconds: from the start to the last acknowledgement; to the end, if some never came.
    """

    name: str = ""
    settings: dict[str, Any] = field(default_factory=dict)
    schedule: str = ""
    target_rate: float = 0.0
    interval: float = 1.0
    scheduled: int = 0
    sent: int = 0
    acknowledged: int = 0
    late: int = 0
    value_bytes: int = 0
    seconds: float = 0.0
    interrupted: bool = False
    errors: Counter[str] = field(default_factory=Counter)
    latency: Histogram = field(default_factory=Histogram)
    service: Histogram = field(default_factory=Histogram)
    lateness: Histogram = field(default_factory=Histogram)
    rows: dict[int, Interval] = field(default_factory=dict)
    places: pd.DataFrame | None = None

    def __repr__(self) -> str:
        return f"Result({self.name or 'load'}: {self.acknowledged:,} of {self.sent:,} acknowledged)"

    @property
    def unanswered(self) -> int:
        """Sent, and neither acknowledged nor failed: they may be in Kafka or not."""
        return self.sent - self.acknowledged - self.errors.total()

    @property
    def rate(self) -> float:
        """Acknowledged records a second."""
        return self.acknowledged / self.seconds if self.seconds else 0.0

    @property
    def mb_per_s(self) -> float:
        """Acknowledged MB (10^6 bytes of values) a second."""
        return self.rate * self.value_bytes / max(self.sent, 1) / 1e6

    @property
    def intervals(self) -> pd.DataFrame:
        """A row for each interval: `second` at which it begins, `due`, `sent`, `acknowledged`,
        `errors`, `p50_ms`, `p99_ms`, `max_ms`. Acknowledgements, and their latencies, belong to the
        interval in which they came: in a stall there are none. Then the latencies are NaN."""
        last = max(self.rows, default=-1)
        lines = []
        for number in range(last + 1):
            row = self.rows.get(number, Interval())
            found = row.latency
            line = [number * self.interval, row.due, row.sent, found.count, row.errors]
            if found.count:
                line += [found.percentile(50) / 1e3, found.percentile(99) / 1e3, found.max / 1e3]
            lines.append(line + [np.nan] * (8 - len(line)))
        names = ["second", "due", "sent", "acknowledged", "errors", "p50_ms", "p99_ms", "max_ms"]
        return pd.DataFrame(lines, columns=names)

    def summary(self) -> dict[str, Any]:
        """Plain numbers, fit for JSON. Percentiles in ms, only those with ten samples beyond."""

        def ms(found: Histogram) -> dict[str, float]:
            wanted = {f"p{p:g}": us for p, us in found.percentiles().items()} | {"max": found.max}
            return {name: round(us / 1000, 3) for name, us in wanted.items()}

        return {
            "name": self.name,
            "schedule": self.schedule,
            "scheduled": self.scheduled,
            "sent": self.sent,
            "acknowledged": self.acknowledged,
            "errors": dict(sorted(self.errors.items())),
            "unanswered": self.unanswered,
            "late": self.late,
            "seconds": round(self.seconds, 3),
            "target_rate": round(self.target_rate, 1),
            "rate": round(self.rate, 1),
            "mb_per_s": round(self.mb_per_s, 3),
            "latency_ms": ms(self.latency),
            "service_ms": ms(self.service),
            "lateness_ms": ms(self.lateness),
            "interrupted": self.interrupted,
        }

    def merge(self, other: Result) -> Result:
        """The result of both, as of two processes that sent at the same time."""
        numbers = {name: getattr(self, name) + getattr(other, name) for name in COUNTS}
        rows = dict(self.rows)
        for number, row in other.rows.items():
            rows[number] = rows.get(number, Interval()).merge(row)
        tables = [part.places for part in (self, other) if part.places is not None]
        return Result(
            **numbers,
            name=self.name or other.name,
            settings=self.settings or other.settings,
            schedule=self.schedule or other.schedule,
            target_rate=self.target_rate + other.target_rate,
            interval=self.interval,
            seconds=max(self.seconds, other.seconds),
            interrupted=self.interrupted or other.interrupted,
            errors=self.errors + other.errors,
            latency=self.latency.merge(other.latency),
            service=self.service.merge(other.service),
            lateness=self.lateness.merge(other.lateness),
            rows=rows,
            places=pd.concat(tables, ignore_index=True) if tables else None,
        )

    def to_bytes(self) -> bytes:
        """JSON; `from_bytes` makes an equal result of it. Without `places`."""
        plain = {k: v for k, v in vars(self).items() if k not in ("rows", "places")}
        plain["rows"] = {str(number): vars(row) for number, row in self.rows.items()}
        return json.dumps(plain, default=_plain).encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> Result:
        """The result that `to_bytes` wrote. Raises ValueError for anything else."""
        try:
            plain = json.loads(data)
            rows = {int(k): Interval(**_filled(row)) for k, row in plain.pop("rows").items()}
            return cls(**_filled(plain), rows=rows)
        except (TypeError, KeyError, AttributeError) as error:
            raise ValueError(f"these bytes are not a result: {error}") from error


def _plain(value: Any) -> str:
    """For JSON: a histogram as text; of other things what they call themselves."""
    if isinstance(value, Histogram):
        return base64.b64encode(value.to_bytes()).decode()
    return str(value)


def _filled(plain: dict[str, Any]) -> dict[str, Any]:
    """The fields of a dataclass: histograms and counters out of what JSON knows."""
    told = dict(plain)
    for name in ("latency", "service", "lateness"):
        if name in told:
            told[name] = Histogram.from_bytes(base64.b64decode(told[name]))
    if isinstance(told.get("errors"), dict):
        told["errors"] = Counter(told["errors"])
    return told
