"""Play a lesson as a class does: cells twice, the kernel restarted half way, other parameters."""

from __future__ import annotations

import copy

from nbformat import NotebookNode

from helpers.run import new_client
from tests.notebooks.lesson import Lesson


def with_parameters(lesson: Lesson, **values) -> NotebookNode:
    """A copy of the lesson that sets these after its own parameters, as papermill does."""
    notebook = copy.deepcopy(lesson.notebook)
    (cell,) = Lesson(lesson.path, notebook).tagged("parameters")
    cell.source += "".join(f"\n{name} = {value!r}" for name, value in values.items())
    return notebook


def play(notebook: NotebookNode, until: int | None = None, times: int = 1) -> None:
    """Run the cells before `until` in a new kernel, each `times` in succession.

    Raises nbclient's CellExecutionError at the first cell that fails.
    """
    client = new_client(notebook)
    with client.setup_kernel():
        for index, cell in enumerate(notebook.cells[:until]):
            for _ in range(times):
                client.execute_cell(cell, index)


def restarted_half_way(notebook: NotebookNode, times: int = 1) -> None:
    """Run the first half, restart the kernel, Run All Above, go on to the end, cells `times` each."""
    play(notebook, until=len(notebook.cells) // 2)
    play(notebook, times=times)
