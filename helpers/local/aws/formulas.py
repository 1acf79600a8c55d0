"""Metric math: the expressions of GetMetricData and of alarms on several metrics.

Source: "Using math expressions with CloudWatch metrics" and "Search expression syntax" of the
Amazon CloudWatch User Guide. A series is a dict of Unix seconds to values.
"""

from __future__ import annotations

import ast
import math
import operator
import re
from dataclasses import dataclass

from helpers.local.aws import metrics, search
from helpers.local.aws.requests import Refused
from helpers.local.aws.series_math import (
    OPERATORS,
    REDUCERS,
    ROUNDERS,
    Series,
    at,
    combine,
    reduce,
    running,
)


@dataclass
class Result:
    """One time series that a query gave."""

    id: str
    label: str
    returned: bool
    series: Series


def evaluate(queries: list[dict], start: float, end: float, aligned: bool = False) -> list[Result]:
    """The series of all `queries` in their order; `aligned` counts periods from the epoch."""
    return _Evaluation(queries, start, end, aligned).results()


class _Evaluation:
    def __init__(self, queries: list[dict], start: float, end: float, aligned: bool) -> None:
        self._queries = {query["Id"]: query for query in queries}
        self._start, self._end, self._aligned = start, end, aligned
        periods = [int(q["MetricStat"]["Period"]) for q in queries if q.get("MetricStat")]
        self._period = max([*periods, *(int(q.get("Period") or 0) for q in queries)]) or 60
        self._known: dict[str, object] = {}
        self._running: list[str] = []

    def results(self) -> list[Result]:
        results = []
        for name, query in self._queries.items():
            value, returned = (
                self._value(name),
                str(query.get("ReturnData", True)).lower() == "true",
            )
            stat = query.get("MetricStat")
            label = query.get("Label") or (stat["Metric"]["MetricName"] if stat else name)
            if isinstance(value, list):
                results += [Result(name, own, returned, series) for own, series in value]
            else:
                series = value if isinstance(value, dict) else dict.fromkeys(self._grid(), value)
                results.append(Result(name, label, returned, series))
        return results

    def _first(self, period: int) -> float:
        return self._start - self._start % period if self._aligned else self._start

    def _grid(self) -> list[float]:
        first = self._first(self._period)
        return [
            first + i * self._period for i in range(math.ceil((self._end - first) / self._period))
        ]

    def _value(self, name: str) -> object:
        if name in self._known:
            return self._known[name]
        if name not in self._queries:
            raise Refused("ValidationError", f"Error in expression: unknown id '{name}'.")
        if name in self._running:
            raise Refused("ValidationError", f"Error in expression '{name}': it refers to itself.")
        query = self._queries[name]
        self._running.append(name)
        if query.get("Expression"):
            self._known[name] = self._expression(name, query["Expression"])
        else:
            stat = query["MetricStat"]
            self._known[name] = self._fetch(
                stat["Metric"], stat["Stat"], int(stat["Period"]), stat.get("Unit")
            )
        self._running.pop()
        return self._known[name]

    def _fetch(self, metric: dict, stat: str, period: int, unit: str | None = None) -> Series:
        found = metrics.buckets(metric, self._first(period), self._end, period, unit)
        values = {stamp: metrics.value_of(points, stat) for stamp, points in found.items()}
        return {stamp: value for stamp, value in values.items() if value is not None}

    def _expression(self, name: str, text: str) -> object:
        python = text.replace("^", "**").replace("&&", " and ").replace("||", " or ")
        python = re.sub(r"\bIF\s*\(", "IF_(", re.sub(r"(?<![<>=!])=(?!=)", "==", python))
        try:
            # SEARCH's argument keeps its own text: single quotes hold no operator of ours.
            tree = ast.parse(text if "SEARCH" in text else python.strip(), mode="eval")
            return self._node(tree.body)
        except (SyntaxError, TypeError, KeyError, ValueError, IndexError) as error:
            if isinstance(error, Refused):
                raise
            message = f"Error in expression '{name}': {error.args[0] if error.args else error}"
            raise Refused("ValidationError", message) from error

    def _node(self, node: ast.AST) -> object:
        match node:
            case ast.Constant(value=value):
                return value
            case ast.Name(id="REPEAT"):
                return "REPEAT"
            case ast.Name(id=name):
                return self._value(name)
            case ast.UnaryOp(op=ast.USub(), operand=inner):
                return combine(operator.sub, 0.0, self._node(inner))
            case ast.UnaryOp(op=ast.Not(), operand=inner):
                return combine(lambda a, b: not b, 0.0, self._node(inner))
            case ast.BinOp(left=left, op=op, right=right):
                return combine(OPERATORS[type(op)], self._node(left), self._node(right))
            case ast.Compare(left=left, ops=[op], comparators=[right]):
                return combine(OPERATORS[type(op)], self._node(left), self._node(right))
            case ast.BoolOp(op=op, values=[first, *rest]):
                value = self._node(first)
                for other in rest:
                    value = combine(OPERATORS[type(op)], value, self._node(other))
                return value
            case ast.List(elts=items):
                return [(None, self._node(item)) for item in items]
            case ast.Call(func=ast.Name(id=function), args=args):
                return self._call(function, [self._node(arg) for arg in args])
        raise ValueError("unsupported syntax")

    def _call(self, function: str, args: list) -> object:
        if function == "METRICS":
            text = args[0] if args else ""
            fetched = [n for n, q in self._queries.items() if q.get("MetricStat") and text in n]
            return [(name, self._value(name)) for name in fetched]
        if function == "SEARCH":
            stat, period = args[1], int(args[2]) if len(args) > 2 else self._period
            found = search.matching(args[0])
            return [(label, self._fetch(metric, stat, period)) for label, metric in found]
        if function == "PERIOD":
            return float(self._period)
        if function in REDUCERS:
            return reduce(REDUCERS[function], args[0])
        if function in ROUNDERS:
            return combine(lambda a, b: ROUNDERS[function](a), args[0], 0.0)
        if function == "IF_":
            return self._choose(*args)
        if function == "FILL":
            return self._filled(*args)
        if function in ("DIFF", "RATE", "RUNNING_SUM"):
            return running(function, args[0])
        raise ValueError(f"the function {function} is not available in the local stand-in")

    def _choose(self, condition, yes, no=None) -> Series:
        stamps = set(condition) if isinstance(condition, dict) else set(self._grid())
        result = {}
        for stamp in sorted(stamps):
            chosen = yes if (at(condition, stamp) or 0) else no
            value = at(chosen, stamp)
            if value is not None:
                result[stamp] = float(value)
        return result

    def _filled(self, series: Series, filler) -> Series:
        result, last = {}, None
        for stamp in self._grid():
            last = series.get(stamp, last)
            value = series.get(stamp, last if filler == "REPEAT" else at(filler, stamp))
            if value is not None:
                result[stamp] = float(value)
        return result
