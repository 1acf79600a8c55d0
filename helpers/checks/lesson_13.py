"""Lesson 13: the highest rate that keeps a promise; settings that halve the bytes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from helpers.exercises import Verdict, blank, exercise, right, wrong

TASK_1 = "my_rate = the highest rate, in records a second, at which p99_at(my_rate) is under 200"
TASK_2 = "my_settings = a dict of settings of the producer with which an event takes half the bytes"
BELOW, ABOVE = 4, 8  # the rate is measured at a quarter and at eight times: machines have moods
TRIES = 3
HALF, PATIENCE_MS = 0.5, 500


@exercise("13.1")
def highest_rate(rate: Any, *, p99_at: Callable[[float], float], limit: float) -> Verdict:
    """Measure well below the rate that was found and well above it, on the live brokers."""
    if rate is None or rate is ...:
        return blank(TASK_1)
    if not isinstance(rate, int | float) or rate <= 0:
        return wrong(f"my_rate is {rate!r}, not a number of records a second")
    low = min(p99_at(max(2, rate / BELOW)) for _ in range(TRIES))
    if low > limit:
        return wrong(
            f"even at {rate / BELOW:,.0f} a second, a quarter of yours, p99 is {low:,.0f} ms; what "
            "a system takes at full speed, with a growing queue, is no rate that it can keep up"
        )
    high = max(p99_at(rate * ABOVE) for _ in range(TRIES))
    if high <= limit:
        return wrong(
            f"at {rate * ABOVE:,.0f} a second, eight times yours, p99 is still {high:,.0f} ms: "
            "double the rate until the promise breaks, and take the last one that kept it"
        )
    return right(f"p99 is under {limit} ms well below {rate:,.0f} a second, and over it well above")


@exercise("13.2")
def half_the_bytes(settings: Any, *, steadily: Callable[..., tuple[Any, float]]) -> Verdict:
    """Send the same events at the same rate with the defaults and with the answer's settings."""
    if settings is None or settings is ...:
        return blank(TASK_2)
    if not isinstance(settings, Mapping):
        return wrong(f"my_settings is {type(settings).__name__}, not a dict of settings")
    if str(settings.get("acks", settings.get("request.required.acks", "all"))) not in ("all", "-1"):
        return wrong(
            "acks stays at all: it is about who has the record, not about how many bytes it takes"
        )
    _, usual = steadily({}, seconds=1)
    run, size = steadily(dict(settings), seconds=1)
    if run.acknowledged < run.scheduled:
        return wrong(f"only {run.acknowledged} of {run.scheduled} records were acknowledged")
    said = f"{size:.0f} bytes an event instead of {usual:.0f}"
    if size > HALF * usual:
        return wrong(
            f"{said}: not half; what makes a batch smaller is compression, what makes it worth "
            "compressing is company, and company takes time"
        )
    median = run.latency.percentile(50) / 1000
    if median > PATIENCE_MS:
        return wrong(f"{said}, but half of the records wait longer than {median:,.0f} ms")
    return right(f"{said}, and half of the records are acknowledged within {PATIENCE_MS} ms")
