"""Lesson 16: session windows of each student; states of a mean that can be merged."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from functools import reduce
from math import isclose
from typing import Any

from helpers.exercises import Verdict, blank, exercise, right, wrong

TASK_1 = "sessions(times, gap), a list of pairs: start and end of each session"
TASK_2 = "merge(a, b), one state (number, mean) of two"
MINUTE = 60_000
GAP = 10 * MINUTE


@exercise("16.1")
def session_windows(sessions, *, read: Callable[[], list[Any]]) -> Verdict:
    """Try it on the events of each student in the topic, and on two cases of a student's."""
    if sessions is None or sessions is ...:
        return blank(TASK_1)
    times = defaultdict(list)
    for event in read():
        times[event.student].append(event.at)
    made = {"exactly the gap": [0, GAP, 2 * GAP], "out of order": [3 * GAP, 0, GAP // 2]}
    found = 0
    for who, of in {**times, **made}.items():
        true, told = _sessions(of, GAP), _pairs(sessions(list(of), GAP))
        found += len(true)
        if told == true:
            continue
        shown = [round((at - min(of)) / MINUTE, 1) for at in of]
        what = f"events at minutes {shown[:6]}: {len(told)} sessions, not {len(true)}"
        if len(told) == len(true):
            what = f"events at minutes {shown[:6]}: a session's start or end is another"
        return wrong(f"{who}, {what}; a pause is measured from the event before, in event time")
    return right(f"{found - 3} sessions of {len(times)} students, as in the topic")


def _pairs(told) -> list[tuple]:
    return [tuple(each) for each in told or []]


def _sessions(times: list[int], gap: int) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for at in sorted(times):
        if found and at - found[-1][1] <= gap:
            found[-1] = (found[-1][0], at)
        else:
            found.append((at, at))
    return found


@exercise("16.2")
def merged_means(merge, *, read: Callable[[], list[Any]]) -> Verdict:
    """Merge the states of three partitions, minute by minute; compare with the mean over all."""
    if merge is None or merge is ...:
        return blank(TASK_2)
    marks = defaultdict(list)
    for event in read():
        if event.value["type"] == "calificacion":
            marks[event.at // MINUTE, event.partition].append(event.value["grade"])
    minutes = sorted({minute for minute, _ in marks})
    for minute in [*minutes, -1]:  # at -1 nobody has a mark
        parts = [marks.get((minute, number), []) for number in range(3)]
        states = [(len(part), sum(part) / len(part) if part else 0.0) for part in parts]
        everything = [mark for part in parts for mark in part]
        true = len(everything), sum(everything) / len(everything) if everything else 0.0
        for order in (states, states[::-1]):
            try:
                told = tuple(reduce(merge, order))
            except ZeroDivisionError:
                return wrong(f"{order}: division by zero; two partitions may both have no marks")
            if told[0] != true[0] or not isclose(told[1], true[1], abs_tol=1e-9):
                return wrong(
                    f"{[(n, round(m, 2)) for n, m in order]} became ({told[0]}, {told[1]:.2f}), "
                    f"and over all it is ({true[0]}, {true[1]:.2f}); whose mean weighs more?"
                )
    return right(f"{len(minutes)} windows over 3 partitions, in both directions")
