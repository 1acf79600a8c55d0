"""An open loop in several processes at once, and the sum of what they found."""

from __future__ import annotations

import base64
import queue
import time
from functools import reduce
from typing import Any

from helpers.errors import LabError
from helpers.load.child import Child
from helpers.load.loops import Progress, interrupts, open_loop
from helpers.load.result import Result
from helpers.load.schedule import SECOND, Piece, Schedule

READY_S = 60.0  # for a process to start, on a busy machine
HEAD_START_S = 0.5  # from "go" until the first record: each asks for metadata meanwhile


def many(
    settings: dict[str, Any],
    topic: str,
    schedule: Schedule,
    value: int | bytes = 200,
    *,
    processes: int = 2,
    progress: Progress | None = None,
    **options: Any,
) -> Result:
    """`open_loop` in `processes` processes that begin together; each sends a share.

    `value` is a number of bytes or bytes; `options` are those of `open_loop` that are plain (stamp,
    partition, interval, drain, name). The histograms are merged: percentiles are those of all
    records, not means of percentiles. Raises LabError as `open_loop`, or if a process is lost.
    """
    if not 1 <= processes <= 64:
        raise LabError(f"processes is a number from 1 to 64, not {processes}")
    plain = list(value) if isinstance(value, bytes) else value
    job = {"settings": settings, "topic": topic, "value": plain, "options": options}
    shares = [schedule.share(number, processes) for number in range(processes)]
    with interrupts() as caught:
        jobs = [{**job, "schedule": [s.pieces, s.step, s.offset]} for s in shares]
        children = [Child(__name__, job) for job in jobs]
        try:
            for child in children:
                child.expect(READY_S)
            start = time.time_ns() + int(HEAD_START_S * SECOND)
            for child in children:
                child.tell(start_ns=start)
            limit = schedule.seconds + options.get("drain", 30.0) + READY_S
            results = _gather(children, limit, caught, progress)
        finally:
            for child in children:
                child.end()
    total = reduce(Result.merge, results)
    total.schedule, total.interrupted = str(schedule), bool(caught)
    total.settings = {**total.settings, "processes": processes}
    return total


def _gather(
    children: list[Child], seconds: float, caught: list[int], progress: Progress | None
) -> list[Result]:
    """Wait for all results; meanwhile pass on Ctrl-C and show how far they are."""
    results: dict[int, Result] = {}
    states = [[0.0, 0, 0, 0] for _ in children]
    until, told, shown = time.monotonic() + seconds, 0, []
    while len(results) < len(children):
        if len(caught) > told:
            told = len(caught)
            for child in children:
                child.tell(stop=told)
        if time.monotonic() > until:
            raise LabError(f"a process of the load test had no result after {seconds:g} s")
        for number, child in enumerate(children):
            while number not in results and (message := child.hear(0.02)):
                if "result" in message:
                    results[number] = Result.from_bytes(base64.b64decode(message["result"]))
                else:
                    states[number] = message["progress"]
        numbers = list(zip(*states, strict=True))
        if progress and numbers != shown:
            shown = numbers
            progress(max(numbers[0]), *map(sum, numbers[1:]))
    return [results[number] for number in range(len(children))]


def main(job: dict[str, Any], inbox: queue.Queue, tell) -> None:
    """In a process of its own: say that we are ready, begin when told, send the result."""
    pieces, step, offset = job["schedule"]
    schedule = Schedule(tuple(Piece(*piece) for piece in pieces), step, offset)
    value = bytes(job["value"]) if isinstance(job["value"], list) else job["value"]
    tell(ready=True)
    start = inbox.get()["start_ns"]
    result = open_loop(
        job["settings"],
        job["topic"],
        schedule,
        value,
        start_ns=start,
        stop=lambda: not inbox.empty(),
        progress=lambda *numbers: tell(progress=numbers),
        **job["options"],
    )
    tell(result=base64.b64encode(result.to_bytes()).decode())
