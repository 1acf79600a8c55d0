"""When to send: an open loop, which keeps to its schedule whatever becomes of what was sent."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from helpers.pipeline.events import Event

STEP_S = 0.1  # waits are cut so short that a signal is noticed at once

clock = time.perf_counter


def never() -> bool:
    """Nothing has asked to stop."""
    return False


def paced(
    events: Iterable[Event],
    rate: float,
    *,
    wait: Callable[[float], object],
    seconds: float = math.inf,
    count: int | None = None,
    stop: Callable[[], bool] = never,
) -> Iterator[tuple[float, Event]]:
    """(due, event) when its time has come: event number n is due n / `rate` s after the first.

    An open loop: the schedule goes on whatever became of the events before, so an event that comes
    late is late in the figures too. It ends after `seconds`, after `count` events, or when `stop()`
    is true, whichever is first. `wait(seconds)` passes the time, in short steps. Raises ValueError
    for a rate that is not positive.
    """
    if not rate > 0:
        raise ValueError(f"a rate is a positive number of events a second, not {rate:g}")
    start = clock()
    for number, event in enumerate(islice(events, count)):
        due = start + number / rate
        while not stop() and (left := min(due, start + seconds) - clock()) > 0:
            wait(min(left, STEP_S))
        if stop() or clock() >= start + seconds:
            return
        yield due, event
