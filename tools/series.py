"""The series under stress: many times in a row, or a class at once. Kills: tools/kills.py.

    python tools/series.py runs 5 2     all lessons five times, then twice with the cores kept busy
    python tools/series.py class 8      eight kernels on one shared lab: lessons 02, 05, 06 at once

Each prints a table; the exit status is 1 if anything in it is not as it should be. All work in a
home of their own (with the downloads of this machine), so that nobody's lab is disturbed.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import nbformat
from confluent_kafka.admin import AdminClient

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from helpers.local import fetch, paths, shared  # noqa: E402
from helpers.run import find_lessons, run_lesson  # noqa: E402
from tools.stress import busy  # noqa: E402

STUDENTS = ("ana-", "luis-", "marta-", "diego-", "lucia-", "pablo-", "elena-", "jorge-")
LINKED = ("maven", "aot", "templates", f"registry-{fetch.lock()['apicurio']}")


@contextlib.contextmanager
def own_home() -> Iterator[Path]:
    """A home with the real downloads; this process and what it starts use it."""
    real, before = paths.home(), os.environ.get("AWS_CONFLUENT_HOME")
    with tempfile.TemporaryDirectory() as scratch:
        home = Path(scratch, "home")
        home.mkdir()
        for name in LINKED:
            if (real / name).exists():
                (home / name).symlink_to(real / name)
        os.environ["AWS_CONFLUENT_HOME"] = str(home)
        try:
            yield home
        finally:
            del os.environ["AWS_CONFLUENT_HOME"]
            if before:
                os.environ["AWS_CONFLUENT_HOME"] = before


# -- many times -------------------------------------------------------------------------------


def runs(quiet: int, loaded: int) -> int:
    """`python -m helpers run` so many times, then so many times with the cores kept busy."""
    cores, status = os.cpu_count() or 1, 0
    print(f"{'run':>6} {'seconds':>8} {'status':>6}", flush=True)
    with own_home():
        for number in range(1, quiet + loaded + 1):
            under = number > quiet
            began = time.monotonic()
            with busy(cores if under else 0):
                argv = [sys.executable, "-m", "helpers", "run"]
                done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True)
            name = "busy" if under else str(number)
            print(f"{name:>6} {time.monotonic() - began:>8.0f} {done.returncode:>6}", flush=True)
            if done.returncode:
                status = 1
                print(done.stdout[done.stdout.find("\nlesson ") :], done.stderr[-1000:], flush=True)
    return status


# -- a class ----------------------------------------------------------------------------------


@dataclass
class Student:
    """What one of the class came to."""

    prefix: str
    seconds: dict[str, float]
    problems: list[str]


def class_of(number: int, lessons: list[str], out: Path) -> tuple[list[Student], list[str]]:
    """Kernels on one shared lab, each with a prefix; what they came to, and what is left there."""
    with own_home():
        state = shared.up()
        try:
            prefixes = [STUDENTS[n] if n < 8 else f"alumno{n}-" for n in range(number)]
            with ThreadPoolExecutor(number) as pool:
                work = [pool.submit(attend, prefix, lessons, out, prefixes) for prefix in prefixes]
                students = [each.result() for each in work]
            return students, left_of(state, prefixes)
        finally:
            shared.down()


def attend(prefix: str, lessons: list[str], out: Path, prefixes: list[str]) -> Student:
    """One student's lessons, one after the other."""
    student = Student(prefix, {}, [])
    for name in lessons:
        [path] = find_lessons(name)
        written = out / f"{prefix}{path.name}"
        outcome = run_lesson(path, written, {"prefix": prefix}, bar=False)
        student.seconds[name] = outcome.seconds
        if outcome.problem:
            student.problems.append(f"{name}: {' / '.join(outcome.problem.splitlines())}")
        others = "|".join(re.escape(each) for each in prefixes if each != prefix)
        if others and (seen := re.findall(rf"\b(?:{others})", outputs(written))):
            student.problems.append(f"{name} saw names of {sorted(set(seen))}")
    return student


def outputs(notebook: Path) -> str:
    """All that a lesson showed, as text."""
    cells = nbformat.read(notebook, as_version=4).cells
    return "\n".join(str(out) for cell in cells for out in cell.get("outputs", []))


def left_of(state: dict, prefixes: list[str]) -> list[str]:
    """Topics and groups of students that are still there."""
    admin = AdminClient(state["kafka"])
    topics = list(admin.list_topics(timeout=10).topics)
    groups = [group.group_id for group in admin.list_consumer_groups().result().valid]
    return [name for name in topics + groups if name.startswith(tuple(prefixes))]


def classroom(number: int, lessons: list[str]) -> int:
    """The command."""
    with tempfile.TemporaryDirectory() as scratch:
        students, left = class_of(number, lessons, Path(scratch))
    print(f"{'prefix':<10}" + "".join(f"{name:>8}" for name in lessons) + "  problems")
    for student in students:
        times = "".join(f"{student.seconds[name]:>7.1f}s" for name in lessons)
        print(f"{student.prefix:<10}{times}  {'; '.join(student.problems) or 'none'}")
    print(f"left of them on the lab: {', '.join(left) or 'nothing'}")
    return 1 if left or any(student.problems for student in students) else 0


def main(arguments: list[str]) -> int:
    """One of the two."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    kinds = parser.add_subparsers(dest="kind", required=True)
    each = kinds.add_parser("runs")
    each.add_argument("quiet", type=int, nargs="?", default=5)
    each.add_argument("busy", type=int, nargs="?", default=2)
    each = kinds.add_parser("class")
    each.add_argument("kernels", type=int, nargs="?", default=8)
    each.add_argument("lessons", nargs="*", default=["02", "05", "06"])
    args = parser.parse_args(arguments)
    if args.kind == "runs":
        return runs(args.quiet, args.busy)
    return classroom(args.kernels, args.lessons or ["02", "05", "06"])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
