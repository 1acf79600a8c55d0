"""Run nbval over all lessons many times in a row, and once with every core kept busy.

    python tools/stress.py              ten runs, then one with the machine busy
    python tools/stress.py 3 02 03      three runs of two lessons, then one busy
    python tools/stress.py 0            only the one with the machine busy

Prints a table; the exit status is 1 if anything failed in any run.
"""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from xml.etree import ElementTree

from helpers.run import ROOT, find_lessons


def spin() -> None:
    """Keep one core busy until terminated, or until whoever started it is gone."""
    parent = os.getppid()
    while os.getppid() == parent:
        sum(range(100_000))


@contextmanager
def busy(workers: int) -> Iterator[None]:
    """Keep `workers` cores busy while the block runs."""
    spinners = [multiprocessing.Process(target=spin, daemon=True) for _ in range(workers)]
    for spinner in spinners:
        spinner.start()
    try:
        yield
    finally:
        for spinner in spinners:
            spinner.terminate()
            spinner.join()


def nbval(lessons: list[Path]) -> tuple[int, list[str], float]:
    """One run of nbval: (cells run, names of the cells that failed, seconds)."""
    with tempfile.TemporaryDirectory() as scratch:
        report = Path(scratch, "report.xml")
        command = [sys.executable, "-m", "pytest", "--nbval", "-q", "-p", "no:cacheprovider"]
        start = time.monotonic()
        done = subprocess.run(
            [*command, f"--junitxml={report}", *map(str, lessons)],
            cwd=ROOT,
            capture_output=True,
            text=True,
        )
        seconds = time.monotonic() - start
        if not report.exists():
            return 0, [f"pytest gave up: {done.stdout[-300:]}{done.stderr[-300:]}"], seconds
        cases = list(ElementTree.parse(report).iter("testcase"))
    bad = [
        case for case in cases if case.find("failure") is not None or case.find("error") is not None
    ]
    failed = [f"{case.get('classname')} {case.get('name')}" for case in bad]
    if done.returncode and not failed:
        failed = [f"pytest ended with {done.returncode}: {done.stdout[-300:]}"]
    return len(cases), failed, seconds


def main(arguments: list[str]) -> int:
    """Run, print a line each, return the exit status. `arguments`: times, then lessons."""
    times = int(arguments[0]) if arguments else 10
    names = arguments[1:] or [None]
    lessons = [path for name in names for path in find_lessons(name)]
    cores = os.cpu_count() or 1
    print(f"{len(lessons)} lessons, {cores} cores")
    print(f"{'run':>6} {'cells':>6} {'failed':>6} {'seconds':>8}")
    status = 0
    for run in [*map(str, range(1, times + 1)), "busy"]:
        with busy(cores if run == "busy" else 0):
            cells, failed, seconds = nbval(lessons)
        print(
            f"{run:>6} {cells:>6} {len(failed):>6} {seconds:>8.1f}",
            *failed,
            sep="\n       ",
            flush=True,
        )
        status = 1 if failed or not cells else status
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
