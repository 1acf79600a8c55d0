"""What was counted in an interval, and how it goes to CloudWatch: `Window`, `batches`.

A `Window` holds sums and distributions by series, never records, so its size does not depend on
how much happened. Two windows can be merged into one of the same size: that is what keeps memory
bounded while CloudWatch cannot be reached.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import Any, TypeVar

from helpers.pipeline.monitor_values import Distribution

Series = tuple[str, tuple[tuple[str, str], ...]]  # a metric's name and its dimensions
Item = TypeVar("Item")

DATA = 1_000  # MetricDatum in a call ("PutMetricData", Amazon CloudWatch API Reference)
BYTES = 1_000_000  # a call may have 1 MB, before compression to be sure
HEAD = 2_000  # bytes: action, version, namespace of up to 255 characters
# One more number, or one more field, as the longest of CloudWatch's protocols writes it.
FIELD = len("&MetricData.member.1000.Dimensions.member.30.Value=")
UNITS = {"EndToEndLatency": "Milliseconds"}  # all others are counts


def series(name: str, **dimensions: str) -> Series:
    """A metric's identity: another set of dimensions is another metric."""
    return name, tuple(dimensions.items())


class Window:
    """An interval from `start` (seconds since 1970): `counts` and `values` by series, and `ends`.

    `ends` is (topic, partition) → the offset after the last record counted here; it is to be
    committed once the window is in CloudWatch.
    """

    def __init__(self, start: float):
        self.start = start
        self.records = 0
        self.counts: Counter[Series] = Counter()
        self.values: dict[Series, Distribution] = {}
        self.ends: dict[tuple[str, int], int] = {}

    def distribution(self, of: Series) -> Distribution:
        """The distribution of a series, made when there is none."""
        found = self.values.get(of)
        if found is None:
            found = self.values[of] = Distribution()
        return found

    def merge(self, other: Window) -> None:
        """Take all of another window; the other stays as it is. The earlier start counts."""
        self.start = min(self.start, other.start)
        self.records += other.records
        self.counts.update(other.counts)
        for of, distribution in other.values.items():
            self.distribution(of).update(distribution)
        for place, end in other.ends.items():
            self.ends[place] = max(end, self.ends.get(place, 0))

    def data(self, of: Series, start: float, resolution: int = 60) -> list[dict[str, Any]]:
        """A series as MetricDatum with the timestamp `start`."""
        name, dimensions = of
        head = {
            "MetricName": name,
            "Dimensions": [{"Name": key, "Value": value} for key, value in dimensions],
            "Timestamp": datetime.fromtimestamp(start, UTC),
            "Unit": UNITS.get(name, "Count"),
            "StorageResolution": resolution,
        }
        if of in self.values:
            return [{**head, **piece} for piece in self.values[of].data()]
        return [{**head, "Value": float(self.counts[of])}]

    def parts(
        self, resolution: int = 60, not_before: float = 0.0
    ) -> list[tuple[list[Series], list[dict[str, Any]]]]:
        """The window as calls of PutMetricData: the series in each, and its data.

        A series is never split over two calls, so a call that fails leaves whole series to be sent
        again. `not_before` is the oldest timestamp to give them.
        """
        start = max(self.start, not_before)
        every = [(of, self.data(of, start, resolution)) for of in (*self.counts, *self.values)]
        packed = pack(
            every,
            lambda item: (len(item[1]), sum(map(size, item[1]))),
            (DATA, BYTES - HEAD),
        )
        return [
            ([of for of, _ in part], [datum for _, data in part for datum in data])
            for part in packed
        ]

    def sent(self, which: Iterable[Series]) -> None:
        """Forget series that CloudWatch has."""
        for of in which:
            self.counts.pop(of, None)
            self.values.pop(of, None)


def batches(data: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """MetricDatum in lists that one PutMetricData each may carry: 1,000 data, 1 MB.

    for batch in batches(data): cloudwatch.put_metric_data(Namespace=…, MetricData=batch)
    """
    return pack(data, lambda datum: (1, size(datum)), (DATA, BYTES - HEAD))


def size(datum: dict[str, Any]) -> int:
    """Bytes that a MetricDatum takes in a request, at most: by the wordiest protocol, "query"."""
    texts = [datum["MetricName"], datum.get("Unit", "")]
    texts += [each[key] for each in datum.get("Dimensions", []) for key in ("Name", "Value")]
    letters = sum(3 * len(text.encode()) for text in texts)  # a letter may become %20
    numbers = [n for key in ("Values", "Counts") for n in datum.get(key, [])]
    numbers += datum.get("StatisticValues", {}).values()
    numbers += [datum[key] for key in ("Value", "StorageResolution") if key in datum]
    digits = sum(len(repr(number)) for number in numbers)
    return letters + digits + 40 + FIELD * (len(texts) + len(numbers) + 1)  # 40: the timestamp


def pack(
    items: Iterable[Item], cost: Callable[[Item], tuple[int, ...]], limits: tuple[int, ...]
) -> Iterator[list[Item]]:
    """Items in order, in as few lists as go without exceeding any of the limits.

    An item that exceeds one by itself comes alone.
    """
    part: list[Item] = []
    spent = tuple(0 for _ in limits)
    for item in items:
        price = cost(item)
        total = tuple(a + b for a, b in zip(spent, price, strict=True))
        if part and any(t > limit for t, limit in zip(total, limits, strict=True)):
            yield part
            part, total = [], price
        part.append(item)
        spent = total
    if part:
        yield part
