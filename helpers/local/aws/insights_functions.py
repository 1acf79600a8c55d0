"""The functions of CloudWatch Logs Insights, for one record and for a stats group.

Sources: "Boolean, comparison, numeric, datetime, and other functions" and "stats" of the Amazon
CloudWatch Logs User Guide.
"""

from __future__ import annotations

import math
import operator
import re
import statistics
from datetime import UTC, datetime

from ministack.services import cloudwatch as cw
from ministack.services import cloudwatch_logs as logs

UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
ARITHMETIC = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "%": operator.mod,
    "^": operator.pow,
}
ORDER = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def number(value: object) -> float | None:
    """`value` as a number, None if it is none."""
    try:
        return None if value is None else float(value)
    except (TypeError, ValueError):
        return None


def text(value: object) -> str:
    """`value` as results show it: whole numbers without a point, others with 4 decimals at most."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, float):
        if value.is_integer() and abs(value) < 1e15:
            return str(int(value))
        return f"{value:.4f}".rstrip("0").rstrip(".") if math.isfinite(value) else str(value)
    return str(value)


def true(value: object) -> bool:
    """Whether a condition holds."""
    return bool(value) and value != "0"


def compare(op: str, left: object, right: object) -> bool:
    """Numbers as numbers, anything else as text; a missing field compares as false."""
    if left is None or right is None:
        return False
    a, b = number(left), number(right)
    if a is not None and b is not None:
        return ORDER[op](a, b)
    return ORDER[op](text(left), text(right))


def unquoted(literal: str) -> str:
    """A string literal's content."""
    return re.sub(r"\\(.)", r"\1", literal[1:-1])


def seconds(duration: str) -> float:
    """`5m` as 300.0. Raises ValueError for calendar units, which the stand-in lacks."""
    amount, unit = re.fullmatch(r"(\d+)([a-z]+)", duration).groups()
    if unit not in UNITS:
        raise ValueError(f"the time unit {unit} is not available in the local stand-in")
    return int(amount) * UNITS[unit]


def _milliseconds(value: object) -> float | None:
    known = number(value)
    if known is not None or value is None:
        return known
    try:
        moment = datetime.strptime(str(value), "%Y-%m-%d %H:%M:%S.%f").replace(tzinfo=UTC)
    except ValueError:
        return None
    return moment.timestamp() * 1000


def _bin(record: dict, *args: object) -> str | None:
    stamp, size = (record.get("@timestamp"), args[0]) if len(args) == 1 else args
    milliseconds = _milliseconds(stamp)
    width = float(size) * 1000
    if milliseconds is None or not width:
        return None
    return logs._format_insights_timestamp(int(milliseconds // width * width))


def _numeric(work):
    def apply(record: dict, value: object, *more: object) -> float | None:
        numbers = [number(item) for item in (value, *more)]
        return None if None in numbers else float(work(*numbers))

    return apply


def _textual(work):
    return lambda record, value, *more: None if value is None else work(text(value), *more)


SCALARS = {
    "bin": _bin,
    "datefloor": _bin,
    "tomillis": lambda record, stamp: _milliseconds(stamp),
    "frommillis": lambda record, value: logs._format_insights_timestamp(int(number(value) or 0)),
    "abs": _numeric(abs),
    "ceil": _numeric(math.ceil),
    "floor": _numeric(math.floor),
    "sqrt": _numeric(math.sqrt),
    "log": _numeric(math.log),
    "greatest": _numeric(max),
    "least": _numeric(min),
    "strlen": _textual(len),
    "toupper": _textual(str.upper),
    "tolower": _textual(str.lower),
    "trim": _textual(str.strip),
    "ltrim": _textual(str.lstrip),
    "rtrim": _textual(str.rstrip),
    "replace": _textual(lambda value, old, new: value.replace(text(old), text(new))),
    "substr": _textual(
        lambda value, start, length=None: value[int(start) :][
            : None if length is None else int(length)
        ]
    ),
    "strcontains": _textual(lambda value, part: int(text(part) in value)),
    "concat": lambda record, *parts: "".join(map(text, parts)),
    "coalesce": lambda record, *values: next((v for v in values if v is not None), None),
    "ispresent": lambda record, value: value is not None,
    "isempty": lambda record, value: value in (None, ""),
    "isblank": lambda record, value: not text(value).strip(),
}


def _values(group: list[dict], args: list) -> list:
    found = [args[0](record, None) for record in group]
    return [value for value in found if value is not None]


def _over_numbers(work):
    def aggregate(group: list[dict], args: list) -> float | None:
        numbers = [n for n in map(number, _values(group, args)) if n is not None]
        return float(work(numbers)) if numbers else None

    return aggregate


def _extreme(work):
    """min and max also order texts."""

    def aggregate(group: list[dict], args: list) -> object:
        values = _values(group, args)
        numbers = [number(value) for value in values]
        if values and None not in numbers:
            return work(numbers)
        return work(map(text, values)) if values else None

    return aggregate


def _percentile(group: list[dict], args: list) -> float | None:
    rank = number(args[1]({}, None)) if len(args) > 1 else None
    if rank is None or not 0 <= rank <= 100:
        raise ValueError("pct(field, percent) needs a percent from 0 to 100")
    numbers = [n for n in map(number, _values(group, args)) if n is not None]
    return cw._percentile([(n, 1.0) for n in numbers], rank) if numbers else None


def _at_end(newest: bool):
    def aggregate(group: list[dict], args: list) -> object:
        present = [r for r in group if args[0](r, None) is not None]
        ordered = sorted(present, key=lambda r: text(r.get("@timestamp")), reverse=newest)
        return args[0](ordered[0], None) if ordered else None

    return aggregate


AGGREGATES = {
    "count": lambda group, args: float(len(_values(group, args) if args else group)),
    "count_distinct": lambda group, args: float(len({text(v) for v in _values(group, args)})),
    "sum": _over_numbers(sum),
    "avg": _over_numbers(statistics.fmean),
    "stddev": _over_numbers(statistics.pstdev),
    "min": _extreme(min),
    "max": _extreme(max),
    "pct": _percentile,
    "percentile": _percentile,
    "earliest": _at_end(False),
    "latest": _at_end(True),
}
