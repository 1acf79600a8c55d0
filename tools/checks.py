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
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import IO

ROOT = Path(__file__).parents[1]
PYTEST = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
RUFF = [sys.executable, "-m", "ruff"]
FETCH = [sys.executable, "-m", "helpers", "fetch"]
# nbval plays the lessons, and tries each exercise while it is at it.
NBVAL = [*PYTEST, "-p", "tests.notebooks.attempts", "--solutions", "solutions", "--nbval"]
NOTEBOOKS = sorted(f"notebooks/{path.name}" for path in (ROOT / "notebooks").glob("*.ipynb"))
EARLY = [path for path in NOTEBOOKS if path < "notebooks/10"]
THEN = [*NOTEBOOKS[len(EARLY) :], "docs/slides"]
# What a row of make soak runs of the lessons: they share out the time.
LAST = "17_ or 18_"
SINK = "tests/sink"
SERVERS = [f"tests/{name}" for name in ("aws", "faults", "infra", "lab", "monitor", "notify")]
REST = ["tests", *(f"--ignore={path}" for path in [SINK, *SERVERS])]
LESSONS = "tests/notebooks/test_runs.py"
MEASURED = ["tests/test_benchmarks.py", "tests/sink/test_speed.py", "tests/load/test_speed.py"]
QUICK = [*PYTEST, "-m", "not soak"]
LONG = [*PYTEST, "-m", "soak", "--timeout=900"]
OTHERS = ["tests", *(f"--ignore={path}" for path in [LESSONS, *MEASURED])]
LOOK = [sys.executable, "tools/look.py", "--no-pictures"]
Row = dict[str, list[str]]
# Stages follow each other. The rows of a stage go side by side, the steps of a row in their order:
# lessons wait for brokers more than they compute, so three or four rows fit on two cores.
TEST: list[list[Row]] = [
    [
        {
            "ruff check": [*RUFF, "check", "."],
            "ruff format": [*RUFF, "format", "--check", "."],
            "fetch sink": [*FETCH, "sink"],
        },
        {"fetch kafka": [*FETCH, "kafka"]},
        {"fetch the others": [*FETCH, "registry", "streams"]},
    ],
    [
        {"pytest, aws to notify": [*QUICK, *SERVERS]},
        {"pytest, the rest": [*QUICK, *REST]},
        # Under load: the other rows keep both cores busy.
        {"nbval, to 09": [*NBVAL, *EARLY], "pytest, the sink": [*QUICK, SINK]},
        {"nbval, from 10": [*NBVAL, *THEN]},
    ],
]
SOAK: list[list[Row]] = [
    # Alone: what it measures wants the machine for itself.
    [{"benchmarks": [*LONG, *MEASURED]}],
    [
        {"lessons, local": [*LONG, LESSONS, "-k", f"not on_the_cloud and not ({LAST})"]},
        {
            "lessons, cloud": [*LONG, LESSONS, "-k", "on_the_cloud"],
            "lessons, local, 17 on": [*LONG, LESSONS, "-k", f"not on_the_cloud and ({LAST})"],
            "JupyterLab, to 06": [*LOOK, "0[0-6]"],
        },
        {"pytest (soak)": [*LONG, *OTHERS]},
        {"JupyterLab, from 07": [*LOOK, "0[7-9]", "1[0-9]"]},
    ],
]
Result = tuple[str, int, float]


def run(name: str, argv: list[str], said: IO[bytes] | None = None) -> Result:
    """One step: its name, exit status and seconds; its output goes to `said`, if given."""
    print(f"\n== {name}: {' '.join(argv[1:])}", flush=True)
    began = time.monotonic()
    status = subprocess.run(argv, cwd=ROOT, stdout=said, stderr=said).returncode
    took = time.monotonic() - began
    if said:
        print(f"== {name}: {'failed' if status else 'ok'} after {took:.0f} s", flush=True)
    return name, status, took


def run_row(row: Row, said: IO[bytes] | None = None) -> list[Result]:
    """The steps of a row one after the other; all run even if one fails."""
    return [run(name, argv, said) for name, argv in row.items()]


def run_stage(rows: list[Row]) -> list[Result]:
    """Rows side by side; what each of several said is printed in one piece when all have ended."""
    if len(rows) == 1:
        return run_row(rows[0])
    with ExitStack() as stack:
        files = [stack.enter_context(tempfile.TemporaryFile()) for _ in rows]
        pool = stack.enter_context(ThreadPoolExecutor(len(rows)))
        running = list(pool.map(run_row, rows, files))
        for row, said in zip(rows, files, strict=True):
            said.seek(0)
            text = said.read().decode("utf-8", "replace")
            print(f"\n== {', '.join(row)} said:\n{text}", flush=True)
    return [result for results in running for result in results]


def main() -> int:
    stages = SOAK if "--soak" in sys.argv else TEST
    results: list[Result] = []
    began = time.monotonic()
    for rows in stages:
        results += run_stage(rows)
    failed = [name for name, status, _ in results if status]
    print(f"\n{'step':<20}{'seconds':>9}  result")
    for name, status, seconds in results:
        print(f"{name:<20}{seconds:>9.0f}  {'failed' if status else 'ok'}")
    total = time.monotonic() - began
    said = f"{', '.join(failed)} failed" if failed else f"{len(results)} steps ok in {total:.0f} s"
    print(said)
    if stages is TEST:
        (ROOT / "build").mkdir(exist_ok=True)
        result = {"when": date.today().isoformat(), "passed": not failed, "said": said}
        (ROOT / "build" / "test-result.json").write_text(json.dumps(result) + "\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
