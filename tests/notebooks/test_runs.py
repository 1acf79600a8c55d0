"""Lessons hold when they are used as a class uses them. Long, hence marked soak."""

from __future__ import annotations

import pytest
from nbclient.exceptions import CellExecutionError
from nbformat.v4 import new_code_cell, new_notebook

from helpers.run import run_lesson
from tests.notebooks.lesson import LESSONS, Lesson
from tests.notebooks.play import play, restarted_half_way, with_parameters
from tests.notebooks.sample import sample

each_lesson = pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)


def marked(function):
    for mark in (pytest.mark.soak, pytest.mark.timeout(1800)):
        function = mark(function)
    return each_lesson(function)


def restarted(path, times: int, **values) -> None:
    """Half of it, a restart, then every cell so many times in succession."""
    restarted_half_way(with_parameters(Lesson(path), **values), times=times)


@pytest.mark.soak
@pytest.mark.parametrize("path", [LESSONS[1], LESSONS[-1]], ids=lambda path: path.stem)
def test_another_seed_and_a_prefix_by_papermill(path, tmp_path):
    """Two lessons; every lesson gets another seed and a prefix below."""
    parameters = {"seed": 11, "prefix": "ana-"}
    assert run_lesson(path, tmp_path / path.name, parameters).problem == ""


@marked
def test_restarted_half_way_then_every_cell_twice(path):
    restarted(path, times=2, seed=2026, prefix="grupo-b-")


@marked
def test_restarted_half_way_on_the_cloud(path, learner):
    """Nothing dies with the kernel there: topics and buckets outlive the restart.

    As a user with the rights that docs/cloud.md says, and no others.
    """
    learner("learner", *(["deployer"] if path.name[:2] == "12" else []))
    restarted(path, times=1, target="cloud", prefix="ana-", seed=23)


def test_a_cell_that_cannot_be_repeated_is_found():
    notebook = new_notebook(cells=[new_code_cell("x = [1]"), new_code_cell("x.pop()")])
    play(notebook)
    with pytest.raises(CellExecutionError, match="pop from empty list"):
        play(notebook, times=2)


def test_what_a_restart_finds_already_there_is_found(tmp_path):
    make = new_code_cell(f"import pathlib\npathlib.Path({str(tmp_path / 'topic')!r}).mkdir()")
    notebook = new_notebook(cells=[make, new_code_cell("1 + 1")])
    with pytest.raises(CellExecutionError, match="FileExistsError"):
        restarted_half_way(notebook)


def test_parameters_are_set_in_a_copy(tmp_path):
    lesson = Lesson(tmp_path / "02_sample.ipynb", sample())
    copy = Lesson(lesson.path, with_parameters(lesson, target="cloud"))
    assert copy.tagged("parameters")[0].source.endswith("\ntarget = 'cloud'")
    assert "cloud" not in lesson.tagged("parameters")[0].source
