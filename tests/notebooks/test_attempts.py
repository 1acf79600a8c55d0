"""The plugin that tries exercises under nbval sees a check that is wrong, and is itself seen."""

from __future__ import annotations

import subprocess
import sys

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from helpers.run import ROOT

CHECK = """answer = globals().get("answer")
if answer is None:
    print("⬜ not answered yet")
elif answer == 6:
    print("✅ right")
else:
    print("❌ not", answer)"""
SOLUTIONS = """# exercise-1
answer = 6

# exercise-1 wrong: default-is-one
answer = 1

# exercise-1 wrong: as-before
answer = {before}
"""


def tried(folder, before: str, tag: str = "check-1") -> list[str]:
    """The words pytest says of a lesson with one exercise, one line of its summary each."""
    blank = new_code_cell("answer = None", metadata={"tags": ["exercise-1"]}, execution_count=1)
    said = [new_output("stream", name="stdout", text="⬜ not answered yet\n")]
    check = new_code_cell(CHECK, metadata={"tags": [tag]}, execution_count=2, outputs=said)
    kept = [new_output("stream", name="stdout", text="6\n")]
    last = new_code_cell("print(answer)", execution_count=3, outputs=kept)
    nbformat.write(new_notebook(cells=[blank, check, last]), folder / "02_lesson.ipynb")
    (folder / "02.py").write_text(SOLUTIONS.format(before=before))
    command = [sys.executable, "-m", "pytest", "-c", str(ROOT / "pyproject.toml"), "-q", "-rA"]
    command += ["-p", "no:cacheprovider", "-p", "tests.notebooks.attempts", "--color=no", "--nbval"]
    command += ["--solutions", str(folder), str(folder / "02_lesson.ipynb")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    return (done.stdout + done.stderr).splitlines()


def summary(lines: list[str]) -> list[str]:
    outcomes = ("PASSED", "FAILED")
    return [line.split("::")[-1] for line in lines if line.startswith(outcomes)]


@pytest.mark.timeout(120)
def test_attempts_come_behind_the_check_and_before_the_rest(tmp_path):
    lines = tried(tmp_path, before="2")
    assert [line for line in lines if line.startswith("FAILED")] == []
    attempts = ["exercise-1 default-is-one", "exercise-1 as-before", "exercise-1 right"]
    assert summary(lines) == ["Cell 0", "Cell 1", *attempts, "Cell 2"]


@pytest.mark.timeout(120)
def test_a_misconception_that_passes_fails(tmp_path):
    failed = [line for line in tried(tmp_path, before="6") if line.startswith("FAILED")]
    assert len(failed) == 1
    assert "exercise-1 as-before" in failed[0]
    assert "'✅ right', and should say ❌" in failed[0]


@pytest.mark.timeout(120)
def test_an_attempt_that_raises_fails_with_its_error(tmp_path):
    lines = tried(tmp_path, before="1 / 0")
    failed = [line for line in lines if line.startswith("FAILED")]
    assert len(failed) == 1
    assert "exercise-1 as-before" in failed[0]
    assert any("division by zero" in line for line in lines)


def test_answers_without_a_check_are_not_left_out_silently(tmp_path):
    lines = tried(tmp_path, before="2", tag="check-2")
    assert "ERROR: answers to exercises that have no check: 02_lesson.ipynb: [1]" in lines
