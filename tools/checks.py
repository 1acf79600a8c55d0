"""`make test` and `make soak`: run every step, time it, say which failed, remember the result.

All steps run even if one fails, so that one look shows everything. `python -m helpers doctor` reads
the result from build/test-result.json.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import IO

ROOT = Path(__file__).parents[1]
PYTEST = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
RUFF = [sys.executable, "-m", "ruff"]
TEST = {
    "ruff check": [*RUFF, "check", "."],
    "ruff format": [*RUFF, "format", "--check", "."],
    "fetch": [sys.executable, "-m", "helpers", "fetch"],
    "pytest": [*PYTEST, "-m", "not soak", "tests"],
    "nbval": [*PYTEST, "--nbval", "notebooks", "docs/slides"],
}
LESSONS = "tests/notebooks/test_runs.py"
LONG = [*PYTEST, "-m", "soak", "--timeout=900"]
SOAK = {
    "pytest (soak)": [*LONG, "tests", f"--ignore={LESSONS}"],
    # Lessons wait more than they compute, so two rows of them fit on two cores.
    "lessons, local": [*LONG, LESSONS, "-k", "not on_the_cloud"],
    "lessons, cloud": [*LONG, LESSONS, "-k", "on_the_cloud"],
    "JupyterLab": [sys.executable, "tools/look.py", "all"],
    "nbval under load": [sys.executable, "tools/stress.py", "0"],
}
SIDE_BY_SIDE = [{"lessons, local", "lessons, cloud"}]
Result = tuple[str, int, float]


def run(name: str, argv: list[str], said: IO[bytes] | None = None) -> Result:
    """One step: its name, exit status and seconds; its output goes to `said`, if given."""
    print(f"\n== {name}: {' '.join(argv[1:])}", flush=True)
    began = time.monotonic()
    status = subprocess.run(argv, cwd=ROOT, stdout=said, stderr=said).returncode
    return name, status, time.monotonic() - began


def run_together(steps: dict[str, list[str]]) -> list[Result]:
    """Several steps at once; what each said is printed in one piece when all have ended."""
    with ExitStack() as stack:
        files = {name: stack.enter_context(tempfile.TemporaryFile()) for name in steps}
        pool = stack.enter_context(ThreadPoolExecutor(len(steps)))
        running = [pool.submit(run, name, argv, files[name]) for name, argv in steps.items()]
        results = [future.result() for future in running]
        for name, said in files.items():
            said.seek(0)
            print(f"\n== {name} said:\n{said.read().decode('utf-8', 'replace')}", flush=True)
    return results


def in_turn(steps: dict[str, list[str]]) -> Iterator[dict[str, list[str]]]:
    """The steps in their order, those of SIDE_BY_SIDE together at the first one's place."""
    left = dict(steps)
    while left:
        first = next(iter(left))
        names = next((names for names in SIDE_BY_SIDE if first in names), {first})
        yield {name: left.pop(name) for name in list(left) if name in names}


def main() -> int:
    steps = SOAK if "--soak" in sys.argv else TEST
    results: list[Result] = []
    began = time.monotonic()
    for some in in_turn(steps):
        results += run_together(some) if len(some) > 1 else [run(*item) for item in some.items()]
    failed = [name for name, status, _ in results if status]
    print(f"\n{'step':<20}{'seconds':>9}  result")
    for name, status, seconds in results:
        print(f"{name:<20}{seconds:>9.0f}  {'failed' if status else 'ok'}")
    total = time.monotonic() - began
    said = f"{', '.join(failed)} failed" if failed else f"{len(results)} steps ok in {total:.0f} s"
    print(said)
    if steps is TEST:
        (ROOT / "build").mkdir(exist_ok=True)
        result = {"when": date.today().isoformat(), "passed": not failed, "said": said}
        (ROOT / "build" / "test-result.json").write_text(json.dumps(result) + "\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
