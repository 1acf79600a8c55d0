"""Each fault of the catalogue comes to its line, its exit status, its end, and leaves nothing."""

from __future__ import annotations

import ast
import re
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache

import pytest

from helpers.config import ROOT
from tests.faults.case import Case, Result, lines, matches
from tests.faults.catalogue import CASES, PROVEN, page
from tests.faults.conftest import SIDE_BY_SIDE

QUICK = [case for case in CASES if not case.slow]


def named(cases):
    return pytest.mark.parametrize("case", cases, ids=lambda case: f"{case.area} - {case.name}")


@pytest.fixture(scope="module")
def results(place):
    """Every quick case, begun at once; those that wait longest come first."""
    waiting = sorted(QUICK, key=lambda case: "127.0.0.1:1" not in case.says)
    topics = place.topics()
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        begun = {id(case): pool.submit(place.run, case) for case in waiting}
        yield begun
    assert place.topics() - topics <= {"ok-estudiante-eventos-dlq", "ok-notify-dlq"}
    runs = [run for home in place.homes.values() for run in home.glob("run/*") if run.is_dir()]
    assert len(runs) == 1, "the shared lab's own, and no other"


def as_catalogued(case: Case, result: Result) -> None:
    told = f"{result.out}\n--\n{result.err}"
    assert result.status is not None, f"it had not ended after {case.seconds} s:\n{told}"
    assert "Traceback" not in told, told
    assert result.status == case.status, told
    seen = lines(result.err, result.status)
    assert case.prints is None or matches_all(case.prints, result.out), told
    assert matches(case.says, seen) or (case.says == "…" and seen), told
    assert result.left == [], "still at work"
    if case.after:
        case.after(result.scene)


def matches_all(pattern: str, text: str) -> bool:
    """Of a long output only its beginning is compared, if the pattern says so."""
    some = "\n".join(text.strip().splitlines()[: len(pattern.splitlines())])
    return matches(pattern, some if "lesson …" in pattern else text)


@named(QUICK)
def test_a_fault_comes_to_its_line(results: dict[int, Future], case):
    as_catalogued(case, results[id(case)].result())


@pytest.mark.soak
@named([case for case in CASES if case.slow])
def test_a_slow_fault_comes_to_its_line(place, case):
    as_catalogued(case, place.run(case))


@cache
def texts() -> str:
    """Every piece of text that is in the code of helpers, without what is filled in."""
    files = sorted((ROOT / "helpers").rglob("*.py"))
    nodes = (node for file in files for node in ast.walk(ast.parse(file.read_text("utf-8"))))
    found = (node.value for node in nodes if isinstance(node, ast.Constant))
    return "\n".join(text for text in found if isinstance(text, str))


@pytest.mark.parametrize("fault", PROVEN, ids=lambda fault: f"{fault.area} - {fault.name}")
def test_what_is_proven_elsewhere_is(fault):
    path, _, name = fault.test.partition("::")
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    found = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == name]
    assert len(found) == 1, fault.test
    if not fault.elsewhere:
        pieces = [piece for piece in re.split("…|; |^broker-1 ", fault.says) if len(piece) > 3]
        assert pieces
        assert [piece for piece in pieces if piece not in texts()] == []


def test_there_are_as_many_as_promised():
    names = [(case.area, case.name, case.words) for case in CASES]
    assert len(set(names)) == len(names)
    assert len(QUICK) >= 40
    commands = {case.area for case in CASES} | {fault.area for fault in PROVEN}
    from helpers.__main__ import COMMANDS, SERVICES

    assert {*COMMANDS, *SERVICES} - commands <= {"hold", "load"}  # the lab's own; has its own tests


def test_the_page_is_made_from_the_catalogue():
    written = (ROOT / "docs" / "faults.md").read_text("utf-8")
    assert written == page(), "run: python tools/faults.py"
