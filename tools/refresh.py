"""Execute lessons in place and write back outputs that do not churn.

    python tools/refresh.py 02 03        python tools/refresh.py all

Two runs that print the same give the same file: no timings, no versions, no random ids, no widget
state. A lesson that raises is left untouched and makes the exit status 1.
"""

from __future__ import annotations

import hashlib
import os
import sys
import time
from pathlib import Path

import nbformat
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

from helpers.errors import LabError
from helpers.run import LESSON_SECONDS, find_lessons, new_client

KERNELSPEC = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
LANGUAGE = {"file_extension": ".py", "mimetype": "text/x-python", "name": "python"}
KEPT_METADATA = {"tags", "reason"}
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"


def refresh(path: Path, seconds: float = LESSON_SECONDS) -> float:
    """Execute the notebook at `path` and write it back; return the seconds that it took.

    It has `seconds` for all of it.

    Raises nbclient's CellExecutionError, CellTimeoutError or DeadKernelError, with the file as it
    was, when a cell fails.
    """
    notebook = nbformat.read(path, as_version=4)
    client = new_client(notebook, seconds, path.parent)
    client.record_timing = False
    start = time.monotonic()
    client.execute()
    scratch = path.with_suffix(".ipynb.part")
    nbformat.write(normalised(notebook), scratch)
    os.replace(scratch, path)
    return time.monotonic() - start


def normalised(notebook: NotebookNode) -> NotebookNode:
    """The same notebook with everything removed that differs from run to run."""
    notebook.metadata = NotebookNode(kernelspec=KERNELSPEC, language_info=LANGUAGE)
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    seen: dict[str, int] = {}
    for cell in notebook.cells:
        cell.metadata = NotebookNode({k: v for k, v in cell.metadata.items() if k in KEPT_METADATA})
        cell.id = _stable_id(cell, seen)
        if cell.cell_type == "code":
            cell.outputs = [_still(output) for output in _joined(cell.outputs)]
    nbformat.validate(notebook)
    return notebook


def _stable_id(cell: NotebookNode, seen: dict[str, int]) -> str:
    """An id made of the cell's source: unchanged cells keep theirs, however the file was made."""
    digest = hashlib.sha256(f"{cell.cell_type}\n{cell.source}".encode()).hexdigest()[:8]
    seen[digest] = seen.get(digest, 0) + 1
    return digest if seen[digest] == 1 else f"{digest}-{seen[digest]}"


def _joined(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """Neighbouring pieces of one stream as one: where they were cut depends on timing."""
    joined: list[NotebookNode] = []
    for output in outputs:
        before = joined[-1] if joined else None
        if before and "text" in output and before.get("name") == output.name:
            before.text += output.text
        else:
            joined.append(output)
    return joined


def _still(output: NotebookNode) -> NotebookNode:
    """Without its view, whose state is not kept, a widget shows as its text, not as an error."""
    if "data" in output and len(output.data) > 1:
        output.data.pop(WIDGET_VIEW, None)
    return output


def main(names: list[str]) -> int:
    """Refresh the named lessons (or "all"); one line each."""
    if not names:
        print("usage: python tools/refresh.py NN ... | all")
        return 2
    try:
        asked = [None] if names == ["all"] else names
        paths = [path for name in asked for path in find_lessons(name)]
    except LabError as error:
        print(error)
        return 2
    status = 0
    for path in paths:
        try:
            print(f"✅ {path.stem}  {refresh(path):.1f} s", flush=True)
        except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
            print(f"❌ {path.stem} left as it was\n{error}", flush=True)
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
