"""How a file of solutions is read, and that wrong and right answers are told apart."""

from __future__ import annotations

from tests.notebooks.lesson import Lesson
from tests.notebooks.sample import sample
from tests.notebooks.solutions import read, verdict

FILE = '''"""Answers to lesson 02."""

# exercise-1
answer = 6

# exercise-1 wrong: default-is-one
# a comment inside
answer = 1

# exercise-2
answer = 2
'''


def test_sections(tmp_path):
    path = tmp_path / "02.py"
    path.write_text(FILE)
    answers = read(path)
    assert {number: answer.right for number, answer in answers.items()} == {
        1: "answer = 6",
        2: "answer = 2",
    }
    assert answers[1].wrong == {"default-is-one": "# a comment inside\nanswer = 1"}


def test_the_verdict_is_what_the_check_printed(tmp_path):
    lesson = Lesson(tmp_path / "02_sample.ipynb", sample())
    assert verdict(lesson, 1).startswith("⬜")
