"""Each exercise has what is needed to try it; `attempts` tries them under nbval."""

from __future__ import annotations

import pytest

from helpers import exercises
from helpers.run import ROOT
from tests.notebooks.lesson import LESSONS, Lesson, compared
from tests.notebooks.solutions import SOLUTIONS, Answers, read, verdict

WITH_EXERCISES = [path for path in LESSONS if Lesson(path).tagged("exercise-1")]


@pytest.fixture(scope="module", params=WITH_EXERCISES, ids=lambda path: path.stem)
def lesson(request) -> Lesson:
    return Lesson(request.param)


def answers_of(lesson: Lesson) -> dict[int, Answers]:
    return read(SOLUTIONS / f"{lesson.number}.py")


def test_each_exercise_has_a_check_a_solution_and_a_misconception(lesson):
    numbers = {n for n in (1, 2) if lesson.tagged(f"exercise-{n}")}
    answers = answers_of(lesson)
    assert set(answers) == numbers
    teaching = (ROOT / "docs" / "teaching.md").read_text("utf-8")
    for number, answer in answers.items():
        assert exercises.find(f"{lesson.number}.{number}")
        assert answer.right, f"no right answer to exercise {number}"
        assert answer.wrong, f"no wrong answer to exercise {number}"
        assert [slug for slug in answer.wrong if slug not in teaching] == []


def test_left_blank(lesson):
    """As committed: nbval compares these outputs with a fresh run."""
    for number in answers_of(lesson):
        assert verdict(lesson, number).startswith("⬜")
        assert all(map(compared, lesson.tagged(f"check-{number}")))
