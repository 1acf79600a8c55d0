"""When each record is due: rates that are constant or change evenly, one piece after another.

Only arithmetic: record i is due when the rate, added up over time, reaches i. Nothing is stored for
each record, and the schedule does not know how the broker is doing. That is what makes it open.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple

import numpy as np

from helpers.errors import LabError

SECOND = 1_000_000_000  # nanoseconds


class Piece(NamedTuple):
    """A part of a schedule: the rate goes evenly from `first` to `last`, in records a second."""

    first: float
    last: float
    seconds: float

    @property
    def records(self) -> float:
        """How many fall due in it, with the fraction of one that is left."""
        return (self.first + self.last) / 2 * self.seconds


@dataclass(frozen=True)
class Schedule:
    """Due times of `count` records. `a + b` is one after the other.

    `share(k, n)` is every n-th of them from the k-th on: the part of one of n processes.
    """

    pieces: tuple[Piece, ...]
    step: int = 1
    offset: int = 0

    def __post_init__(self) -> None:
        for piece in self.pieces:
            if not all(0 <= number < math.inf for number in piece) or piece.seconds <= 0:
                raise LabError(
                    "a schedule needs rates of 0 or more and more than 0 seconds, not "
                    f"{piece.first:g} to {piece.last:g} a second for {piece.seconds:g} s"
                )

    def __repr__(self) -> str:
        return f"Schedule({self})"

    def __str__(self) -> str:
        words = [
            f"{p.first:g}/s" + (f" to {p.last:g}/s" if p.last != p.first else "")
            for p in self.pieces
        ]
        times = [f"{w} for {p.seconds:g} s" for w, p in zip(words, self.pieces, strict=True)]
        share = f", every {self.step}. record" if self.step > 1 else ""
        return ", then ".join(times) + share

    def __add__(self, other: Schedule) -> Schedule:
        if (self.step, self.offset) != (other.step, other.offset):
            raise LabError("add whole schedules, then share them among processes")
        return Schedule(self.pieces + other.pieces, self.step, self.offset)

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return sum(piece.seconds for piece in self.pieces)

    @property
    def count(self) -> int:
        """How many records fall due."""
        # The tiny part: 0.1 s at 30 a second are 3 records, whatever floating point says.
        total = math.ceil(sum(piece.records for piece in self.pieces) - 1e-6)
        return max(0, -(-(total - self.offset) // self.step))

    def due(self, first: int, last: int | None = None):
        """When record `first` is due, in ns from the start; with `last`, an int64 array of those
        from `first` up to, not including, `last`."""
        if last is None:
            return int(self._times(np.array([first]))[0])
        return self._times(np.arange(first, last))

    def _times(self, numbers: np.ndarray) -> np.ndarray:
        numbers = (numbers * self.step + self.offset).astype(np.float64)
        if len(self.pieces) == 1:
            return np.rint(_when(self.pieces[0], numbers) * SECOND).astype(np.int64)
        records = np.array([0.0, *accumulate(piece.records for piece in self.pieces)])
        starts = np.array([0.0, *accumulate(piece.seconds for piece in self.pieces)])
        which = np.searchsorted(records, numbers, "right") - 1
        times = np.empty(numbers.size)
        for place in np.unique(which):
            place = min(int(place), len(self.pieces) - 1)
            mine = np.minimum(which, len(self.pieces) - 1) == place
            within = _when(self.pieces[place], numbers[mine] - records[place])
            times[mine] = starts[place] + within
        return np.rint(times * SECOND).astype(np.int64)

    def reached(self, second: float) -> int:
        """How many records are due before `second`."""
        low, high = 0, self.count
        while low < high:
            middle = (low + high) // 2
            if self.due(middle) < second * SECOND:
                low = middle + 1
            else:
                high = middle
        return low

    def rate_at(self, second: float) -> float:
        """Records a second at that time from the start; 0 outside."""
        if second < 0:
            return 0.0
        for piece in self.pieces:
            if second < piece.seconds:
                rate = piece.first + (piece.last - piece.first) * second / piece.seconds
                return rate / self.step
            second -= piece.seconds
        return 0.0

    def share(self, number: int, of: int) -> Schedule:
        """The part of process `number` (from 0) of `of`."""
        return Schedule(self.pieces, self.step * of, self.offset + self.step * number)


def _when(piece: Piece, numbers: np.ndarray) -> np.ndarray:
    """Seconds from the piece's start at which first·t + (last - first)·t²/(2·seconds) = number."""
    slope = (piece.last - piece.first) / piece.seconds
    root = np.sqrt(np.maximum(piece.first**2 + 2 * slope * numbers, 0))
    # This form of the quadratic's solution does not subtract two numbers that are nearly equal.
    with np.errstate(invalid="ignore", divide="ignore"):
        times = 2 * numbers / (piece.first + root)
    return np.where(numbers == 0, 0.0, np.minimum(times, piece.seconds))


def constant(rate: float, seconds: float) -> Schedule:
    """The same rate all the time."""
    return Schedule((Piece(rate, rate, seconds),))


def step(low: float, high: float, seconds: float, at: float | None = None) -> Schedule:
    """`low`, and from second `at` (default: half time) `high`."""
    at = seconds / 2 if at is None else at
    return _joined(Piece(low, low, at), Piece(high, high, seconds - at))


def spike(base: float, peak: float, at: float, width: float, seconds: float) -> Schedule:
    """`base`, but `peak` for `width` seconds from second `at` on."""
    after = seconds - at - width
    return _joined(Piece(base, base, at), Piece(peak, peak, width), Piece(base, base, after))


def _joined(*pieces: Piece) -> Schedule:
    """The pieces that last; one at the very start or end may be of no length."""
    return Schedule(tuple(piece for piece in pieces if piece.seconds))


def ramp(first: float, last: float, seconds: float) -> Schedule:
    """Evenly from one rate to another."""
    return Schedule((Piece(first, last, seconds),))
