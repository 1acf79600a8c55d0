"""Arithmetic of time series for metric math, point by point.

Source: "Using math expressions with CloudWatch metrics" of the Amazon CloudWatch User Guide.
"""

from __future__ import annotations

import ast
import itertools
import math
import operator
import statistics
from collections.abc import Callable

Series = dict[float, float]  # Unix seconds to values
OPERATORS: dict[type, Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.And: lambda a, b: bool(a) and bool(b),
    ast.Or: lambda a, b: bool(a) or bool(b),
}
REDUCERS: dict[str, Callable[[list[float]], float]] = {
    "SUM": sum,
    "AVG": statistics.fmean,
    "MIN": min,
    "MAX": max,
    "STDDEV": statistics.pstdev,
    "DATAPOINT_COUNT": len,
}
ROUNDERS = {
    "ABS": abs,
    "CEIL": math.ceil,
    "FLOOR": math.floor,
    "LOG": math.log,
    "LOG10": math.log10,
}


def at(value, stamp: float) -> float | None:
    """A series' value at `stamp`; a number is the same everywhere."""
    return value.get(stamp) if isinstance(value, dict) else value


def combine(work: Callable[[float, float], float], left, right) -> object:
    """Point by point where both have a value; a division by zero leaves no point, as on AWS."""
    if isinstance(left, list) or isinstance(right, list):
        pairs = left if isinstance(left, list) else right
        other = right if isinstance(left, list) else left
        ordered = (lambda v: (v, other)) if isinstance(left, list) else (lambda v: (other, v))
        return [(label, combine(work, *ordered(series))) for label, series in pairs]
    if not isinstance(left, dict) and not isinstance(right, dict):
        return float(work(left, right))
    stamps = set(left if isinstance(left, dict) else right)
    stamps &= set(right if isinstance(right, dict) else left)
    result = {}
    for stamp in sorted(stamps):
        try:
            result[stamp] = float(work(at(left, stamp), at(right, stamp)))
        except ZeroDivisionError:
            continue
    return result


def reduce(work: Callable[[list[float]], float], value) -> object:
    """A list of series becomes one series, a single series one number."""
    if isinstance(value, list):
        by_stamp: dict[float, list[float]] = {}
        for _, series in value:
            for stamp, number in series.items():
                by_stamp.setdefault(stamp, []).append(number)
        return {stamp: float(work(numbers)) for stamp, numbers in sorted(by_stamp.items())}
    return float(work(list(value.values()))) if value else 0.0


def running(function: str, series: Series) -> Series:
    """DIFF, RATE (per second) and RUNNING_SUM."""
    stamps = sorted(series)
    if function == "RUNNING_SUM":
        total, result = 0.0, {}
        for stamp in stamps:
            total += series[stamp]
            result[stamp] = total
        return result
    steps = itertools.pairwise(stamps)
    scale = (lambda a, b: b - a) if function == "RATE" else (lambda a, b: 1.0)
    return {b: (series[b] - series[a]) / scale(a, b) for a, b in steps}
