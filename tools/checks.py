"""`make test` and `make soak`: run every step, time it, say which failed, remember the result.

All steps run even if one fails, so that one look shows everything. `python -m helpers doctor` reads
the result from build/test-result.json.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

ROOT = Path(__file__).parents[1]
PYTEST = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
RUFF = [sys.executable, "-m", "ruff"]
TEST = {
    "ruff check": [*RUFF, "check", "."],
    "ruff format": [*RUFF, "format", "--check", "."],
    "fetch": [sys.executable, "-m", "helpers", "fetch"],
    "pytest": [*PYTEST, "-m", "not soak", "tests"],
    "nbval": [*PYTEST, "--nbval", "notebooks"],
}
SOAK = {
    "pytest (soak)": [*PYTEST, "-m", "soak", "tests", "--timeout=900"],
    "JupyterLab": [sys.executable, "tools/look.py", "all"],
    "nbval under load": [sys.executable, "tools/stress.py", "1"],
}


def main() -> int:
    steps = SOAK if "--soak" in sys.argv else TEST
    results = []
    for name, argv in steps.items():
        print(f"\n== {name}: {' '.join(argv[1:])}", flush=True)
        began = time.monotonic()
        status = subprocess.run(argv, cwd=ROOT).returncode
        results.append((name, status, time.monotonic() - began))
    failed = [name for name, status, _ in results if status]
    print(f"\n{'step':<20}{'seconds':>9}  result")
    for name, status, seconds in results:
        print(f"{name:<20}{seconds:>9.0f}  {'failed' if status else 'ok'}")
    total = sum(seconds for *_, seconds in results)
    said = f"{', '.join(failed)} failed" if failed else f"{len(results)} steps ok in {total:.0f} s"
    print(said)
    if steps is TEST:
        (ROOT / "build").mkdir(exist_ok=True)
        result = {"when": date.today().isoformat(), "passed": not failed, "said": said}
        (ROOT / "build" / "test-result.json").write_text(json.dumps(result) + "\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
