"""Runs of a partition's records on their way to its lane, with lines ready made where they can be.

A run is records in a row with offsets without a gap, which end where a batch does. `quick` makes
the lines of many at once; the lane takes them over (`Lane.take_over`), and processes the records
itself where there are none. So whatever goes wrong here can only cost time.
"""

from __future__ import annotations

import numpy as np
from confluent_kafka import Message

from helpers.pipeline.lane import Lane
from helpers.pipeline.quick import Quick, Run

WORTH = 50  # records at once: for fewer it is not worth its while


class Runs:
    """Gives records to their lanes. Without a usable `quick` all is left to them."""

    def __init__(self, lanes: dict[int, Lane], quick: Quick | None):
        self._lanes, self._quick = lanes, quick

    def take(self, messages: list[Message]) -> None:
        """Take the next records; those of partitions that are not ours are dropped."""
        if not messages:
            return
        many = len(messages)
        partitions = np.fromiter(map(Message.partition, messages), np.int64, many)
        offsets = np.fromiter(map(Message.offset, messages), np.int64, many)
        new = (np.diff(partitions) != 0) | (np.diff(offsets) != 1) | self._cuts(offsets)
        edges = [0, *(np.flatnonzero(new) + 1).tolist(), many]
        starts = edges[:-1]
        owners = [self._lanes.get(partition) for partition in partitions[starts].tolist()]
        runs = [
            Run(lane.source if lane else b"", first, end - start)
            for lane, first, start, end in zip(
                *(owners, offsets[starts].tolist(), starts, edges[1:]), strict=True
            )
        ]
        ready = [None] * len(runs)
        if self._quick is not None and self._quick.usable and many >= WORTH:
            ready = self._quick.lines(
                runs,
                list(map(Message.key, messages)),
                list(map(Message.value, messages)),
                [at for _, at in map(Message.timestamp, messages)],
            )
        for lane, lines, start, end in zip(owners, ready, starts, edges[1:], strict=True):
            if lane is not None:
                lane.take_over(messages[start:end], lines)

    def begin(self) -> None:
        """See `Quick.begin`."""
        if self._quick is not None:
            self._quick.begin()

    def _cuts(self, offsets: np.ndarray) -> np.ndarray:
        """Whether a batch ends behind each but the last; all lanes have the same limits."""
        lane = next(iter(self._lanes.values()), None)
        return np.diff(offsets // (lane.limits.records if lane else 1)) != 0

    def refresh(self) -> None:
        """There may be news: of the roster, and that `quick` is usable now."""
        if self._quick is not None:
            self._quick.refresh()
