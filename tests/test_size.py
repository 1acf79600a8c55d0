"""Small stays small: lines per part are printed, what lessons import and each file are bounded."""

from __future__ import annotations

from pathlib import Path

from helpers.run import ROOT

LESSON_FACING = 1200
ONE_FILE = 250
CODE = ["helpers", "tests", "tools", "benchmarks", "solutions", "infra", "docs"]
PARTS = {
    "lab": ["lab.py", "lab"],
    "show": ["show.py", "show"],
    "exercises": ["exercises.py"],
    "checks": ["checks"],
    "local": ["local"],
    "pipeline": ["pipeline"],
    "load": ["load.py", "load"],
    "commands": ["run.py", "doctor.py", "__main__.py"],
}
# The checks are what lessons ask, loaded one file a lesson: not part of what a lesson imports.
IMPORTED = ["lab", "show", "exercises"]
# file -> reason why it is longer than ONE_FILE lines
LONGER: dict[str, str] = {}


def lines(path: Path) -> int:
    """Lines of Python in a file, or in all files below a folder; 0 if there is none."""
    files = sorted(path.rglob("*.py")) if path.is_dir() else [path] if path.exists() else []
    return sum(len(file.read_text("utf-8").splitlines()) for file in files)


def test_lines_per_part():
    helpers = ROOT / "helpers"
    sizes = {part: sum(lines(helpers / name) for name in PARTS[part]) for part in PARTS}
    total = lines(helpers)
    sizes["the rest"] = total - sum(sizes.values())
    facing = sum(sizes[part] for part in IMPORTED)
    print("\n".join(f"{size:>6} {part}" for part, size in sizes.items()))
    print(f"{facing:>6} of {total} are what lessons import ({', '.join(IMPORTED)})")
    assert facing <= LESSON_FACING


def test_no_file_outgrows():
    files = [file for folder in CODE for file in sorted((ROOT / folder).rglob("*.py"))]
    long = {str(file.relative_to(ROOT)): lines(file) for file in files if lines(file) > ONE_FILE}
    assert {name: size for name, size in long.items() if name not in LONGER} == {}
    assert set(LONGER) <= set(long), "an exemption that is no longer needed"
