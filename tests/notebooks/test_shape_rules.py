"""Each shape rule is seen to complain about a lesson that breaks it, and only then."""

from __future__ import annotations

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_output

from helpers.run import ROOT
from tests.notebooks import shape_code  # noqa: F401  (its rules join RULES on import)
from tests.notebooks.lesson import Lesson, anchors
from tests.notebooks.sample import folder, numbered, sample
from tests.notebooks.shape import RULES, complaints


def cell_with(notebook, text):
    return next(cell for cell in notebook.cells if text in cell.source)


def replace(old, new):
    """A break: the one cell with `old` says `new` instead."""

    def change(notebook):
        cell = cell_with(notebook, old)
        cell.source = cell.source.replace(old, new)

    return change


def insert(*sources, at=-1, tags=()):
    """A break: code cells more, before the last cell."""

    def change(notebook):
        for source in sources:
            notebook.cells.insert(at, new_code_cell(source, metadata={"tags": list(tags)}))
        numbered(notebook)

    return change


def remove(text):
    """A break: one cell less."""

    def change(notebook):
        notebook.cells.remove(cell_with(notebook, text))
        numbered(notebook)

    return change


def tag(text, *tags, **metadata):
    def change(notebook):
        cell_with(notebook, text).metadata.update(tags=list(tags), **metadata)

    return change


def output(text, **data):
    """A break: the cell with `text` shows only this."""

    def change(notebook):
        cell_with(notebook, text).outputs = [new_output("display_data", data=data)]

    return change


def count(notebook):
    cell_with(notebook, "print(4)").execution_count = 40


def crowd(notebook):
    notebook.cells[3].source += "\n```\n" + "word " * 5000 + "\n```"  # fenced: not prose
    cell_with(notebook, "print(4)").source = "x = 1\n" * 60


BREAKS = [
    ("opening", replace("# Count the records", "# The records")),
    ("opening", replace("One sentence says", "One sentence. It says")),
    ("opening", replace("## Summary", "# Summary")),
    ("navigation", replace("25 minutes", "a while")),
    ("navigation", replace("Lesson 2 of 18", "Lesson 3 of 18")),
    ("navigation", replace("→ 03 Inside", "[→ 03 Inside](03_inside.ipynb)")),
    ("navigation", replace("→ 03 Inside", "→")),
    ("navigation", replace("[← 01 First](01_first.ipynb)", "← 01 First")),
    ("goals", replace("**You'll do** ", "")),
    ("goals", replace("- a third thing", "")),
    ("goals", replace("[lesson 01](01_first.ipynb#Summary)", "lesson 01")),
    ("parameters", replace("seed = 7", "seed = 8")),
    ("parameters", tag("seed = 7")),
    ("sets_up_a_lab", replace("lab = start_lab(target=target, prefix=prefix)", "lab = 1")),
    ("predict_then_run", replace("## Predict, then run", "## A guess")),
    ("predict_then_run", replace('guess("records", my_guess, 4)', "print(4)")),
    ("break_it", replace("## Break it", "## Errors")),
    ("break_it", replace("print(error)", 'print("ZeroDivisionError")')),
    ("your_turn", replace("## Your turn", "## Exercises")),
    ("your_turn", tag('check("02.1"')),
    ("your_turn", replace('check("02.1"', 'check("03.1"')),
    ("ending", replace("## In practice", "## Practice")),
    ("ending", replace("## Next", "## Next\n\n## More")),
    ("tear_down_receipt", remove("lab.stop()")),
    ("links", replace("01_first.ipynb#Summary", "01_first.ipynb#Nowhere")),
    ("links", replace("01_first.ipynb#Summary", "nowhere.md")),
    ("shows_something", remove("draw(counts)")),
    ("proportions", crowd),
    ("proportions", insert(*["x = 1\n" * 6] * 12)),
    ("prose_between", insert("a = 1", "b = 2", "c = 3")),
    ("executed_in_order", count),
    ("plain_python", insert("%matplotlib inline")),
    ("plain_python", insert("")),
    ("plain_python", insert("plt.plot(x);")),
    ("plain_python", insert("x = " + "1 + " * 30 + "1")),
    ("careful_code", insert("from helpers.lab import *")),
    ("careful_code", insert("import time\ntime.sleep(1)")),
    ("careful_code", insert("try:\n    x\nexcept:\n    pass")),
    ("careful_code", insert("try:\n    x\nexcept Exception as error:\n    print(error)")),
    ("careful_code", insert("while True:\n    consumer.poll()")),
    ("careful_code", insert("x = [[y for y in z] for z in w]")),
    ("helpers_used", insert("from helpers.local.kafka import Broker")),
    ("helpers_used", insert("import helpers")),
    ("known_tags", tag("print(4)", "nbval-ignore-outputs")),
    ("known_tags", tag("print(4)", "raises-exception")),
    ("known_tags", tag("print(4)", "nbval-skip")),
    ("known_tags", insert("# NBVAL_IGNORE_OUTPUT\nprint(1)")),
    ("mostly_compared", tag("draw(counts)", "nbval-ignore-output")),
    ("figures_print_their_numbers", output("draw(counts)", **{"image/png": "cG5n"})),
    ("mostly_anywhere", insert("a = 1", "b = 2", tags=["local-only"])),
    ("nothing_private", insert('config = {"sasl.password": "cflt0123456789abcdef"}')),
    ("nothing_private", insert('path = "/home/ana/data"')),
    ("nothing_private", output("print(4)", **{"text/plain": "/tmp/kafka-logs"})),
    ("nothing_private", output("print(4)", **{"text/plain": f"in {ROOT}/build"})),
    ("nothing_private", output("print(4)", **{"text/plain": "<cimpl.Producer object at 0x7f2>"})),
    ("small", replace("## Next", "## Next\n" + "word " * 100_001)),
]


@pytest.fixture
def written(tmp_path):
    """Write a notebook as lesson 02 of a small repository and read it as a Lesson."""
    home = folder(tmp_path)

    def write(notebook, name="02_count_records.ipynb"):
        nbformat.write(notebook, home / name)
        return Lesson(home / name)

    return write


@pytest.mark.parametrize("name", RULES)
def test_the_sample_keeps_the_rule(written, name):
    assert complaints(name, written(sample())) == []


@pytest.mark.parametrize(("name", "change"), BREAKS, ids=lambda value: str(value)[:30])
def test_the_rule_complains(written, name, change):
    notebook = sample()
    if name == "mostly_compared":  # one cell more must not be compared to fall below 60%
        tag("print(4)", "nbval-ignore-output")(notebook)
        tag("print(error)", "nbval-ignore-output")(notebook)
    change(notebook)
    assert complaints(name, written(notebook)) != []


def test_the_file_name_rule_complains(written):
    assert complaints("file_name", written(sample(), "02 Count.ipynb")) != []


def test_every_rule_has_a_break():
    assert set(RULES) - {name for name, _ in BREAKS} == {"file_name"}


def test_an_exempt_lesson_is_not_complained_about(written):
    notebook = sample()
    replace("## Break it", "## Errors")(notebook)
    assert complaints("break_it", written(notebook, "00_start_here.ipynb")) == []


def test_anchors_are_those_of_jupyterlab_and_github(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("# A `title`, here\n\n```\n# not a heading\n```\n")
    assert anchors(page) == {"a-title-here"}
