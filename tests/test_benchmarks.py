"""The start-up promises, as ratios measured side by side in one run."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from helpers.config import ROOT

PROMISED = {1: 4.0, 3: 2.5}  # brokers: how many times sooner than the naive start
AT_REST_MB = 450  # one broker with AWS


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_a_lab_starts_as_much_sooner_as_promised():
    argv = [sys.executable, str(ROOT / "benchmarks" / "startup.py"), "--rounds", "7"]
    done = subprocess.run(argv, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    print(done.stdout)
    result = json.loads(done.stdout[done.stdout.index("{") :])
    measured = {row["brokers"]: row["times_sooner"] for row in result["startup"]}
    assert set(measured) == set(PROMISED)
    assert all(measured[n] >= PROMISED[n] for n in PROMISED), measured
    assert result["memory_mb"]["together"] <= AT_REST_MB
