"""Read `solutions/NN.py`, and what a check said."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from helpers.run import ROOT
from tests.notebooks.lesson import Lesson

SOLUTIONS = ROOT / "solutions"
SECTION = re.compile(r"^# exercise-(\d)(?: wrong: ([a-z0-9-]+))?$", re.M)


@dataclass
class Answers:
    """The right answer to one exercise and its wrong ones by the slug of their misconception."""

    right: str = ""
    wrong: dict[str, str] = field(default_factory=dict)


def read(path: Path) -> dict[int, Answers]:
    """The answers in a file of solutions, by the exercise's number.

    A section starts with `# exercise-1`, or `# exercise-1 wrong: keys-follow-arrival`, alone on
    its line. What stands before the first section belongs to no answer.
    """
    pieces = SECTION.split(path.read_text("utf-8"))
    answers: dict[int, Answers] = {}
    for number, slug, source in zip(pieces[1::3], pieces[2::3], pieces[3::3], strict=True):
        answer = answers.setdefault(int(number), Answers())
        if slug:
            answer.wrong[slug] = source.strip()
        else:
            answer.right = source.strip()
    return answers


def verdict(lesson: Lesson, number: int) -> str:
    """What the cell tagged check-N printed."""
    (cell,) = lesson.tagged(f"check-{number}")
    return "".join(output.get("text", "") for output in cell.outputs)
