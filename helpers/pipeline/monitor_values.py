"""How values are spread, small enough to send and exact enough for percentiles.

CloudWatch can compute p50 and p99 only from the values themselves: `Values` and `Counts` of a
MetricDatum, at most 150 different ones ("MetricDatum", Amazon CloudWatch API Reference). An
average, or a StatisticSet of sum, minimum and maximum, is too little. `Distribution` keeps values
as they are while there are few; then it rounds them so that none is off by more than half a
percent, and splits them over as many data as they need: CloudWatch puts together what has the same
name and time.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil, inf, isfinite, log

VALUES = 150  # different values in one MetricDatum
ERROR = 0.005  # of a value, when there are too many to be kept as they are
SMALLEST = 1e-9  # nearer to zero is zero


class Distribution:
    """Values and how often each occurred. Up to `exact` different ones are kept as they are.

    Beyond, values share cells that grow with them, so that each is off by at most `error` of itself
    (DDSketch: Masson, Rim, Lee, "DDSketch: A Fast and Fully-Mergeable Quantile Sketch with
    Relative-Error Guarantees", PVLDB 12, 2019). From 1 ms to a day that makes at most 1,600 cells,
    whatever is added. The number, the smallest and the largest value stay exact.
    """

    def __init__(self, exact: int = VALUES, error: float = ERROR):
        self.exact, self.error = exact, error
        self.count = 0
        self.minimum, self.maximum = inf, -inf
        self._growth = (1 + error) / (1 - error)
        self._log_growth = log(self._growth)
        self._cells: dict[float, int] = {}
        self._rounded = False

    def add(self, value: float, count: int = 1) -> None:
        """Note a finite value, `count` times. Raises ValueError for NaN and infinity."""
        if not isfinite(value):
            raise ValueError(f"{value} cannot be a metric's value; CloudWatch refuses it")
        self.count += count
        self.minimum, self.maximum = min(self.minimum, value), max(self.maximum, value)
        cell = self._cell(value) if self._rounded else value
        self._cells[cell] = self._cells.get(cell, 0) + count
        if not self._rounded and len(self._cells) > self.exact:
            self._round()

    def update(self, other: Distribution | Mapping[float, int]) -> None:
        """Take all of another one, or of a `Counter` of values; the other stays as it is."""
        cells = other._cells if isinstance(other, Distribution) else other
        for value, count in cells.items():
            self.add(value, count)
        if isinstance(other, Distribution) and other.count:
            self.minimum = min(self.minimum, other.minimum)
            self.maximum = max(self.maximum, other.maximum)

    def items(self) -> list[tuple[float, int]]:
        """(value, count), ascending; the smallest and the largest are among them as they were."""
        if not self.count:
            return []
        kept: dict[float, int] = {}
        for cell, n in self._cells.items():
            value = min(max(cell, self.minimum), self.maximum)
            kept[value] = kept.get(value, 0) + n
        # One of the lowest cell is the smallest value itself, one of the highest the largest.
        for cell, value in ((min(kept), self.minimum), (max(kept), self.maximum)):
            kept[cell] -= 1
            kept[value] = kept.get(value, 0) + 1
        return [(value, n) for value, n in sorted(kept.items()) if n]

    def data(self, limit: int = VALUES) -> list[dict[str, list[float]]]:
        """`Values` and `Counts` for as many MetricDatum as are needed, `limit` values in each."""
        items = self.items()
        pieces = [items[at : at + limit] for at in range(0, len(items), limit)]
        return [
            {"Values": [float(v) for v, _ in piece], "Counts": [float(n) for _, n in piece]}
            for piece in pieces
        ]

    def quantile(self, share: float) -> float | None:
        """The smallest value that at least this share (0 to 1) of all do not exceed; None if empty.

        CloudWatch may interpolate between two values; with many they hardly differ.
        """
        rank, seen = max(1, ceil(share * self.count)), 0
        for value, count in self.items():
            seen += count
            if seen >= rank:
                return value
        return None

    def __len__(self) -> int:
        """How many different values are kept."""
        return len(self._cells)

    def _round(self) -> None:
        cells, self._cells, self._rounded = self._cells, {}, True
        for value, count in cells.items():
            cell = self._cell(value)
            self._cells[cell] = self._cells.get(cell, 0) + count

    def _cell(self, value: float) -> float:
        """The value that stands for all in its cell. Small integers have cells of their own."""
        size = abs(value)
        if size < SMALLEST:
            return 0.0
        if size * self.error * 2 < 1 and value == int(value):
            return value
        index = ceil(log(size) / self._log_growth)
        middle = 2 * self._growth**index / (self._growth + 1)
        return middle if value > 0 else -middle
