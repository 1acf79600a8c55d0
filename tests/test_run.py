"""`python -m helpers run`: a table that hides nothing, for lessons that fail in every way."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import nbformat
import pytest

from helpers.errors import LabError
from helpers.run import ROOT, find_lessons, run_lessons
from tests.notebooks import sample

LESSONS = {
    "00_passes": ["print(seed, prefix)"],
    "01_raises": ["1 / 0", "print('never')"],
    "02_dies": ["import os\nos.kill(os.getpid(), 9)"],
    "03_hangs": ["import threading\nthreading.Event().wait(60)"],
    "04_lab_is_away": [
        "from helpers.errors import LabError",
        "raise LabError('no broker; run make lab')",
    ],
}
WHERE = "import sys, os\nprint(sys.executable)\nprint(os.getcwd())"


@pytest.fixture
def lessons(tmp_path):
    """Write lessons, each with a parameters cell; return their folder."""
    folder = tmp_path / "notebooks"
    folder.mkdir()

    def write(sources: dict[str, list[str]]):
        for name, cells in sources.items():
            sample.write(folder, name, cells)
        return folder

    return write


def outputs(path) -> str:
    cells = nbformat.read(path, as_version=4).cells
    return "".join(out.get("text", "") for cell in cells for out in cell.get("outputs", []))


@pytest.mark.timeout(120)
def test_one_failing_lesson_does_not_hide_the_others(lessons, tmp_path, capsys):
    folder = lessons(LESSONS)
    parameters = {"seed": 11, "prefix": "ana-"}
    assert run_lessons(None, tmp_path / "build", parameters, seconds=8, folder=folder) == 1
    printed = capsys.readouterr().out
    progress, table = printed.split("\nlesson ")
    assert len(progress.strip().splitlines()) == len(LESSONS)
    rows = [line.split() for line in table.splitlines()[1:]]
    results = {row[0]: row[-1] for row in rows if row[0] in LESSONS}
    assert results == dict.fromkeys(LESSONS, "failed") | {"00_passes": "passed"}
    assert "cell 2: 1 / 0" in table
    assert "ZeroDivisionError: division by zero" in table
    assert "cell 2: import os" in table
    assert "the kernel died" in table
    assert "took longer than the 8 s" in table
    assert "cell 3: raise LabError" in table
    assert "LabError: no broker; run make lab" in table
    assert "11 ana-" in outputs(tmp_path / "build" / "00_passes.ipynb")


@pytest.mark.timeout(60)
def test_the_kernel_is_this_interpreter_in_the_lessons_folder(lessons, tmp_path):
    """Even where Jupyter would prefer a "python3" kernelspec in the home folder."""
    folder = lessons({"00_where": [WHERE]})
    spec = tmp_path / "home" / ".local" / "share" / "jupyter" / "kernels" / "python3"
    spec.mkdir(parents=True)
    stranger = {"argv": ["false", "{connection_file}"], "display_name": "x", "language": "python"}
    (spec / "kernel.json").write_text(json.dumps(stranger))
    code = (
        "import pathlib, sys; from helpers.run import run_lessons;"
        f"sys.exit(run_lessons('0', 'build', folder=pathlib.Path({str(folder)!r})))"
    )
    environment = {"HOME": str(tmp_path / "home"), "JUPYTER_PREFER_ENV_PATH": "0"}
    environment |= {"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"]}
    environment["XDG_DATA_HOME"] = str(tmp_path / "home" / ".local" / "share")
    done = subprocess.run([sys.executable, "-c", code], env=environment, cwd=tmp_path)
    assert done.returncode == 0
    assert outputs(tmp_path / "build" / "00_where.ipynb").split() == [sys.executable, str(folder)]


def test_lessons_are_found_by_number_or_name(lessons):
    folder = lessons({name: ["1"] for name in ("00_first", "01_second", "10_third")})
    names = [path.stem for path in find_lessons(None, folder)]
    assert names == ["00_first", "01_second", "10_third"]
    for asked in ("1", "01", "01_second", "01_second.ipynb"):
        assert [path.stem for path in find_lessons(asked, folder)] == ["01_second"]


def test_bad_requests_get_one_line(lessons, tmp_path):
    folder = lessons({"00_first": ["1"]})
    with pytest.raises(LabError, match=r"^there is no lesson 99; lessons: 00_first$"):
        run_lessons("99", tmp_path, folder=folder)
    with pytest.raises(LabError, match=r"^lessons have no parameter sede; they have prefix"):
        run_lessons(None, tmp_path, {"sede": 3}, folder=folder)
    with pytest.raises(LabError, match="none yet"):
        find_lessons(None, tmp_path / "nowhere")
