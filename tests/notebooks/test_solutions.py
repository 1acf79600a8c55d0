"""Each exercise: its solution passes; the blank and each named misconception do not."""

from __future__ import annotations

import copy

import pytest

from helpers import exercises
from helpers.run import ROOT, new_client
from tests.notebooks.lesson import LESSONS, Lesson
from tests.notebooks.solutions import SOLUTIONS, Answers, read, verdict

WITH_EXERCISES = [path for path in LESSONS if Lesson(path).tagged("exercise-1")]


@pytest.fixture(scope="module", params=WITH_EXERCISES, ids=lambda path: path.stem)
def lesson(request) -> Lesson:
    return Lesson(request.param)


def answers_of(lesson: Lesson) -> dict[int, Answers]:
    return read(SOLUTIONS / f"{lesson.number}.py")


def attempts(lesson: Lesson) -> dict[tuple[int, str], str]:
    """Play the lesson once, as a learner who tries: (exercise, what was tried) → the verdict.

    At each exercise come the blank, then each misconception, then the right answer, with the check
    after every one; the kernel and the broker keep what the earlier attempts left behind.
    """
    notebook = copy.deepcopy(lesson.notebook)
    played = Lesson(lesson.path, notebook)
    client = new_client(notebook)
    answers = answers_of(lesson)
    exercise = {id(played.tagged(f"exercise-{n}")[0]): n for n in answers}
    found = {}
    with client.setup_kernel():
        for index, cell in enumerate(notebook.cells):
            client.execute_cell(cell, index)
            number = exercise.get(id(cell))
            if number is None:
                continue
            [check] = played.tagged(f"check-{number}")
            answer = answers[number]
            tries = {"blank": cell.source, **answer.wrong, "right": answer.right}
            for tried, source in tries.items():
                cell.source = source
                client.execute_cell(cell, index)
                client.execute_cell(check, notebook.cells.index(check))
                found[number, tried] = verdict(played, number).strip()
    return found


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
def test_blank_wrong_and_right_answers(lesson):
    found = attempts(lesson)
    marks = {"blank": "⬜", "right": "✅"}
    unexpected = {key: said for key, said in found.items() if said[:1] != marks.get(key[1], "❌")}
    assert unexpected == {}
    tried = {n: {"blank", *a.wrong, "right"} for n, a in answers_of(lesson).items()}
    assert {(n, name) for n, names in tried.items() for name in names} == set(found)
