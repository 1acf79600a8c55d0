"""Checks for *Your turn* and *Predict, then run*: they ask the live broker or bucket.

A lesson calls `check("02.1", answer, admin=admin, topic=topic)` and `guess(...)`; each prints one
line. What a check asks is written in `helpers/checks/lesson_NN.py`, one file a lesson, as a
function marked `@exercise("02.1")` that returns `right(...)`, `wrong(...)` or `blank(...)`.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any, NamedTuple


class Verdict(NamedTuple):
    """What a check found: a mark (✅, ❌ or ⬜) and one line that says why."""

    mark: str
    text: str

    def __str__(self) -> str:
        return f"{self.mark} {' '.join(self.text.split())}"


def right(text: str) -> Verdict:
    """The live state is as asked; `text` says what the check saw."""
    return Verdict("✅", text)


def wrong(text: str) -> Verdict:
    """Something is off; `text` says what was seen and where to look."""
    return Verdict("❌", text)


def blank(task: str) -> Verdict:
    """Nothing was tried yet; `task` says again what is asked for."""
    return Verdict("⬜", f"not answered yet: {task}")


Check = Callable[..., Verdict]
_checks: dict[str, Check] = {}


def exercise(number: str) -> Callable[[Check], Check]:
    """Register the decorated function as the check of exercise `number`, "02.1" say."""

    def register(function: Check) -> Check:
        _checks[number] = function
        return function

    return register


def find(number: str) -> Check:
    """The check of exercise `number`. Raises KeyError, naming the file, when there is none."""
    module = f"helpers.checks.lesson_{number[:2]}"
    try:
        importlib.import_module(module)
        return _checks[number]
    except (ModuleNotFoundError, KeyError) as error:
        if isinstance(error, ModuleNotFoundError) and error.name not in (module, "helpers.checks"):
            raise
        raise KeyError(f"exercise {number} has no check in {module}") from error


def check(number: str, answer: Any = None, **live: Any) -> None:
    """Print the verdict on exercise `number` as one line; never stop the lesson.

    `answer` is what the learner filled in: a value, a function, or None for a task that leaves its
    trace in Kafka or AWS. `live` is what the check needs to look there: an AdminClient, lab.kafka,
    a boto3 client, the names used.
    """
    function = find(number)
    try:
        verdict = function(answer, **live)
    except Exception as error:  # noqa: BLE001 (an answer of any kind may raise anything)
        verdict = wrong(f"the answer could not be checked: {type(error).__name__}: {error}")
    print(verdict)


def guess(label: str, guessed: Any, actual: Any, says: str = "the broker says") -> None:
    """Print how a guess compares with what happened.

    `label` names what was to be predicted. A blank guess (None or ...) is not an error. `says`
    names who knows better: "S3 says".
    """
    if guessed is None or guessed is ...:
        print(f"⬜ {label}: you did not guess; {says} {actual}")
    elif guessed == actual:
        print(f"✅ {label}: you guessed {guessed}, and {says} {actual}")
    else:
        print(f"❌ {label}: you guessed {guessed}, but {says} {actual}")
