"""A small lesson that keeps every rule, for tests that break one rule at a time."""

from __future__ import annotations

import base64
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

PROSE = "Here is what the next cell does and what its result means. " * 12
OPENING = """# Count the records

One sentence says what this lesson is about.

Lesson 2 of 18 · 25 minutes · [← 01 First](01_first.ipynb) · [index](../README.md) · → 03 Inside"""
GOALS = """**You'll do** send four records.

**You'll learn**

- one thing
- another thing
- a third thing

**You'll need** [lesson 01](01_first.ipynb#Summary)"""
PARAMETERS = 'target = "local"\nprefix = ""\nseed = 7'
BREAK_IT = "try:\n    1 / 0\nexcept ZeroDivisionError as error:\n    print(error)"
LAB = "lab = start_lab(target=target, prefix=prefix)"


def sample() -> NotebookNode:
    """The cells of lesson 02, outputs included."""
    notebook = new_notebook(metadata={"kernelspec": {"name": "python3", "display_name": "Python"}})
    said = notebook.cells
    said += [new_markdown_cell(OPENING), new_markdown_cell(GOALS)]
    said += [_code(PARAMETERS, tags=["parameters"])]
    said += [new_markdown_cell(PROSE), _code("from helpers.lab import start_lab")]
    said += [_code(LAB, "kafka 4.4\n", tags=["nbval-ignore-output"])]
    said += [new_markdown_cell(f"## Send\n\n{PROSE}"), _code("print(4)", "4\n"), _figure()]
    said += [new_markdown_cell("## Predict, then run"), _code("my_guess = None")]
    said += [_code('guess("records", my_guess, 4)', "You did not guess.\n")]
    said += [new_markdown_cell(f"## Break it\n\n{PROSE}"), _code(BREAK_IT, "division by zero\n")]
    said += [new_markdown_cell(f"## Your turn\n\n{PROSE}")]
    said += [_code("answer = None", tags=["exercise-1"])]
    said += [_code('check("02.1", answer)', "⬜ not answered yet\n", tags=["check-1"])]
    said += [new_markdown_cell(f"## {title}\n\n{PROSE}") for title in ("Summary", "In practice")]
    said += [new_markdown_cell("## Next"), new_markdown_cell("## Tear-down receipt")]
    said += [_code("print(lab.stop())", "nothing is left\n")]
    return numbered(notebook)


def numbered(notebook: NotebookNode) -> NotebookNode:
    """The notebook with execution counts 1..n."""
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for number, cell in enumerate(code, start=1):
        cell.execution_count = number
    return notebook


def folder(at: Path) -> Path:
    """An empty repository at `at` that the sample's links resolve in; returns `notebooks/`."""
    (at / "notebooks").mkdir()
    (at / "README.md").write_text("# Index\n")
    first = new_notebook(cells=[new_markdown_cell("# First\n\n## Summary")])
    import nbformat

    nbformat.write(first, at / "notebooks" / "01_first.ipynb")
    return at / "notebooks"


def _code(source: str, printed: str = "", tags: list[str] | None = None) -> NotebookNode:
    outputs = [new_output("stream", name="stdout", text=printed)] if printed else []
    metadata = {"tags": tags} if tags else {}
    return new_code_cell(source, outputs=outputs, metadata=metadata)


def _figure() -> NotebookNode:
    """A cell that draws, and prints the numbers that it draws."""
    cell = _code("draw(counts)", "p0 4\n")
    picture = {"image/png": base64.b64encode(b"png").decode(), "text/plain": "<Figure size 1x1>"}
    cell.outputs.append(new_output("display_data", data=picture))
    return cell


def write(folder: Path, name: str, cells: list[str]) -> None:
    """A lesson of these code cells after one with parameters, for tests that run lessons."""
    parameters = new_code_cell(PARAMETERS, metadata={"tags": ["parameters"]})
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    kernel["language_info"] = {"name": "python"}
    code = [new_code_cell(source) for source in cells]
    notebook = new_notebook(cells=[parameters, *code], metadata=kernel)
    nbformat.write(notebook, folder / f"{name}.ipynb")
