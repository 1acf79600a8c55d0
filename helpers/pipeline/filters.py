"""Filters: which valid events are left out of the lake, and why. Given as configuration.

    drop("type == logout # nobody asks for them")
    drop("duration_s < 5 # opened by mistake")
    drop("level in WARN, ERROR")

A filter concerns the events that have its field; the others pass.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import repeat
from typing import Any

from helpers.errors import LabError
from helpers.pipeline.columns import column

COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_RULE = re.compile(
    r"\s*(?P<field>[a-z_]+)\s*(?P<op>==|!=|<=|>=|<|>|not in\b|in\b)\s*(?P<value>[^#]+?)\s*"
    r"(?:#\s*(?P<why>.*?)\s*)?"
)


@dataclass(frozen=True, slots=True)
class Drop:
    """Leave out the events whose `field` compares so with `value`; `why` is counted and kept."""

    field: str
    op: str  # one of COMPARE, "in", "not in"
    value: Any  # a number or text; for "in" and "not in" a tuple of them
    why: str

    def hits(self, found: Any) -> bool:
        """Whether an event with this value of the field is left out."""
        if self.op in ("in", "not in"):
            return (found in self.value) == (self.op == "in")
        try:
            return COMPARE[self.op](found, self.value)
        except TypeError:  # null, or text against a number
            return False

    def among(self, column: list[Any]) -> list[int]:
        """The positions of the values that `hits` would say yes to."""
        if self.op in ("in", "not in"):
            wanted = self.op == "in"
            return [at for at, found in enumerate(column) if (found in self.value) == wanted]
        try:
            verdicts = list(map(COMPARE[self.op], column, repeat(self.value)))
        except TypeError:  # as above
            verdicts = map(self.hits, column)
        return [at for at, hit in enumerate(verdicts) if hit]


def drop(rule: str) -> Drop:
    """A filter written as `field operator value # why`.

    Operators: == != < <= > >= in, not in; the last two take values with commas between them. A
    value that reads as a number is one. Raises LabError for anything else.
    """
    found = _RULE.fullmatch(rule)
    if not found:
        raise LabError(
            f"{rule!r} is no filter; write it like 'duration_s < 5 # opened by mistake', with one "
            f"of {' '.join(COMPARE)} in, not in"
        )
    op, text = found["op"], found["value"]
    several = op in ("in", "not in")
    value = tuple(_plain(part) for part in text.split(",")) if several else _plain(text)
    return Drop(found["field"], op, value, found["why"] or rule.strip())


def _plain(text: str) -> Any:
    text = text.strip().strip("\"'")
    if text in ("true", "false"):
        return text == "true"
    for read in (int, float):
        try:
            return read(text)
        except ValueError:
            continue
    return text


Reasons = Callable[[list[Any]], dict[int, str]]


def compiled(drops: list[Drop], kind: str, fields: tuple[str, ...]) -> Reasons | None:
    """One function for all filters of a type: of events, which are dropped and why."""
    mine = [rule for rule in drops if rule.field in fields and rule.field != "type"]
    whys = [rule.why for rule in drops if rule.field == "type" and rule.hits(kind)]
    if whys:
        return lambda events: dict.fromkeys(range(len(events)), whys[0])
    if not mine:
        return None
    columns = [(rule, column(rule.field)) for rule in mine]

    def reasons(events: list[Any]) -> dict[int, str]:
        found: dict[int, str] = {}
        for rule, values_of in columns:
            for at in rule.among(values_of(events)):
                found.setdefault(at, rule.why)
        return found

    return reasons
