"""Batches: the records of one partition between two cuts, sorted into one writer for each hour."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from helpers.pipeline.ledger import Ledger, Plan
from helpers.pipeline.writers import JsonLines


@dataclass(frozen=True, slots=True)
class Limits:
    """When a batch is cut. Whatever comes first; changing them between two runs is safe."""

    records: int = 50_000  # at multiples of this offset, so that batches have round numbers
    bytes: int = 32_000_000  # of lines, before compression
    age_s: float = 60.0  # since its first record came
    hours: int = 48  # objects of one batch: bounds memory when the events' times are all over

    def __post_init__(self) -> None:
        if min(self.records, self.bytes, self.hours) < 1 or self.age_s <= 0:
            raise ValueError(f"limits must be above 0: {self}")

    def cut_after(self, offset: int) -> int:
        """The absolute offset at which a batch with this one in it ends at the latest."""
        return (offset // self.records + 1) * self.records


@dataclass(frozen=True, slots=True)
class Dead:
    """A record for the dead letters, as it came."""

    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes]]
    cause: str
    detail: str


class Batch:
    """The records of [first, end). `end` is open until it is cut, or given by a plan."""

    def __init__(self, first: int, made_at: float, plan: Plan | None = None):
        self.first, self.made_at = first, made_at
        self.plan = plan
        self.settled = plan is not None  # in the bucket already: this is its repetition
        self.end: int | None = None
        self.records = 0  # all of them: written, dropped, dead
        self.raw = 0  # bytes of lines and dead letters
        self.hours: dict[str, JsonLines] = {}
        self.dead: list[Dead] = []
        self.dropped: Counter[str] = Counter()
        self.ask_first = self.settled  # whether its dead letters may be out already

    def write(
        self, hour: str, make: Callable[[], JsonLines], lines: bytes | memoryview, records: int
    ) -> None:
        """Add lines to those of an hour."""
        writer = self.hours.get(hour)
        if writer is None:
            writer = self.hours[hour] = make()
        writer.write(lines, records)
        self.raw += len(lines)
        self.records += records

    def add_dead(self, dead: Dead) -> None:
        """Keep a dead letter."""
        self.dead.append(dead)
        self.records += 1
        self.raw += 200 + len(dead.key or b"") + len(dead.value or b"")

    def close(self, end: int, format_: str) -> None:
        """Cut it before the offset `end`."""
        self.end = end
        if not self.settled:
            counts = {hour: writer.records for hour, writer in sorted(self.hours.items())}
            dropped = dict(sorted(self.dropped.items()))
            self.plan = Plan(self.first, end, format_, counts, len(self.dead), dropped)

    @property
    def held(self) -> int:
        """Bytes that it keeps in memory, roughly."""
        inside = sum(w.packed + len(w.buffer) for w in list(self.hours.values()))
        return inside + sum(200 + len(d.value or b"") for d in self.dead)


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
