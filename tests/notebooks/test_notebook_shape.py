"""Every lesson keeps STYLE's shape; the course as a whole is indexed and mostly compared."""

from __future__ import annotations

import re

import pytest

from helpers.run import NOTEBOOKS, ROOT
from tests.notebooks import shape_code  # noqa: F401  (its rules join RULES on import)
from tests.notebooks.lesson import LESSONS, LINK, Lesson, broken, compared, prints, unfenced
from tests.notebooks.shape import EXEMPT, RULES, complaints

SHARE_COMPARED = 0.75


@pytest.fixture(scope="module", params=LESSONS, ids=lambda path: path.stem)
def lesson(request) -> Lesson:
    return Lesson(request.param)


@pytest.mark.parametrize("name", RULES)
def test_shape(lesson: Lesson, name: str):
    assert complaints(name, lesson) == []


def test_each_number_has_one_lesson_and_the_readme_names_those_to_come():
    assert LESSONS, "no lesson in notebooks/"
    numbers = [path.stem[:2] for path in LESSONS]
    rows = (ROOT / "README.md").read_text("utf-8").splitlines()
    to_come = [row[2:4] for row in rows if row.startswith("| ") and "| to come |" in row]
    assert sorted(numbers + to_come) == [f"{n:02d}" for n in range(19)]
    strangers = [path.name for path in NOTEBOOKS.rglob("*.ipynb") if path not in LESSONS]
    assert [name for name in strangers if "-checkpoint" not in name] == []


def test_exemptions_name_existing_rules():
    assert set(EXEMPT) <= set(RULES)


def test_readme_lists_every_lesson_and_its_links_resolve():
    readme = ROOT / "README.md"
    targets = [target for _, target in LINK.findall(unfenced(readme.read_text("utf-8")))]
    assert [why for why in (broken(target, readme) for target in targets) if why] == []
    listed = [t for t in targets if re.fullmatch(r"notebooks/\d\d_\w+\.ipynb", t)]
    assert set(listed) == {f"notebooks/{path.name}" for path in LESSONS}


def test_three_quarters_of_all_outputs_are_compared():
    printing = [cell for path in LESSONS for cell in Lesson(path).code if prints(cell)]
    share = sum(map(compared, printing)) / max(1, len(printing))
    print(f"{share:.0%} of {len(printing)} cells that print are compared")
    assert share >= SHARE_COMPARED
