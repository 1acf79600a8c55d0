"""Each exercise: its solution passes; the blank and each named misconception do not."""

from __future__ import annotations

import pytest

from helpers import exercises
from helpers.run import ROOT, new_client
from tests.notebooks.lesson import LESSONS, Lesson
from tests.notebooks.solutions import SOLUTIONS, Answers, read, verdict, with_answers

WITH_EXERCISES = [path for path in LESSONS if Lesson(path).tagged("exercise-1")]


@pytest.fixture(scope="module", params=WITH_EXERCISES, ids=lambda path: path.stem)
def lesson(request) -> Lesson:
    return Lesson(request.param)


def answers_of(lesson: Lesson) -> dict[int, Answers]:
    return read(SOLUTIONS / f"{lesson.number}.py")


def run(lesson: Lesson, sources: dict[int, str]) -> dict[int, str]:
    """Execute the lesson with these answers; the first character of each verdict."""
    notebook = with_answers(lesson, sources)
    new_client(notebook).execute()
    executed = Lesson(lesson.path, notebook)
    return {number: verdict(executed, number)[:1] for number in sources}


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


@pytest.mark.timeout(900)
def test_right_answers(lesson):
    sources = {number: answer.right for number, answer in answers_of(lesson).items()}
    assert run(lesson, sources) == dict.fromkeys(sources, "✅")


@pytest.mark.timeout(1800)
def test_wrong_answers(lesson):
    """The n-th misconception of every exercise in one run of the lesson."""
    wrong = {number: list(answer.wrong.values()) for number, answer in answers_of(lesson).items()}
    for turn in range(max(map(len, wrong.values()))):
        sources = {n: answers[turn] for n, answers in wrong.items() if turn < len(answers)}
        assert run(lesson, sources) == dict.fromkeys(sources, "❌")
