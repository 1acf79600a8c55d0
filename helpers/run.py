"""Run lessons headlessly with papermill, behind `python -m helpers run` and `make run`.

Also the one place that says how a notebook is executed outside JupyterLab (`ThisInterpreter`,
`new_client`): the tests and `tools/refresh.py` use the same, so that they cannot differ.
"""

from __future__ import annotations

import logging
import sys
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import nbformat
from ipykernel.kernelspec import RESOURCES, get_kernel_dict
from jupyter_client import AsyncKernelManager
from jupyter_client.kernelspec import KernelSpec
from nbclient import NotebookClient
from nbclient.exceptions import CellTimeoutError, DeadKernelError

from helpers import side_by_side
from helpers.errors import LabError

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = ROOT / "notebooks"
BUILD = ROOT / "build"
PARAMETERS = {"target", "prefix", "seed"}
LESSON_SECONDS = 900


class ThisInterpreter(AsyncKernelManager):
    """Start kernels with the interpreter that runs now.

    A "python3" kernelspec elsewhere (in a home folder, left by another environment) would win
    under some of Jupyter's search orders and run the lessons without their dependencies.
    """

    def __init__(self, **kwargs):
        super().__init__(**{"transport_encryption": "auto", **kwargs})
        self._kernel = 0

    async def start_kernel(self, **options):
        """Start it; what a kernel writes past its cells (a client's log lines) goes to a file."""
        BUILD.mkdir(exist_ok=True)
        with (BUILD / "kernels.log").open("ab") as log:
            started = await super().start_kernel(**{"stderr": log, **options})
        self._kernel = self.provisioner.pid
        side_by_side.began(self._kernel)
        return started

    async def cleanup_resources(self, restart: bool = False):
        """Forget it, too: its process id may soon be another's."""
        side_by_side.ended(self._kernel)
        return await super().cleanup_resources(restart)

    @property
    def kernel_spec(self) -> KernelSpec:
        """What to start, whatever name was asked for."""
        return KernelSpec(resource_dir=RESOURCES, **get_kernel_dict())


def new_client(
    notebook: nbformat.NotebookNode, seconds: float = LESSON_SECONDS, folder: Path = NOTEBOOKS
) -> NotebookClient:
    """An nbclient that executes `notebook` as lessons are executed everywhere.

    The kernel starts in the lesson's `folder`, as JupyterLab and nbval start it, and has `seconds`
    from now for the whole notebook.
    """
    return NotebookClient(notebook, **_settings(seconds, folder))


def _settings(seconds: float, folder: Path) -> dict:
    """Traits of nbclient: own interpreter, one time limit for the lesson instead of one a cell."""
    deadline = time.monotonic() + seconds
    return {
        "kernel_manager_class": ThisInterpreter,
        "timeout_func": lambda cell: max(1, int(deadline - time.monotonic())),
        "iopub_timeout": 30,
        # Not papermill's `cwd`: that changes the directory of this process, for all its threads.
        "resources": {"metadata": {"path": str(folder)}},
    }


@dataclass
class Outcome:
    """How one lesson went: code cells finished and present, seconds, and what went wrong."""

    lesson: str
    done: int
    cells: int
    seconds: float
    problem: str = ""

    def line(self) -> str:
        """The outcome in one line."""
        mark = "❌" if self.problem else "✅"
        return f"{mark} {self.lesson}  {self.done}/{self.cells} cells  {self.seconds:.1f} s"


def find_lessons(lesson: str | None = None, folder: Path = NOTEBOOKS) -> list[Path]:
    """The notebooks in order, or the one called `lesson` ("02", "2" or "02_name").

    Raises LabError, naming what exists, when there is none.
    """
    lessons = sorted(folder.glob("[0-9][0-9]_*.ipynb"))
    if lesson:
        wanted = lesson.removesuffix(".ipynb").zfill(2)
        found = [path for path in lessons if wanted in (path.stem, path.stem[:2])]
    else:
        found = lessons
    if not found:
        there = ", ".join(path.stem for path in lessons) or "none yet"
        raise LabError(f"there is no lesson {lesson or ''}; lessons: {there}".replace("  ", " "))
    return found


def run_lessons(
    lesson: str | None = None,
    out: Path | str = BUILD,
    parameters: dict | None = None,
    seconds: float = LESSON_SECONDS,
    folder: Path = NOTEBOOKS,
    jobs: int | None = None,
) -> int:
    """Run every lesson (or one) into `out`, print a table, return the exit status (0, 1 or 130).

    `parameters` go into the cell tagged so; `seconds` is the limit of each lesson; `jobs` of them
    run side by side (two on two cores). A lesson that fails does not stop the others. Raises
    LabError for an unknown lesson or parameter, and where nothing can be written.
    """
    unknown = set(parameters or {}) - PARAMETERS
    if unknown:
        known = ", ".join(sorted(PARAMETERS))
        raise LabError(f"lessons have no parameter {', '.join(sorted(unknown))}; they have {known}")
    lessons = find_lessons(lesson, folder)
    target = (parameters or {}).get("target", "local")
    jobs = min(side_by_side.checked_jobs(jobs, target), len(lessons))
    out = Path(out).resolve()
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LabError(
            f"cannot write to {out} ({error.strerror}); move it out of the way"
        ) from error
    work = partial(_into, out, parameters, seconds, bar=jobs == 1)
    outcomes, status = [], 0
    try:
        for outcome in side_by_side.in_order(work, lessons, jobs):
            outcomes.append(outcome)
            print(f"[{len(outcomes)}/{len(lessons)}] {outcome.line()}", flush=True)
            status = 1 if outcome.problem else status
    except KeyboardInterrupt:
        print(f"interrupted during {lessons[len(outcomes)].stem}", flush=True)
        status = 130
    print(table(outcomes))
    return status


def _into(
    out: Path, parameters: dict | None, seconds: float, path: Path, bar: bool = True
) -> Outcome:
    """`run_lesson` with the lesson as its last argument."""
    return run_lesson(path, out / path.name, parameters, seconds, bar)


def run_lesson(
    path: Path,
    out: Path,
    parameters: dict | None = None,
    seconds: float = LESSON_SECONDS,
    bar: bool = True,
) -> Outcome:
    """Run one lesson through papermill into `out`; every failure ends up in the Outcome."""
    import papermill  # takes a second to import, and not every user of this module runs a lesson
    from papermill.exceptions import PapermillExecutionError

    logging.getLogger("papermill").setLevel(logging.CRITICAL)  # the table says it once
    look = {"desc": path.stem, "leave": False}
    look["bar_format"] = "{desc} {bar:30} {n}/{total} {elapsed}"
    start = time.monotonic()
    problem = ""
    try:
        papermill.execute_notebook(
            path,
            out,
            parameters=dict(parameters or {}),
            progress_bar=look if bar and sys.stderr.isatty() else False,
            **_settings(seconds, path.parent),
        )
    except PapermillExecutionError as error:
        problem = _last_line("\n".join(error.traceback)) or error.ename
    except CellTimeoutError:
        problem = f"took longer than the {seconds:.0f} s that a lesson may take"
    except DeadKernelError:
        problem = "the kernel died (killed, or out of memory)"
    except Exception as error:  # noqa: BLE001 (whatever a lesson does, the next one still runs)
        problem = f"{type(error).__name__}: {_last_line(str(error))}"
    return _outcome(path.stem, out, time.monotonic() - start, problem)


def _outcome(lesson: str, out: Path, seconds: float, problem: str) -> Outcome:
    """Read from the executed notebook how far the lesson came, and at which cell it stopped."""
    try:
        notebook = nbformat.read(out, as_version=4)
    except (OSError, ValueError) as error:  # nbformat's NotJSONError is a ValueError
        return Outcome(lesson, 0, 0, seconds, problem or f"no notebook was written: {error}")
    cells = [
        cell
        for cell in notebook.cells
        if cell.cell_type == "code" and "injected-parameters" not in cell.metadata.get("tags", [])
    ]
    started = [cell for cell in cells if cell.metadata.get("papermill", {}).get("start_time")]
    if problem and started:
        source = next((line for line in started[-1].source.splitlines() if line.strip()), "")
        problem = f"cell {len(started)}: {source.strip()[:60]}\n{problem}"
    done = len(started) - bool(problem and started)
    return Outcome(lesson, done, len(cells), seconds, problem)


def _last_line(text: str) -> str:
    from papermill.exceptions import strip_color

    lines = [line.strip() for line in strip_color(text).splitlines() if line.strip()]
    return lines[-1] if lines else ""


def table(outcomes: list[Outcome]) -> str:
    """The closing table: lesson, cells, seconds, result, and under a failure what it was."""
    width = max([len(outcome.lesson) for outcome in outcomes] + [6])
    rows = [f"\n{'lesson':<{width}}  {'cells':>7}  {'seconds':>7}  result"]
    for outcome in outcomes:
        cells = f"{outcome.done}/{outcome.cells}"
        result = "failed" if outcome.problem else "passed"
        rows.append(f"{outcome.lesson:<{width}}  {cells:>7}  {outcome.seconds:>7.1f}  {result}")
        rows.extend(f"{'':<{width}}  {line}" for line in outcome.problem.splitlines())
    return "\n".join(rows)
