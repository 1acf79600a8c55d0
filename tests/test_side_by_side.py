"""`python -m helpers run --jobs`: two lessons at a time, told in order; Ctrl-C ends all of them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import psutil
import pytest

from helpers import side_by_side
from helpers.errors import LabError
from helpers.local.process import wait_until
from helpers.run import ROOT, run_lessons
from tests.notebooks.sample import write

MEET = """import pathlib, time
place, deadline = pathlib.Path({place!r}), time.monotonic() + 30
(place / {me!r}).touch()
while not (place / {other!r}).exists():
    assert time.monotonic() < deadline, "the other never came"
"""
BUSY = "import os, pathlib, threading\npathlib.Path({place!r}, str(os.getpid())).touch()\nthreading.Event().wait(60)"
MAIN = """import pathlib, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
from helpers.run import run_lessons
sys.exit(run_lessons(None, sys.argv[1], folder=pathlib.Path(sys.argv[2]), jobs=2))"""


def lesson(folder: Path, name: str, *cells: str) -> None:
    folder.mkdir(exist_ok=True)
    write(folder, name, list(cells))


@pytest.mark.timeout(120)
def test_two_at_a_time_told_in_order_and_a_failure_is_named(tmp_path, capsys):
    folder, place = tmp_path / "lessons", str(tmp_path)
    lesson(
        folder, "00_first", MEET.format(place=place, me="a", other="b"), "import os; os.getcwd()"
    )
    lesson(folder, "01_second", MEET.format(place=place, me="b", other="a"))
    lesson(folder, "02_third", "1 / 0")
    here = os.getcwd()
    assert run_lessons(None, tmp_path / "build", folder=folder, jobs=2) == 1
    said = capsys.readouterr().out
    told = [line.split()[2] for line in said.splitlines() if line.startswith("[")]
    assert told == ["00_first", "01_second", "02_third"]
    assert "ZeroDivisionError: division by zero" in said
    assert said.count(" failed") == 1
    notebook = nbformat.read(tmp_path / "build" / "00_first.ipynb", as_version=4)
    assert notebook.cells[-1].outputs[0]["data"]["text/plain"] == repr(str(folder))
    assert os.getcwd() == here
    assert side_by_side.kernels == set()


@pytest.mark.timeout(120)
def test_ctrl_c_ends_all_and_names_where(tmp_path):
    folder, place = tmp_path / "lessons", tmp_path / "pids"
    place.mkdir()
    for name in ("00_first", "01_second", "02_third"):
        lesson(folder, name, BUSY.format(place=str(place)))
    argv = [sys.executable, "-c", MAIN, str(tmp_path / "build"), str(folder)]
    with subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert wait_until(lambda: len(list(place.iterdir())) == 2, 60)
            process.send_signal(signal.SIGINT)
            began = time.monotonic()
            said = process.communicate(timeout=60)[0]
        finally:
            process.kill()
    assert process.returncode == 130
    assert "interrupted during 00_first" in said
    assert time.monotonic() - began < 15
    pids = [int(path.name) for path in place.iterdir()]
    assert len(pids) == 2  # the third was not begun
    assert wait_until(lambda: not any(map(psutil.pid_exists, pids)), 5)


def test_alone_means_alone(tmp_path):
    at_work, seen = set(), {}

    def work(path):
        at_work.add(path.stem)
        time.sleep(0.05)
        seen[path.stem] = len(at_work)
        at_work.discard(path.stem)
        return path.stem

    lessons = [Path(f"{n}_x.ipynb") for n in (*range(10, 13), *side_by_side.ALONE, "14")]
    found = list(side_by_side.in_order(work, lessons, 2))
    assert found == [path.stem for path in lessons]
    assert {seen[f"{number}_x"] for number in side_by_side.ALONE} == {1}


def test_one_after_the_other_where_lessons_share_a_cluster(monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    monkeypatch.setattr("helpers.local.shared.find", lambda: None)
    assert (side_by_side.checked_jobs(None, "local"), side_by_side.checked_jobs(3, "local")) == (
        2,
        3,
    )
    assert side_by_side.checked_jobs(None, "cloud") == 1
    with pytest.raises(LabError, match=r"^on the cloud lessons use the same topics"):
        side_by_side.checked_jobs(2, "cloud")
    monkeypatch.setattr("helpers.local.shared.find", dict)
    assert side_by_side.checked_jobs(None, "local") == 2  # an empty state is no lab
    monkeypatch.setattr("helpers.local.shared.find", lambda: {"pid": 1})
    assert side_by_side.checked_jobs(None, "local") == 1
    with pytest.raises(LabError, match=r"^on the shared lab lessons use the same topics"):
        side_by_side.checked_jobs(2, "local")


def test_nowhere_to_write_is_one_line(tmp_path):
    lesson(tmp_path / "lessons", "00_first", "1")
    (tmp_path / "build").write_text("a file")
    with pytest.raises(LabError, match=r"^cannot write to .*build \(File exists\); move it out"):
        run_lessons(None, tmp_path / "build", folder=tmp_path / "lessons")
