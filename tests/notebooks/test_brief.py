"""docs/brief.md leads from every line of the brief to where the course delivers it.

Its tables have rows `| line of the brief | lesson | where |`: `where` links to a notebook's
heading or to a file, or the row says "lesson 12 (to come)" for a lesson that is not there yet.
"""

from __future__ import annotations

import re
from pathlib import Path

from helpers.run import ROOT
from tests.notebooks.lesson import LESSONS, LINK, broken

BRIEF = ROOT / "docs" / "brief.md"
ROWS = 100  # the brief says at least so many things
TO_COME = re.compile(r"lesson (\d\d) \(to come\)")


def rows(page: Path) -> list[list[str]]:
    """The cells of each table row but headers and rulers."""
    found, header = [], True
    for line in page.read_text("utf-8").splitlines():
        if not line.startswith("|"):
            header = True
        elif header or re.fullmatch(r"[|\s:-]+", line):
            header = False
        else:
            found.append([cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip("| "))])
    return found


def wrong_with(row: list[str], page: Path, existing: set[str]) -> list[str]:
    """Why a row leads nowhere; [] if it is in order. `existing` are the lessons' numbers."""
    if len(row) != 3:
        return [f"{row} has not the three cells: line, lesson, where"]
    line, lesson, where = row
    coming = TO_COME.findall(where)
    targets = [target for _, target in LINK.findall(where)]
    found = [why for why in (broken(target, page) for target in targets) if why]
    found += [f"lesson {number} is there: link to it" for number in coming if number in existing]
    for target in targets:
        number = re.search(r"notebooks/(\d\d)_", target)
        if number and number[1] not in lesson:
            found.append(f"says lesson {lesson} but links to {target}")
        if number and "#" not in target:
            found.append(f"{target} names no heading")
    if not targets and not coming:
        found.append("no link, and no lesson to come")
    return [f"{line}: {why}" for why in found]


def test_every_line_leads_somewhere():
    existing = {path.stem[:2] for path in LESSONS}
    table = rows(BRIEF)
    problems = [why for row in table for why in wrong_with(row, BRIEF, existing)]
    to_come = sum(bool(TO_COME.search(row[-1])) for row in table)
    print(f"{len(table)} lines of the brief, {to_come} of them in lessons to come")
    assert problems == []
    assert len(table) >= ROWS


PAGE = """# Brief

| brief | lesson | where |
| --- | --- | --- |
| topics | 02 | [here](#brief) |
| load | 13 | lesson 13 (to come) |
| keys | 02 | [gone](../notebooks/02_gone.ipynb#Keys) |
| late | 01 | lesson 01 (to come) |
| none | 02 | soon |
| two cells | 02 |
"""


def test_rows_that_lead_nowhere_are_found(tmp_path):
    page = tmp_path / "brief.md"
    page.write_text(PAGE.replace("#brief", "#Brief".lower()))
    found = [wrong_with(row, page, existing={"01", "02"}) for row in rows(page)]
    assert found[:2] == [[], []]
    assert "does not exist" in found[2][0]
    assert found[3] == ["late: lesson 01 is there: link to it"]
    assert found[4] == ["none: no link, and no lesson to come"]
    assert "three cells" in found[5][0]
