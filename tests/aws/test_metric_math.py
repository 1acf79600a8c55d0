"""CloudWatch metric math and search."""

from __future__ import annotations

import pytest

from tests.aws.metric_support import START, metric, query, store
from tests.aws.support import put, refused


@pytest.mark.parametrize(
    ("expression", "values"),
    [
        ("100 * err / req", [5]),
        ("(err + 1) * 2 - req", [-52]),
        ("err / zero", []),
        ("SUM(METRICS())", [63]),
        ("MAX([err, req])", [60]),
        ("IF(err >= 3, req, 0)", [60]),
        ("err > 1 && req < 10", [0]),
        ("FILL(absent, 8)", [8]),
        ("absent + err", []),
        ("err ^ 2", [9]),
    ],
)
def test_metric_math(aws, unique, expression, values):
    store(aws("cloudwatch"), unique, err=3, req=60, zero=0)
    sources = [metric(n, unique, ReturnData=False) for n in ("err", "req", "zero", "absent")]
    math = {"Id": "result", "Expression": expression}
    (result,) = query(aws("cloudwatch"), *sources, math)
    assert (result["Id"], result["StatusCode"]) == ("result", "Complete")
    assert result["Values"] == values


@pytest.mark.parametrize("expression", ["err +", "nope * 2", "open('x')", "err.__class__"])
def test_a_bad_expression_is_refused(aws, unique, expression):
    store(aws("cloudwatch"), unique, err=3)
    with refused("ValidationError"):
        query(aws("cloudwatch"), metric("err", unique), {"Id": "r", "Expression": expression})


def test_bad_queries_are_refused(aws, unique):
    good = metric("err", unique)
    for bad in ({**good, "Id": "Err"}, {**good, "Expression": "err"}, {"Id": "e"}):
        with refused("ValidationError"):
            query(aws("cloudwatch"), bad)
    with refused("ValidationError", message="duplicate id"):
        query(aws("cloudwatch"), good, good)
    with refused("InvalidParameterValue"):
        query(aws("cloudwatch"), metric("err", unique, "IQM"))


def test_search(aws, unique):
    for host, value in (("a", 1), ("b", 3)):
        put(aws("cloudwatch"), unique, "cpu", value, START.timestamp(), Host=host)
    put(aws("cloudwatch"), unique, "cpu", 50, START.timestamp())
    search = f"SEARCH('{{{unique},Host}} MetricName=\"cpu\"', 'Average', 60)"
    found = query(aws("cloudwatch"), {"Id": "s", "Expression": search})
    assert [(r["Label"], r["Values"]) for r in found] == [("a", [1]), ("b", [3])]
    (total,) = query(aws("cloudwatch"), {"Id": "s", "Expression": f"SUM({search})"})
    assert total["Values"] == [4]
