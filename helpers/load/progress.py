"""What the command shows: one line on a terminal while it works, a table at the end."""

from __future__ import annotations

import sys

from helpers.load.result import Result
from helpers.load.schedule import Schedule

WIDE = 24  # characters of the bar


class Bar:
    """One line on stderr that is written over; nothing when stderr is no terminal."""

    def __init__(self, schedule: Schedule) -> None:
        self._count = max(schedule.count, 1)
        self._shown = False

    def __enter__(self) -> Bar:
        return self

    def __exit__(self, *_: object) -> None:
        if self._shown:
            print("\r\033[K", end="", file=sys.stderr, flush=True)

    def show(self, seconds: float, sent: int, acknowledged: int, errors: int) -> None:
        """Called by the loops."""
        if not sys.stderr.isatty():
            return
        self._shown = True
        share = min(sent / self._count, 1)
        bar = ("█" * round(share * WIDE)).ljust(WIDE, "░")
        text = f"{bar} {share:4.0%}  {seconds:.0f} s  {sent:,} sent  {acknowledged:,} acknowledged"
        text += f"  {errors:,} failed" if errors else ""
        print(f"\r{text}\033[K", end="", file=sys.stderr, flush=True)


def table(result: Result) -> list[str]:
    """The result in lines of words and numbers."""
    lines = [
        ("records due", f"{result.scheduled:,}"),
        ("sent", f"{result.sent:,}"),
        ("acknowledged", f"{result.acknowledged:,}"),
        *((f"  failed: {name}", f"{n:,}") for name, n in sorted(result.errors.items())),
        ("without answer", f"{result.unanswered:,}"),
        ("sent more than 10 ms late", f"{result.late:,}"),
        ("wanted, records a second", f"{result.target_rate:,.1f}"),
        ("acknowledged a second", f"{result.rate:,.1f}"),
        ("MB a second", f"{result.mb_per_s:,.3f}"),
    ]
    for percent, micros in result.latency.percentiles().items():
        lines.append((f"ms from due to acknowledged, p{percent:g}", f"{micros / 1000:,.2f}"))
    lines.append(("ms from due to acknowledged, longest", f"{result.latency.max / 1000:,.2f}"))
    wide = max(len(name) for name, _ in lines) + 2
    text = [f"{name:<{wide}}{value:>12}" for name, value in lines]
    if result.interrupted:
        text.append("interrupted: these are the numbers of what had been sent")
    return text
