"""STYLE's rules about the anatomy of a lesson, one function each: lesson -> complaints.

`test_notebook_shape.py` holds every lesson to them; `test_shape_rules.py` shows that each rule
complains about a lesson that breaks it. Rules about code and outputs are in `shape_code.py`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator

from tests.notebooks.lesson import LINK, Lesson, broken, calls, pictures, tags, unfenced

Rule = Callable[[Lesson], Iterator[str]]
RULES: dict[str, Rule] = {}

# Lesson 00 is the map: it starts no broker and teaches no API, so it has nothing to predict,
# break, exercise or tear down. Its checklist from `doctor` takes the place of the set-up cell.
EXEMPT: dict[str, set[str]] = {
    "predict_then_run": {"00"},
    "break_it": {"00"},
    "your_turn": {"00"},
    "sets_up_a_lab": {"00"},
    "tear_down_receipt": {"00"},
}

# A title says what the learner does. Add a verb here when a lesson needs another.
VERBS = re.findall(
    r"\w+",
    """Add Alarm Ask Build Catch Change Choose Combine Consume Count Create Decode Deliver Draw
    Evolve Find Follow Go Guarantee Integrate Join Keep Kill Lay Learn Look Lose Measure Meet Move
    Notify Observe Open Partition Predict Produce Put Query Raise Read Replicate Run Scale See Send
    Serve Share Split Spread Start Store Stream Survive Take Tell Test Trace Watch Work Write""",
)
LAST = 18
NAVIGATION = re.compile(r"^Lesson (\d+) of (\d+) · (\d+) minutes · (.+) · (.+) · (.+)$", re.M)
ENDING = ["Summary", "In practice", "Next", "Tear-down receipt"]
PARAMETERS = {"target": "local", "prefix": "", "seed": 7}


def rule(function: Rule) -> Rule:
    RULES[function.__name__] = function
    return function


def complaints(name: str, lesson: Lesson) -> list[str]:
    """What `lesson` does against the rule called `name`; [] where it is exempt."""
    return [] if lesson.number in EXEMPT.get(name, ()) else list(RULES[name](lesson))


@rule
def file_name(lesson: Lesson) -> Iterator[str]:
    if not re.fullmatch(r"\d\d_[a-z0-9]+(_[a-z0-9]+)*\.ipynb", lesson.path.name):
        yield f"{lesson.path.name} is not NN_snake_case.ipynb"


@rule
def opening(lesson: Lesson) -> Iterator[str]:
    first = lesson.cells[0]
    blocks = [block.strip() for block in first.source.split("\n\n") if block.strip()]
    if first.cell_type != "markdown" or len(blocks) != 3:
        yield "the first cell is not: # title, one sentence, the navigation line"
        return
    title, sentence, _ = blocks
    if not re.fullmatch(r"# \w+ .+", title):
        yield f"the title is not '# Verb and so on' on one line: {title!r}"
    elif title.split()[1] not in VERBS:
        yield f"the title does not start with a verb (or VERBS lacks it): {title!r}"
    if len(re.findall(r"[.!?](?=\s|$)", sentence)) != 1:
        yield f"not one sentence under the title: {sentence!r}"
    if len([level for level, _, _ in lesson.headings if level == 1]) != 1:
        yield "more than one title (heading of level 1)"


@rule
def navigation(lesson: Lesson) -> Iterator[str]:
    match = NAVIGATION.search(lesson.cells[0].source)
    if not match:
        yield "no line 'Lesson N of 18 · M minutes · ← · index · →' in the first cell"
        return
    number, last, minutes, back, index, on = match.groups()
    if int(number) != int(lesson.number) or int(last) != LAST or int(minutes) == 0:
        yield f"the navigation line says lesson {number} of {last}, {minutes} minutes"
    if [target for _, target in LINK.findall(index)] != ["../README.md"] or "index" not in index:
        yield f"the middle of the navigation line is not [index](../README.md): {index}"
    for arrow, text, step in (("←", back, -1), ("→", on, +1)):
        beside = f"{int(lesson.number) + step:02d}"
        files = [path.name for path in lesson.path.parent.glob(f"{beside}_*.ipynb")]
        if arrow not in text:
            yield f"no {arrow} in {text!r}"
        if [target for _, target in LINK.findall(text)] != files:
            yield f"{text!r} should " + (f"link to {files[0]}" if files else "not be a link yet")
        elif not files and 0 <= int(beside) <= LAST and beside not in text:
            yield f"{text!r} does not name lesson {beside}, which is to come"


@rule
def goals(lesson: Lesson) -> Iterator[str]:
    until = lesson.cells.index(lesson.code[0])
    before = "\n".join(cell.source for cell in lesson.cells[:until]).replace("’", "'")
    parts = re.split(r"\*\*(You'll (?:do|learn|need))[:.]?\*\*", before)
    said = dict(zip(parts[1::2], parts[2::2], strict=True))
    if list(said) != ["You'll do", "You'll learn", "You'll need"]:
        yield "before the first code cell: **You'll do**, **You'll learn**, **You'll need**"
        return
    if len(said["You'll do"].strip().splitlines()) != 1:
        yield "You'll do is not one line"
    if not 3 <= len(re.findall(r"^\s*[-*] ", said["You'll learn"], re.M)) <= 5:
        yield "You'll learn has not 3 to 5 points"
    if not LINK.search(said["You'll need"]):
        yield "You'll need has no link"


@rule
def parameters(lesson: Lesson) -> Iterator[str]:
    if "parameters" not in tags(lesson.code[0]) or len(lesson.tagged("parameters")) != 1:
        yield "the first code cell, and only it, is tagged parameters"
        return
    found = {
        node.targets[0].id: ast.literal_eval(node.value)
        for node in lesson.trees[0].body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
    }
    if found != PARAMETERS:
        yield f"parameters are {found}, not {PARAMETERS}"


@rule
def sets_up_a_lab(lesson: Lesson) -> Iterator[str]:
    if not any("start_lab" in calls(tree) for tree in lesson.trees[:4]):
        yield "none of the first four code cells calls start_lab"


@rule
def predict_then_run(lesson: Lesson) -> Iterator[str]:
    cells = lesson.section("Predict, then run")
    if not cells:
        yield "no heading 'Predict, then run'"
    elif not any("guess(" in cell.source for cell in cells if cell.cell_type == "code"):
        yield "'Predict, then run' does not call guess(...)"


@rule
def break_it(lesson: Lesson) -> Iterator[str]:
    code = [cell.source for cell in lesson.section("Break it") if cell.cell_type == "code"]
    if not code:
        yield "no heading 'Break it' with code below it"
    elif not any(_prints_what_it_caught(ast.parse(source)) for source in code):
        yield "'Break it' does not print the exception that it caught (except ... as error)"


def _prints_what_it_caught(tree: ast.Module) -> bool:
    for handler in (node for node in ast.walk(tree) if isinstance(node, ast.ExceptHandler)):
        for node in ast.walk(handler):
            if isinstance(node, ast.Call) and "print" in calls(node) and handler.name:
                names = {name.id for name in ast.walk(node) if isinstance(name, ast.Name)}
                if handler.name in names:
                    return True
    return False


@rule
def your_turn(lesson: Lesson) -> Iterator[str]:
    if not lesson.section("Your turn"):
        yield "no heading 'Your turn'"
    numbers = [n for n in (1, 2) if lesson.tagged(f"exercise-{n}")]
    if numbers not in ([1], [1, 2]):
        yield "not one or two cells tagged exercise-1, exercise-2"
    for n in numbers:
        checks = lesson.tagged(f"check-{n}")
        if len(lesson.tagged(f"exercise-{n}")) != 1 or len(checks) != 1:
            yield f"not exactly one cell tagged exercise-{n} and one tagged check-{n}"
        elif f'check("{lesson.number}.{n}"' not in checks[0].source:
            yield f'the cell tagged check-{n} does not call check("{lesson.number}.{n}", ...)'


@rule
def ending(lesson: Lesson) -> Iterator[str]:
    wanted = ENDING[:-1] if lesson.number in EXEMPT["tear_down_receipt"] else ENDING
    found = [text for level, text, _ in lesson.headings if level == 2][-len(wanted) :]
    if found != wanted:
        yield f"the last headings are {found}, not {wanted}"


@rule
def tear_down_receipt(lesson: Lesson) -> Iterator[str]:
    code = [c for c in lesson.section("Tear-down receipt") if c.cell_type == "code"]
    if not code or not code[-1].outputs:
        yield "no cell below 'Tear-down receipt' whose output shows that nothing is left"


@rule
def links(lesson: Lesson) -> Iterator[str]:
    for cell in lesson.markdown:
        for _, target in LINK.findall(unfenced(cell.source)):
            why = broken(target, lesson.path)
            if why:
                yield why


@rule
def shows_something(lesson: Lesson) -> Iterator[str]:
    drawn = {"helpers.show", "ipywidgets"}
    modules = {node.module for _, node in lesson.walk() if isinstance(node, ast.ImportFrom)}
    if not any(pictures(cell) for cell in lesson.code) and not drawn & modules:
        yield "no figure and no widget"
