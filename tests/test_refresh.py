"""tools/refresh.py: the same lesson twice gives the same bytes; a lesson that raises stays."""

from __future__ import annotations

import nbformat
import pytest
from nbclient.exceptions import CellExecutionError
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from tools.refresh import WIDGET_VIEW, refresh

CELLS = [
    "import ipywidgets, subprocess, sys\nimport matplotlib.pyplot as plt",
    "for n in range(3):\n    print(n, flush=True)",
    "ipywidgets.HTML(value='a live tail')",
    "plt.plot([1, 2])\nplt.show()",
    "print('again')",
    "print('again')",
]


@pytest.mark.timeout(60)
def test_refreshing_twice_gives_the_same_bytes(tmp_path):
    path = tmp_path / "00_lesson.ipynb"
    written = []
    for _ in range(2):  # made anew, ids and all, as from a generator or another editor
        cells = [new_markdown_cell("# Title"), *map(new_code_cell, CELLS)]
        cells[2].metadata.update(tags=["nbval-ignore-output"], collapsed=True)
        nbformat.write(new_notebook(cells=cells), path)
        refresh(path)
        written.append(path.read_text("utf-8"))
    assert written[0] == written[1]
    assert written[0].endswith("}\n")
    notebook = nbformat.read(path, as_version=4)
    code = notebook.cells[1:]
    assert [cell.execution_count for cell in code] == [1, 2, 3, 4, 5, 6]
    assert set(notebook.metadata) == {"kernelspec", "language_info"}
    assert "version" not in notebook.metadata.language_info
    assert notebook.cells[2].metadata == {"tags": ["nbval-ignore-output"]}
    assert [output.text for output in code[1].outputs] == ["0\n1\n2\n"]
    assert WIDGET_VIEW not in written[0]
    assert "a live tail" in code[2].outputs[0].data["text/plain"]
    assert len({cell.id for cell in notebook.cells}) == len(notebook.cells)


@pytest.mark.timeout(60)
def test_a_lesson_that_raises_is_left_as_it_was(tmp_path):
    path = tmp_path / "00_lesson.ipynb"
    nbformat.write(new_notebook(cells=[new_code_cell("print(1)"), new_code_cell("1 / 0")]), path)
    before = path.read_bytes()
    with pytest.raises(CellExecutionError, match="ZeroDivisionError"):
        refresh(path)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["00_lesson.ipynb"]
