"""Filters over events of the usual form, as rows of numbers for `machine`."""

from __future__ import annotations

from dataclasses import dataclass

from helpers.pipeline.filters import Drop
from helpers.pipeline.machine_terms import ALWAYS, NUMERIC, TEXT
from helpers.pipeline.template import Template, text_of

EXACT = 2**53  # integers beyond it are not all floats


@dataclass(frozen=True, slots=True)
class Test:
    """Drops an event if the value in the template's step `step` compares so."""

    why: str
    code: int
    step: int = 0
    limit: float = 0.0
    texts: tuple[bytes, ...] = ()


def tests(drops: list[Drop], made: Template, fields: dict) -> list[Test] | None:
    """What the filters say of events of this form; None: one that is not known here."""
    found = []
    for rule in drops:
        if rule.field == "type" and rule.hits(made.kind):
            return [Test(rule.why, ALWAYS)]
    for rule in drops:
        if rule.field == "type" or rule.field not in fields:
            continue
        if rule.field not in made.values:
            return None
        step, form = made.values[rule.field], fields[rule.field]
        values = rule.value if rule.op in ("in", "not in") else (rule.value,)
        if form.get("type") in ("integer", "number"):
            plain = all(type(v) in (int, float) and abs(v) < EXACT for v in values)
            if rule.op not in NUMERIC or not plain:
                return None
            found.append(Test(rule.why, NUMERIC.index(rule.op), step, float(rule.value)))
            continue
        choices = [False, True] if form.get("type") == "boolean" else form.get("enum", [])
        if not choices or not all(isinstance(v, str | bool) for v in values):
            return None
        if hit := tuple(text_of(v) for v in choices if rule.hits(v)):
            found.append(Test(rule.why, TEXT, step, texts=hit))
    return found
