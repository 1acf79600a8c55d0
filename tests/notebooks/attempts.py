"""A pytest plugin: exercises are tried while nbval plays a lesson, in the kernel that it plays in.

    pytest -p tests.notebooks.attempts --nbval notebooks --solutions solutions

nbval itself plays each exercise as committed, left blank. Behind its check come, as tests of their
own, each misconception of `solutions/NN.py` and then the right answer, the check after every one;
kernel and broker keep what the earlier attempts left behind. The cells after them are nbval's
again, so the receipt has to say that nothing is left of the attempts either.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from nbformat import NotebookNode
from nbval.plugin import IPyNbCell

from tests.notebooks.lesson import tags
from tests.notebooks.solutions import Answers, read

SECONDS = 240  # for the cell of an attempt, or its check: less than the time limit of a test
RIGHT, WRONG = "✅", "❌"


class AttemptFailed(Exception):
    """What is shown of it is its text alone."""


class Attempt(pytest.Item):
    """One answer to an exercise, and what its check has to say of it."""

    def __init__(self, *, source: str, check: NotebookNode, mark: str, **rest):
        super().__init__(**rest)
        self._source, self._check, self._mark = source, check, mark

    def runtest(self) -> None:
        self._execute(self._source)
        said = self._execute(self._check.source).strip()
        if not said.startswith(self._mark):
            raise AttemptFailed(f"the check says {said!r}, and should say {self._mark}")

    def _execute(self, source: str) -> str:
        """What the cell printed. Raises AttemptFailed, with the traceback, if it raised."""
        printed = []

        def hear(message: dict) -> None:
            if message["msg_type"] == "stream":
                printed.append(message["content"]["text"])

        quiet = {"store_history": False, "allow_stdin": False, "stop_on_error": False}
        client = self.parent.kernel.kc
        reply = client.execute_interactive(source, timeout=SECONDS, output_hook=hear, **quiet)
        if reply["content"]["status"] != "ok":
            raise AttemptFailed("\n".join([source, *reply["content"].get("traceback", [])]))
        return "".join(printed)

    def repr_failure(self, excinfo, style=None):
        if isinstance(excinfo.value, AttemptFailed):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self):
        return self.path, None, f"{self.path.name}::{self.name}"


def pytest_addoption(parser) -> None:
    parser.addoption(
        "--solutions", type=Path, help="folder with the answers, NN.py for lesson NN_*"
    )


def pytest_collection_modifyitems(config, items: list[pytest.Item]) -> None:
    """Put each exercise's attempts behind its check."""
    folder = config.getoption("--solutions")
    if folder is None:
        raise pytest.UsageError("name the folder of the answers: --solutions DIR")
    cells = {item: item.path for item in items if isinstance(item, IPyNbCell)}
    answers = {path: _answers(folder, path) for path in set(cells.values())}
    behind = {item: _attempts(item, answers[path]) for item, path in cells.items()}
    items[:] = [each for item in items for each in (item, *behind.get(item, []))]
    if left := [f"{path.name}: {sorted(known)}" for path, known in answers.items() if known]:
        raise pytest.UsageError(f"answers to exercises that have no check: {', '.join(left)}")


def _answers(folder: Path, lesson: Path) -> dict[int, Answers]:
    path = folder / f"{lesson.name[:2]}.py"
    return read(path) if path.exists() else {}


def _attempts(check: IPyNbCell, answers: dict[int, Answers]) -> list[Attempt]:
    """Those of the exercise that this cell checks, if it is a check; taken out of `answers`."""
    number = next((n for n in answers if f"check-{n}" in tags(check.cell)), None)
    if number is None:
        return []
    answer = answers.pop(number)
    tries = [(name, source, WRONG) for name, source in answer.wrong.items()]
    return [
        Attempt.from_parent(
            check.parent,
            name=f"exercise-{number} {name}",
            source=source,
            check=check.cell,
            mark=mark,
        )
        for name, source, mark in [*tries, ("right", answer.right, RIGHT)]
    ]
