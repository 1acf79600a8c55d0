"""Windows on their way to CloudWatch. What cannot be sent is kept, and merged when it gets much."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Iterable
from typing import Any

from helpers.pipeline.monitor_aws import Refused, ask, client
from helpers.pipeline.monitor_courier import Courier
from helpers.pipeline.monitor_window import Window

log = logging.getLogger(__name__)

KEPT = 30  # windows that wait at most; more are merged, so counts stay and times get coarser
OLDEST_S = 13.5 * 86_400  # CloudWatch refuses a timestamp two weeks old
NEEDS = "cloudwatch:PutMetricData in namespace {} (a policy may limit it by cloudwatch:namespace)"


class Outbox(Courier):
    """Sends windows, oldest first. `take_ends` says what may be committed."""

    def __init__(self, namespace: str, resolution: int, give_up_s: float, cloudwatch: Any = None):
        super().__init__("CloudWatch", give_up_s)
        self.namespace, self.resolution = namespace, resolution
        self.calls = self.refused = 0  # requests that went well; data that AWS will never take
        self._cloudwatch = cloudwatch or client("cloudwatch")
        self._windows: deque[Window] = deque()
        self._now: Window | None = None  # being sent, or failed and first in line
        self._ends: dict[tuple[str, int], int] = {}

    def put(self, window: Window) -> None:
        """Give it a window; it is the outbox's from now on."""
        with self.lock:
            self._windows.append(window)
            if len(self._windows) > KEPT:
                _merge_two(self._windows)
            self.lock.notify_all()

    def take_ends(self) -> dict[tuple[str, int], int]:
        """(topic, partition) → offset up to which everything is in CloudWatch; news only."""
        with self.lock:
            ends, self._ends = self._ends, {}
            return ends

    def forget(self, places: Iterable[tuple[str, int]]) -> None:
        """Say nothing about these partitions: another process has them."""
        with self.lock:
            windows = [*self._windows, *([self._now] if self._now else [])]
            for ends in (self._ends, *(window.ends for window in windows)):
                for place in places:
                    ends.pop(place, None)

    @property
    def kept(self) -> int:
        """Windows that are not in CloudWatch yet."""
        return len(self._windows) + (self._now is not None)

    def _kept(self) -> str:
        return f"counts are kept in at most {KEPT} intervals and sent when it does"

    def _waiting(self) -> bool:
        return bool(self._windows) or self._now is not None

    def _send_one(self) -> None:
        with self.lock:
            if self._now is None:
                self._now = self._windows.popleft()
            window = self._now
        for which, data in window.parts(self.resolution, time.time() - OLDEST_S):
            self._put(data)
            window.sent(which)
        with self.lock:
            self._ends |= window.ends
            self._now = None

    def _put(self, data: list[dict[str, Any]]) -> None:
        needs = NEEDS.format(self.namespace)
        put = self._cloudwatch.put_metric_data
        try:
            ask(put, needs, Namespace=self.namespace, MetricData=data)
            self.calls += 1
        except Refused as refused:
            self.refused += len(data)
            log.error("CloudWatch refuses %d data for good, they are lost: %s", len(data), refused)


def _merge_two(windows: deque[Window]) -> None:
    """Merge the two neighbours that span the least: no time gets much coarser than others."""
    starts = [window.start for window in windows]
    at = min(range(len(starts) - 2), key=lambda i: starts[i + 2] - starts[i])
    windows[at].merge(windows[at + 1])
    del windows[at + 1]
