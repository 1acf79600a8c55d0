"""STYLE's rules about code cells, proportions and outputs. See `shape.py`."""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Iterator
from statistics import median

from helpers.run import ROOT
from tests.notebooks import lesson as model
from tests.notebooks.lesson import Lesson, compared, pictures, prints, tags, texts, unfenced
from tests.notebooks.shape import rule

COLUMNS = 100
BYTES = 500_000
SHARE_COMPARED = 0.60
SHARE_LOCAL = 0.10
LOCAL_LESSONS = {"03", "04", "07", "13"}  # they open segment files, kill brokers and processes
TAGS = r"parameters|nbval-ignore-output|nbval-skip|local-only|exercise-[12]|check-[12]"
HELPERS = {"lab", "show", "exercises", "pipeline", "load", "doctor", "cleanup", "logfile", "worker"}
HELPERS |= {"infra", "web", "clean", "costs", "streams"}
SECRET = re.compile(
    r"AKIA[0-9A-Z]{16}|-----BEGIN|eyJ[\w-]{20,}\.|"
    r"(?i:secret|password|passwd|api[_.-]?key|token)\w*[\"']?\s*[:=]\s*[\"'][\w/+=-]{12,}[\"']"
)
HERE = re.escape(str(ROOT))  # wherever the repository is checked out
MACHINE = re.compile(rf"(?<![\w.:/-])(/root|/home/|/tmp/|/Users|/private/var|[A-Z]:\\|{HERE})")
BARE_REPR = re.compile(r"<[\w.]+[^<>]* at 0x[0-9a-f]+>")
ESCAPE = re.compile(r"^\s*#\s*(NBVAL|PYTEST_VALIDATE)_", re.M | re.I)


@rule
def proportions(lesson: Lesson) -> Iterator[str]:
    counts = sorted(model.lines(cell) for cell in lesson.code)
    p95 = counts[math.ceil(0.95 * len(counts)) - 1]
    if median(counts) > 4 or p95 > 15:
        yield f"code cells have {median(counts)} lines in the median and {p95} at the 95th percent"
    words = sum(len(unfenced(cell.source).split()) for cell in lesson.markdown)
    if words < 10 * sum(counts):
        yield f"{words} words of prose for {sum(counts)} lines of code: fewer than 10 a line"


@rule
def prose_between(lesson: Lesson) -> Iterator[str]:
    row = 0
    for cell in lesson.cells:
        row = row + 1 if cell.cell_type == "code" else 0
        if row == 4:
            yield f"four code cells in a row, the last: {cell.source.splitlines()[:1]}"


@rule
def executed_in_order(lesson: Lesson) -> Iterator[str]:
    counts = [cell.execution_count for cell in lesson.code]
    if counts != list(range(1, len(counts) + 1)):
        yield f"execution counts are {counts}: run tools/refresh.py {lesson.number}"
    if any(out.output_type == "error" for cell in lesson.code for out in cell.outputs):
        yield "an error is among the outputs"


@rule
def plain_python(lesson: Lesson) -> Iterator[str]:
    for number, cell in enumerate(lesson.code, start=1):
        if not cell.source.strip() or model.parsed(cell.source) is None:
            yield f"cell {number} is empty or not plain Python (a magic?)"
        if cell.source.rstrip().endswith(";"):
            yield f"cell {number} ends in ';', which nbval does not honour: use plt.show()"
        if any(len(line) > COLUMNS for line in cell.source.splitlines()):
            yield f"cell {number} has a line over {COLUMNS} columns"


@rule
def careful_code(lesson: Lesson) -> Iterator[str]:
    for number, node in lesson.walk():
        if isinstance(node, ast.ImportFrom) and node.names[0].name == "*":
            yield f"cell {number}: star import from {node.module}"
        if isinstance(node, ast.Call) and re.search(r"(^|\.)sleep$", ast.unparse(node.func)):
            yield f"cell {number}: sleep (wait for a condition, with a limit)"
        if isinstance(node, ast.ExceptHandler):
            caught = ast.unparse(node.type) if node.type else ""
            if caught in {"", "Exception", "BaseException"}:
                yield f"cell {number}: 'except {caught}:' hides what it does not expect"
        if isinstance(node, ast.While) and _endless(node):
            yield f"cell {number}: 'while True' without an end"
        if _nested_comprehension(node):
            yield f"cell {number}: a comprehension in a comprehension"


def _endless(loop: ast.While) -> bool:
    ends = any(isinstance(node, ast.Break | ast.Return) for node in ast.walk(loop))
    return isinstance(loop.test, ast.Constant) and bool(loop.test.value) and not ends


def _nested_comprehension(node: ast.AST) -> bool:
    kinds = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
    if not isinstance(node, kinds):
        return False
    return any(inner is not node and isinstance(inner, kinds) for inner in ast.walk(node))


@rule
def helpers_used(lesson: Lesson) -> Iterator[str]:
    for number, node in lesson.walk():
        module = node.module if isinstance(node, ast.ImportFrom) else None
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [module]
        for name in filter(None, names):
            if name.startswith("helpers") and name.split(".")[1:2] not in [[h] for h in HELPERS]:
                yield f"cell {number} imports {name}: lessons use {', '.join(sorted(HELPERS))}"


@rule
def known_tags(lesson: Lesson) -> Iterator[str]:
    for number, cell in enumerate(lesson.code, start=1):
        for tag in tags(cell):
            if not re.fullmatch(TAGS, tag):
                yield f"cell {number}: tag {tag!r} is not one of {TAGS}"
        if "nbval-skip" in tags(cell) and not str(cell.metadata.get("reason", "")).strip():
            yield f"cell {number}: nbval-skip without a reason in its metadata"
        if ESCAPE.search(cell.source):
            yield f"cell {number}: an nbval comment in the source; use the tag"


@rule
def mostly_compared(lesson: Lesson) -> Iterator[str]:
    printing = [cell for cell in lesson.code if prints(cell)]
    share = sum(map(compared, printing)) / max(1, len(printing))
    if share < SHARE_COMPARED:
        yield f"only {share:.0%} of the {len(printing)} cells that print are compared by nbval"


@rule
def figures_print_their_numbers(lesson: Lesson) -> Iterator[str]:
    for number, cell in enumerate(lesson.code, start=1):
        if pictures(cell) and not texts(cell):
            yield f"cell {number} draws without printing what it draws"


@rule
def mostly_anywhere(lesson: Lesson) -> Iterator[str]:
    local = len(lesson.tagged("local-only"))
    if lesson.number not in LOCAL_LESSONS and local > SHARE_LOCAL * len(lesson.code):
        yield f"{local} of {len(lesson.code)} code cells run only locally"


@rule
def nothing_private(lesson: Lesson) -> Iterator[str]:
    for number, cell in enumerate(lesson.cells):
        for text in [cell.source, *(texts(cell) if cell.cell_type == "code" else [])]:
            for what, pattern in (("a secret", SECRET), ("a machine's path", MACHINE)):
                if match := pattern.search(text):
                    yield f"cell at {number}: {what}: {match[0]!r}"
            if text is not cell.source and (match := BARE_REPR.search(text)):
                yield f"cell at {number}: a bare object repr: {match[0]!r}"


@rule
def small(lesson: Lesson) -> Iterator[str]:
    size = lesson.path.stat().st_size
    if size > BYTES:
        yield f"{size:,} bytes, more than {BYTES:,}"
