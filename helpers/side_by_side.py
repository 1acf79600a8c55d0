"""Lessons side by side: a few threads, each with a kernel at work; results in the lessons' order.

Lessons wait for brokers and time-outs more than they compute, so two share two cores well. Each has
a kernel and a lab of its own. Papermill runs in threads and not in processes: what computes is the
kernel, and in a thread it leaves Ctrl-C to us.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from helpers.errors import LabError

ALONE = ("13",)  # it measures: nobody else may be at work beside it
kernels: set[int] = set()  # process ids of the kernels that are at work
_lock = threading.Lock()


def checked_jobs(jobs: int | None, target: str) -> int:
    """`jobs`, or the usual number: two on two cores, if each lesson has a lab of its own; else one.

    Raises:
        LabError: more than one on a cloud or a shared lab, where all lessons use the same topics.
    """
    from helpers.local import shared

    together = "the cloud" if target == "cloud" else "the shared lab" if shared.find() else ""
    if together and (jobs or 1) > 1:
        raise LabError(f"on {together} lessons use the same topics: run them with --jobs 1")
    return jobs or (1 if together else min(2, os.cpu_count() or 1))


def in_order(work: Callable[[Path], object], lessons: list[Path], jobs: int) -> Iterator[object]:
    """`work(lesson)` for each, `jobs` at a time; yields what it returns, in the lessons' order.

    A KeyboardInterrupt while the caller waits ends all kernels, then goes on to the caller.
    """
    together = [path for path in lessons if path.stem[:2] not in ALONE]
    with ThreadPoolExecutor(jobs) as pool:
        done = {path: pool.submit(work, path) for path in together}
        try:
            for path in lessons:
                if path not in done:  # all others have ended, or come after it
                    for future in done.values():
                        future.exception()
                    done[path] = pool.submit(work, path)
                yield done[path].result()
        except BaseException:  # Ctrl-C, mostly
            pool.shutdown(wait=False, cancel_futures=True)
            while not all(future.done() for future in done.values()):
                end_kernels()  # also one that was just being started
                with contextlib.suppress(TimeoutError):
                    next(f for f in done.values() if not f.done()).exception(0.1)
            raise


def began(pid: int) -> None:
    """A kernel has been started."""
    with _lock:
        kernels.add(pid)


def ended(pid: int) -> None:
    """It is over."""
    with _lock:
        kernels.discard(pid)


def end_kernels() -> None:
    """Kill the kernels that are at work; the guard of each lab takes its servers down."""
    with _lock:
        for pid in kernels:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
