"""What nbval compares, pinned down: the style guide rests on these.

Each case is executed as `tools/refresh.py` does, then validated by nbval as `make test` does.
"""

from __future__ import annotations

import subprocess
import sys

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from helpers.run import ROOT
from tools.refresh import refresh

HEAD = """import random, subprocess, sys
import ipywidgets, tqdm
import matplotlib.pyplot as plt
from IPython.display import HTML, clear_output, display
class Tail(ipywidgets.HTML):
    def __repr__(self): return "a live tail"
class Picture:
    def __init__(self, data): self.data = data
    def __repr__(self): return "live picture"
    def _repr_png_(self): return self.data"""
PASSES = {
    "a figure's pixels are not compared": "plt.plot([random.random()])\nplt.show()",
    "a widget that changes through its traits": (
        "tail = Tail()\ndisplay(tail)\ntail.value = str(random.random())"
    ),
    "a picture that is updated": (
        "handle = display(Picture(b'a'), display_id=True)\nhandle.update(Picture(b'b'))"
    ),
    "a child's output, captured and printed": (
        "done = subprocess.run([sys.executable, '-c', 'print(1)'], capture_output=True)\n"
        "print(done.stdout.decode())"
    ),
    "text before and after a display": "print('a')\ndisplay('b')\nprint('c')",
}
FAILS = {
    "text that differs": "print(random.random())",
    "a figure's size": "plt.figure(figsize=(3 + random.random(), 2))\nplt.show()",
    "a semicolon does not silence the last value": "plt.plot([1]);",
    "print into an Output widget": "out = ipywidgets.Output()\ndisplay(out)\nwith out: print(1)",
    "updated HTML": "handle = display(HTML('1'), display_id=True)\nhandle.update(HTML('2'))",
    "clear_output": "print(1)\nclear_output(wait=True)\nprint(2)",
    "a progress bar on stderr": "for _ in tqdm.tqdm(range(3)): pass",
    "SVG that differs": "display(HTML(f'<svg><text>{random.random()}</text></svg>'))",
    "a child's output, inherited": "done = subprocess.run([sys.executable, '-c', 'print(1)'])",
}


@pytest.mark.timeout(120)
def test_what_nbval_compares(tmp_path, monkeypatch):
    # ipykernel captures what children print, but not where it sees this: under nbval, that is
    monkeypatch.delenv("PYTEST_CURRENT_TEST")
    path = tmp_path / "02_lesson.ipynb"
    sources = [HEAD, *PASSES.values(), *FAILS.values()]
    nbformat.write(new_notebook(cells=[new_code_cell(source) for source in sources]), path)
    refresh(path, seconds=80)  # so that a cell that hangs is named
    command = [sys.executable, "-m", "pytest", "-c", str(ROOT / "pyproject.toml"), "--nbval"]
    command += ["-p", "no:cacheprovider", "-rA", "-q", "--color=no", str(path)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    lines = [line.split(" - ")[0].split() for line in done.stdout.splitlines()]
    passed = {int(line[-1]) for line in lines if line[:1] == ["PASSED"]}
    failed = {int(line[-1]) for line in lines if line[:1] == ["FAILED"]}
    names = ["imports", *PASSES, *FAILS]
    assert [names[n] for n in sorted(passed)] == ["imports", *PASSES], done.stdout
    assert [names[n] for n in sorted(failed)] == list(FAILS)
