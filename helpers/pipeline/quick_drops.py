"""Filters over many events of the usual form at once, by Arrow."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from helpers.pipeline.arrow import FIRST, SECOND, flags, numbers
from helpers.pipeline.filters import Drop
from helpers.pipeline.template import text_of

NUMERIC = {"<": pc.less, "<=": pc.less_equal, ">": pc.greater, ">=": pc.greater_equal}
Test = Callable[[pa.Array], pa.Array]  # events (binary) → which are dropped


def number(some: pa.Array, field: str) -> pa.Array:
    """A numeric field of events of the usual form."""
    rest = pc.list_element(pc.split_pattern(some, f'"{field}":', max_splits=1), SECOND)
    text = pc.list_element(pc.split_pattern(pc.binary_slice(rest, 0, 20), ",", max_splits=1), FIRST)
    return pc.ascii_rtrim(text.cast(pa.string()), '"}').cast(pa.float64())


def rules(drops: list[Drop], kind: str, fields: dict) -> list[tuple[str, Test]] | None:
    """(why, function of texts → which are dropped); None: a filter that this does not know."""
    made = []
    for rule in drops:
        if rule.field == "type" and rule.hits(kind):
            return [(rule.why, lambda some: flags(np.ones(len(some), bool)))]
    for rule in drops:
        if rule.field == "type" or rule.field not in fields:
            continue
        test = _test(rule, fields[rule.field])
        if test is None:
            return None
        if test is not NEVER:
            made.append((rule.why, test))
    return made


NEVER = object()


def _test(rule: Drop, field: dict):
    values = rule.value if rule.op in ("in", "not in") else (rule.value,)
    if field.get("type") in ("integer", "number"):
        numeric = all(type(v) in (int, float) for v in values)
        if rule.op in NUMERIC and numeric:
            compare = NUMERIC[rule.op]
            limit = numbers(np.array([float(rule.value)]))[0]
            return lambda some: compare(number(some, rule.field), limit)
        return None
    choices = [False, True] if field.get("type") == "boolean" else field.get("enum", [])
    if not choices or not all(isinstance(v, str | bool) for v in values):
        return None
    hit = [v for v in choices if rule.hits(v)]
    if not hit:
        return NEVER
    texts = [text_of(rule.field, v) for v in hit]

    def among(some):
        found = pc.match_substring(some, texts[0])
        for text in texts[1:]:
            found = pc.or_(found, pc.match_substring(some, text))
        return found

    return among
