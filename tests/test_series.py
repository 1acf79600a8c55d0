"""A small sample of tools/series.py and tools/kills.py: a class of three, three killed kernels."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid

import pytest

from helpers.run import find_lessons
from tools import kills, series


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_three_kernels_on_one_lab_do_not_meet(tmp_path):
    students, left = series.class_of(3, ["02"], tmp_path)
    assert {student.prefix: student.problems for student in students} == {
        prefix: [] for prefix in series.STUDENTS[:3]
    }
    assert left == []


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_three_killed_kernels_leave_nothing():
    lessons = [path for name in ("01", "04", "08") for path in find_lessons(name)]
    found = list(kills.killed(3, 5, lessons))
    assert [one.left for one in found] == [[], [], []]
    assert all(one.processes for one in found)  # there was something to leave behind


def test_a_lesson_that_sees_another_students_names_is_found(tmp_path, monkeypatch):
    class Outcome:
        seconds, problem = 1.0, ""

    monkeypatch.setattr(series, "run_lesson", lambda *_, **__: Outcome())
    monkeypatch.setattr(series, "outputs", lambda _: "topics: ana-orders, luis-orders")
    told = series.attend("ana-", ["02"], tmp_path, ["ana-", "luis-", "eva-"]).problems
    assert told == ["02 saw names of ['luis-']"]


def test_what_carries_the_mark_is_found_until_it_ends():
    mark = uuid.uuid4().hex
    child = subprocess.Popen(
        [sys.executable, "-c", "import sys; sys.stdin.read()"],
        stdin=subprocess.PIPE,
        env={**os.environ, kills.MARK: mark},
    )
    assert [process.pid for process in kills.marked(mark)] == [child.pid]
    child.communicate()
    assert kills.marked(mark) == []
