"""Small stays small: lines per part are printed; what a lesson imports and each file are bounded."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from pathlib import Path

import pytest

from helpers.run import ROOT
from tests.notebooks.lesson import LESSONS, Lesson

ONE_LESSON = 900  # lines of helpers that any one lesson imports
DRAWING = 120  # lines of show/ for each lesson that there is
ONE_FILE = 250
CODE = ["helpers", "tests", "tools", "benchmarks", "solutions", "infra", "docs"]
PARTS = {
    "lab": ["lab.py", "lab"],
    "show": ["show.py", "show"],
    "exercises": ["exercises.py"],
    "worker": ["worker.py"],
    "checks": ["checks"],
    "local": ["local"],
    "pipeline": ["pipeline"],
    "web": ["web"],
    "infra": ["infra.py", "infra_command.py"],
    "capstone": ["capstone"],
    "load": ["load.py", "load"],
    "commands": ["run.py", "doctor.py", "__main__.py"],
}
# The door, the drawings and the checks' caller. What one file asks of one exercise, the student
# system and the stand-ins are not what a reader of a lesson has to know.
FACING = re.compile(r"helpers\.(lab|exercises|cleanup|worker|show\.\w+)")
# file -> reason why it is longer than ONE_FILE lines
LONGER: dict[str, str] = {}


def lines(path: Path) -> int:
    """Lines of Python in a file, or in all files below a folder; 0 if there is none."""
    files = sorted(path.rglob("*.py")) if path.is_dir() else [path] if path.exists() else []
    return sum(len(file.read_text("utf-8").splitlines()) for file in files)


def imports(trees: Iterable[ast.AST]) -> set[str]:
    """The lesson-facing modules of helpers that the code imports, `from helpers.show import x` too."""
    found = set()
    for node in (node for tree in trees for node in ast.walk(tree)):
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        else:
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
        found |= {name for name in names if FACING.fullmatch(name)}
    return found


def source(module: str) -> Path:
    return ROOT / f"{module.replace('.', '/')}.py"


def reached(trees: Iterable[ast.AST]) -> set[str]:
    """What `imports` finds, and what those modules import in turn."""
    seen: set[str] = set()
    new = imports(trees)
    while new:
        seen |= new
        new = imports(ast.parse(source(module).read_text("utf-8")) for module in new) - seen
    return seen


def test_lines_per_part():
    helpers = ROOT / "helpers"
    sizes = {part: sum(lines(helpers / name) for name in PARTS[part]) for part in PARTS}
    sizes["the rest"] = lines(helpers) - sum(sizes.values())
    print("\n".join(f"{size:>6} {part}" for part, size in sizes.items()))
    assert sizes["show"] <= DRAWING * len(LESSONS)


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_what_a_lesson_imports_is_small(path):
    modules = reached(Lesson(path).trees)
    sizes = {module: lines(source(module)) for module in sorted(modules)}
    print(sum(sizes.values()), "lines:", sizes)
    assert 0 < sum(sizes.values()) <= ONE_LESSON


def test_no_file_outgrows():
    files = [file for folder in CODE for file in sorted((ROOT / folder).rglob("*.py"))]
    long = {str(file.relative_to(ROOT)): lines(file) for file in files if lines(file) > ONE_FILE}
    assert {name: size for name, size in long.items() if name not in LONGER} == {}
    assert set(LONGER) <= set(long), "an exemption that is no longer needed"
