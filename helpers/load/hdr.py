"""HdrHistogram: counts of whole numbers in buckets whose width grows with the value.

The layout is that of HdrHistogram (https://hdrhistogram.github.io/HdrHistogram/) with three
significant digits and a unit of 1: every value below 2,048 has a bucket of its own; above, each
doubling is divided into 1,024 buckets of equal width. A bucket is never wider than a thousandth of
the values in it, whatever their size, and adding the counts of two histograms gives the histogram
of both. numpy records hundreds of thousands of values in one call.
"""

from __future__ import annotations

import math
import struct
import zlib

import numpy as np
import pandas as pd

HALF_BITS = 10
HALF = 1 << HALF_BITS  # buckets in each doubling: 2 x 10^3, rounded up to a power of 2, and halved
LARGEST = 2**52  # whole numbers as floats are exact so far; as microseconds, 142 years
LADDER = (50.0, 90.0, 95.0, 99.0, 99.9, 99.99, 99.999, 99.9999)
BEYOND = 10  # samples beyond a percentile, or it is not one
HEADER = struct.Struct(">4sQQQd")
MAGIC = b"hdr3"


class Histogram:
    """Counts of whole numbers from 0 to 2^52, to three significant digits.

    `count`, `min`, `max` and `mean` are exact; the last three are 0 for an empty histogram.
    """

    def __init__(self) -> None:
        self._counts = np.zeros(2 * HALF, np.int64)
        self.count, self.min, self.max = 0, 0, 0
        self._sum = 0.0

    def __repr__(self) -> str:
        return f"Histogram({self.count:,} values)"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Histogram):
            return NotImplemented
        same = (self.count, self.min, self.max) == (other.count, other.min, other.max)
        return same and np.array_equal(_trim(self._counts), _trim(other._counts))

    __hash__ = None  # it changes

    @property
    def mean(self) -> float:
        """The arithmetic mean of what was recorded."""
        return self._sum / self.count if self.count else 0.0

    def record(self, value: int, count: int = 1) -> None:
        """Count one value, `count` times."""
        self.record_many(np.array([value]), np.array([count]))

    def record_many(self, values: np.ndarray, counts: np.ndarray | None = None) -> None:
        """Count an array of values, or each as often as `counts` says; fractions are rounded.

        Raises ValueError outside 0 to 2^52.
        """
        values = np.asarray(values)
        if not values.size:
            return
        if values.dtype.kind == "f":
            values = np.rint(values)
        least, most = values.min(), values.max()
        if not (least >= 0 and most <= LARGEST):  # not: true for NaN as well
            raise ValueError(f"a histogram holds 0 to 2^52, not {least} to {most}")
        places = _index(values.astype(np.int64))
        self._add(np.bincount(places, counts).astype(np.int64))
        least, most = int(least), int(most)
        self.min = min(self.min, least) if self.count else least
        self.max = max(self.max, most)
        self.count += values.size if counts is None else int(counts.sum())
        weighted = values if counts is None else values.astype(np.float64) * counts
        self._sum += float(weighted.sum(dtype=np.float64))

    def merge(self, other: Histogram) -> Histogram:
        """A new histogram of the values of both."""
        both = Histogram()
        for part in (self, other):
            both._add(part._counts)
        filled = [part for part in (self, other) if part.count]
        both.min = min((part.min for part in filled), default=0)
        both.max = max(self.max, other.max)
        both.count, both._sum = self.count + other.count, self._sum + other._sum
        return both

    def percentile(self, percent: float) -> int:
        """The value that `percent` of all do not exceed: never less than the exact one, and at
        most a thousandth more. 0 for an empty histogram."""
        if not 0 <= percent <= 100:
            raise ValueError(f"a percentile lies between 0 and 100, not at {percent}")
        if not self.count:
            return 0
        rank = _rank(percent, self.count)
        place = int(np.searchsorted(np.cumsum(self._counts), rank))
        return int(min(_highest(np.array([place]))[0], self.max))

    def percentiles(self) -> dict[float, int]:
        """The usual percentiles, only those beyond which at least ten values lie."""
        enough = [p for p in LADDER if self.count - _rank(p, self.count) >= BEYOND]
        return {percent: self.percentile(percent) for percent in enough}

    def above(self, value: int) -> int:
        """How many lie in buckets above the one of `value`."""
        place = int(_index(np.array([value]))[0])
        return int(self._counts[place + 1 :].sum())

    def curve(self) -> pd.DataFrame:
        """`percentile` and `value`, a row for each filled bucket with at least ten values beyond.

        What HdrHistogram's own plots draw: the axis of percentiles is 1 / (1 - percentile / 100).
        """
        filled = np.flatnonzero(self._counts)
        reached = np.cumsum(self._counts[filled])
        keep = self.count - reached >= BEYOND
        percent = 100 * reached[keep] / max(self.count, 1)
        return pd.DataFrame({"percentile": percent, "value": _highest(filled[keep])})

    def to_bytes(self) -> bytes:
        """Compact; `from_bytes` makes an equal histogram of it."""
        head = HEADER.pack(MAGIC, self.count, self.min, self.max, self._sum)
        return head + zlib.compress(_trim(self._counts).astype("<i8").tobytes(), 1)

    @classmethod
    def from_bytes(cls, data: bytes) -> Histogram:
        """The histogram that `to_bytes` wrote. Raises ValueError for anything else."""
        try:
            magic, *numbers = HEADER.unpack_from(data)
            counts = np.frombuffer(zlib.decompress(data[HEADER.size :]), "<i8").astype(np.int64)
        except (struct.error, zlib.error) as error:
            raise ValueError(f"these bytes are not a histogram: {error}") from error
        if magic != MAGIC or counts.sum() != numbers[0]:
            raise ValueError("these bytes are not a histogram, or were cut short")
        new = cls()
        new._add(counts)
        new.count, new.min, new.max, new._sum = numbers
        return new

    def _add(self, counts: np.ndarray) -> None:
        if counts.size > self._counts.size:
            grown = np.zeros(counts.size + HALF, np.int64)
            grown[: self._counts.size] = self._counts
            self._counts = grown
        self._counts[: counts.size] += counts


def histogram(values: np.ndarray) -> Histogram:
    """The histogram of an array."""
    new = Histogram()
    new.record_many(values)
    return new


def _rank(percent: float, count: int) -> int:
    """Which of `count` sorted values, counted from 1, has `percent` of them at or below it."""
    return max(1, math.ceil(percent / 100 * count - 1e-6))  # 99.9% of 1,000 are 999.0000000000001


def _index(values: np.ndarray) -> np.ndarray:
    """The bucket of each value: HdrHistogram's countsArrayIndex.

    A float64 has it already: the exponent says which doubling, the first ten bits of the fraction
    which of its 1,024 buckets.
    """
    bits = values.astype(np.float64).view(np.int64) >> (52 - HALF_BITS)
    return np.where(values < HALF, values, bits - (1023 + HALF_BITS - 1 << HALF_BITS))


def _highest(places: np.ndarray) -> np.ndarray:
    """The largest value that belongs to each bucket."""
    doubling = np.maximum((places >> HALF_BITS) - 1, 0)
    return ((places - (doubling << HALF_BITS) + 1) << doubling) - 1


def _trim(counts: np.ndarray) -> np.ndarray:
    """Without the empty buckets at the end."""
    filled = np.flatnonzero(counts)
    return counts[: filled[-1] + 1 if filled.size else 0]
