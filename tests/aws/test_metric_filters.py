"""Metric filters and the embedded metric format: metrics from log events."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from tests.aws.support import event, milliseconds, now, refused, short

INVALID = "InvalidParameterException"


def add_filter(aws, group: str, pattern: str, **change) -> None:
    aws("logs").put_metric_filter(
        logGroupName=group, filterName="f", filterPattern=pattern, metricTransformations=[change]
    )


def totals(aws, space: str, name: str, **dimensions: str) -> tuple[float, float]:
    """(sum, number) of the metric's values in the last minutes."""
    points = aws("cloudwatch").get_metric_statistics(
        Namespace=space,
        MetricName=name,
        Dimensions=[{"Name": k, "Value": v} for k, v in dimensions.items()],
        StartTime=now() - timedelta(minutes=5),
        EndTime=now() + timedelta(minutes=1),
        Period=60,
        Statistics=["Sum", "SampleCount"],
    )["Datapoints"]
    return sum(p["Sum"] for p in points), sum(p["SampleCount"] for p in points)


def test_a_metric_filter_counts_a_term(aws, stream, unique):
    stream("ERROR before the filter")
    add_filter(
        aws, stream.group, "ERROR", metricName="Errors", metricNamespace=unique, metricValue="1"
    )
    stream("ERROR 1", "INFO", "ERROR 2")
    assert totals(aws, unique, "Errors") == (2, 2)


def test_a_metric_filter_takes_a_value_and_dimensions(aws, stream, unique):
    add_filter(
        aws,
        stream.group,
        "{ $.ms = * }",
        metricName="Latency",
        metricNamespace=unique,
        metricValue="$.ms",
        dimensions={"Path": "$.path"},
        unit="Milliseconds",
    )
    for ms, path in ((10, "/a"), (30, "/a"), (5, "/b"), ("slow", "/a")):
        stream(json.dumps({"ms": ms, "path": path}))
    stream(json.dumps({"ms": 1000}))  # no field for the dimension: no metric
    assert totals(aws, unique, "Latency", Path="/a") == (40, 2)
    assert totals(aws, unique, "Latency", Path="/b") == (5, 1)
    assert totals(aws, unique, "Latency") == (0, 0)


def test_a_metric_filters_default_value(aws, stream, unique):
    add_filter(
        aws,
        stream.group,
        "ERROR",
        metricName="Errors",
        metricNamespace=unique,
        metricValue="1",
        defaultValue=0,
    )
    minute = milliseconds() // 60_000 * 60_000
    stream({"timestamp": minute - 60_000, "message": "fine"})
    stream({"timestamp": minute - 59_000, "message": "fine, same minute"})
    assert totals(aws, unique, "Errors") == (0, 1), "one zero for a minute with logs but no match"
    stream({"timestamp": minute, "message": "ERROR"}, {"timestamp": minute, "message": "fine"})
    assert totals(aws, unique, "Errors") == (1, 2)


def test_a_refused_event_gives_no_metric(aws, stream, unique):
    add_filter(aws, stream.group, "", metricName="All", metricNamespace=unique, metricValue="1")
    stream(event(20 * 86_400_000))
    assert totals(aws, unique, "All") == (0, 0)
    stream(event(0))
    assert totals(aws, unique, "All") == (1, 1)


@pytest.mark.parametrize(
    "change",
    [
        {"metricNamespace": "AWS/Logs"},
        {"metricValue": "ms"},
        {"defaultValue": 0, "dimensions": {"a": "$.a"}},
        {"dimensions": dict.fromkeys("abcd", "$.a")},
    ],
    ids=short,
)
def test_bad_metric_filters_are_refused(aws, stream, change):
    good = {"metricName": "m", "metricNamespace": "n", "metricValue": "1"}
    with refused(INVALID):
        add_filter(aws, stream.group, "{ $.a = * }", **{**good, **change})


def test_the_embedded_metric_format(aws, stream, unique):
    metrics = [{"Name": "q", "Unit": "Count"}, {"Name": "absent"}]
    directive = {"Namespace": unique, "Dimensions": [["service"], []], "Metrics": metrics}
    document = {"q": [7, 8], "service": "web", "other": 1}
    about = {"Timestamp": milliseconds(), "CloudWatchMetrics": [directive]}
    stream(json.dumps({"_aws": about, **document}), json.dumps(document), '{"_aws": 1}')
    assert totals(aws, unique, "q", service="web") == (15, 2)
    assert totals(aws, unique, "q") == (15, 2)
    names = {m["MetricName"] for m in aws("cloudwatch").list_metrics(Namespace=unique)["Metrics"]}
    assert names == {"q"}
