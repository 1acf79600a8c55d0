"""docs/glosario.md: sorted, without doubles, and each term stands in the lesson that it names."""

from __future__ import annotations

import json
import re

import pytest

from helpers.run import ROOT

GLOSSARY = ROOT / "docs" / "glosario.md"
LESSON = re.compile(r"(?:\[(\d\d)\]\(\.\./notebooks/(\1_\w+\.ipynb)\)|(\d\d))")


@pytest.fixture(scope="module")
def rows() -> list[list[str]]:
    """English, Spanish, definition, lesson."""
    lines = GLOSSARY.read_text("utf-8").splitlines()
    table = [line.strip("|").split(" | ") for line in lines if line.startswith("| ")]
    return [[cell.strip() for cell in row] for row in table[2:]]


def text_of(lesson: str) -> str:
    """Everything written in a lesson, in lower case; empty while there is no such lesson."""
    paths = sorted((ROOT / "notebooks").glob(f"{lesson}_*.ipynb"))
    cells = [cell for path in paths for cell in json.loads(path.read_text("utf-8"))["cells"]]
    return "\n".join("".join(cell["source"]) for cell in cells).lower()


def spellings(term: str) -> list[str]:
    """`dead letter queue (DLQ)` counts as named by either; a plural counts too."""
    long, _, short = term.lower().partition(" (")
    plural = [long[:-1] + "ies"] if long.endswith("y") else []
    return [long, *plural, *filter(None, [short.rstrip(")")])]


def missing(rows: list[list[str]]) -> list[str]:
    """The terms that their lesson does not contain."""
    texts = {number: text_of(number) for number in {row[3].strip("[")[:2] for row in rows}}
    found = [(row[0], texts[row[3].strip("[")[:2]]) for row in rows]
    return [
        term
        for term, text in found
        if text and not any(re.search(rf"\b{re.escape(name)}", text) for name in spellings(term))
    ]


def test_the_table_is_whole_and_sorted(rows):
    assert 90 <= len(rows) <= 200
    assert [row for row in rows if len(row) != 4 or not all(row)] == []
    english = [row[0].casefold() for row in rows]
    assert english == sorted(english)
    for column in (0, 1):
        names = [row[column].casefold() for row in rows]
        assert {name for name in names if names.count(name) > 1} == set()
    # one sentence, with its full stop
    assert [row[0] for row in rows if not re.search(r"[.…]$", row[2])] == []
    assert [row[0] for row in rows if re.search(r"\. \S", row[2])] == []


def test_lessons_exist_and_are_linked(rows):
    for term, _, _, lesson in rows:
        match = LESSON.fullmatch(lesson)
        assert match, f"{term}: {lesson}"
        number = match[1] or match[3]
        assert int(number) <= 18
        there = [path.name for path in (ROOT / "notebooks").glob(f"{number}_*.ipynb")]
        assert [match[2]] == (there or [None]), f"{term}: link lesson {number}: {there}"


def test_terms_stand_in_the_lesson_that_they_name(rows):
    assert missing(rows) == []
    invented = [["flux capacitor", "", "", "01"], ["broker", "", "", "[01](...)"]]
    assert missing(invented) == ["flux capacitor"]
