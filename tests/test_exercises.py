"""The mechanism of the exercises: three verdicts, one line each, and nothing stops a lesson."""

from __future__ import annotations

import pytest

from helpers import exercises
from helpers.exercises import blank, check, exercise, guess, right, wrong


@pytest.fixture
def registered(monkeypatch):
    """Exercise 99.1 asks for a topic with six partitions."""
    monkeypatch.setattr(exercises.importlib, "import_module", lambda name: None)

    @exercise("99.1")
    def six_partitions(answer, topics):
        if answer is None:
            return blank("create a topic with six partitions")
        found = len(topics[answer])
        return right("six") if found == 6 else wrong(f"{answer} has {found}; see NewTopic")

    yield
    del exercises._checks["99.1"]


@pytest.mark.parametrize(
    ("answer", "line"),
    [
        (None, "⬜ not answered yet: create a topic with six partitions"),
        ("a", "✅ six"),
        ("b", "❌ b has 1; see NewTopic"),
        ("nowhere", "❌ the answer could not be checked: KeyError: 'nowhere'"),
    ],
)
def test_verdicts(registered, capsys, answer, line):
    check("99.1", answer, topics={"a": range(6), "b": range(1)})
    assert capsys.readouterr().out == line + "\n"


def test_a_verdict_is_one_line():
    assert str(wrong("two\n   lines")) == "❌ two lines"


def test_an_exercise_without_a_check_is_the_authors_error():
    with pytest.raises(KeyError, match=r"98\.1 has no check in helpers\.checks\.lesson_98"):
        check("98.1", 1)


@pytest.mark.parametrize(
    ("guessed", "line"),
    [
        (None, "⬜ partition: you did not guess; the broker says 3"),
        (..., "⬜ partition: you did not guess; the broker says 3"),
        (3, "✅ partition: you guessed 3, and the broker says 3"),
        (2, "❌ partition: you guessed 2, but the broker says 3"),
    ],
)
def test_guess(capsys, guessed, line):
    assert guess("partition", guessed, 3) is None  # it may end a cell
    assert capsys.readouterr().out == line + "\n"
