"""A lesson calls what it is about in its own cells (STYLE): no helper hides the API."""

from __future__ import annotations

import pytest

from tests.notebooks.api_calls import API_CALLS
from tests.notebooks.lesson import LESSONS, Lesson, calls
from tests.notebooks.sample import sample


def missing(lesson: Lesson, wanted: set[str]) -> set[str]:
    """The entries of `wanted` of which no alternative is called."""
    called = set().union(*map(calls, lesson.trees))
    return {entry for entry in wanted if not called & set(entry.split("|"))}


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_calls_what_it_teaches(path):
    assert path.stem[:2] in API_CALLS, f"list in api_calls.py what {path.stem} must call"
    assert missing(Lesson(path), API_CALLS[path.stem[:2]]) == set()


def test_a_missing_call_is_seen(tmp_path):
    lesson = Lesson(tmp_path / "02_sample.ipynb", sample())
    assert missing(lesson, {"start_lab", "produce|print", "poll|consume"}) == {"poll|consume"}
