"""PutMetricData and PutDashboard refuse what AWS refuses, and only that."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from tests.aws.support import now, refused, short

VALUE, COMBINATION = "InvalidParameterValue", "InvalidParameterCombination"


def dimensions(count: int) -> list[dict]:
    return [{"Name": f"d{i}", "Value": "v"} for i in range(count)]


def datum(**changes) -> dict:
    return {"MetricName": "m", "Value": 1.0, **changes}


def test_a_call_takes_1000_metrics(aws, unique):
    cloudwatch = aws("cloudwatch")
    with refused(VALUE, message="MetricData must not have a size greater than 1000"):
        cloudwatch.put_metric_data(Namespace=unique, MetricData=[datum()] * 1001)
    assert cloudwatch.list_metrics(Namespace=unique)["Metrics"] == []
    cloudwatch.put_metric_data(Namespace=unique, MetricData=[datum()] * 1000)
    assert len(cloudwatch.list_metrics(Namespace=unique)["Metrics"]) == 1


@pytest.mark.parametrize("space", ["AWS/Lambda", "AWS/", "a" * 256, "ä"])
def test_namespaces(aws, space):
    with refused(VALUE, message="for parameter Namespace is invalid"):
        aws("cloudwatch").put_metric_data(Namespace=space, MetricData=[datum()])


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        (VALUE, {"Dimensions": dimensions(31)}),
        (VALUE, {"Dimensions": [{"Name": "d", "Value": "ä"}]}),
        (VALUE, {"Dimensions": [{"Name": ":d", "Value": "v"}]}),
        (VALUE, {"Value": float("nan")}),
        (VALUE, {"Value": float("inf")}),
        (VALUE, {"Value": float("-inf")}),
        (VALUE, {"Value": 2.0**361}),
        (VALUE, {"Value": None, "Values": [1.0] * 151}),
        (VALUE, {"Value": None, "Values": [1.0, 2.0], "Counts": [1.0]}),
        (VALUE, {"Value": None, "Values": [float("nan")]}),
        (COMBINATION, {"Values": [1.0]}),
        ("MissingParameter", {"Value": None}),
        (VALUE, {"Unit": "Furlongs"}),
        (VALUE, {"StorageResolution": 5}),
        (VALUE, {"Timestamp": -timedelta(days=14, minutes=1)}),
        (VALUE, {"Timestamp": timedelta(hours=2, minutes=1)}),
    ],
    ids=short,
)
def test_data(aws, unique, code, changes):
    if "Timestamp" in changes:
        changes = {"Timestamp": now() + changes["Timestamp"]}
    bad = {k: v for k, v in datum(**changes).items() if v is not None}
    with refused(code):
        aws("cloudwatch").put_metric_data(Namespace=unique, MetricData=[datum(), bad])
    assert aws("cloudwatch").list_metrics(Namespace=unique)["Metrics"] == [], "half a call kept"


@pytest.mark.parametrize(
    "changes",
    [
        {"Dimensions": dimensions(30)},
        {"Value": 2.0**360},
        {"Value": 0.0},
        {"Value": -1.5},
        {"Value": None, "Values": [1.0] * 150, "Counts": [2.0] * 150},
        {"Unit": "Bytes/Second"},
        {"StorageResolution": 1},
        {"Timestamp": -timedelta(days=13, hours=23)},
        {"Timestamp": timedelta(hours=1, minutes=59)},
    ],
    ids=short,
)
def test_good_data(aws, unique, changes):
    if "Timestamp" in changes:
        changes = {"Timestamp": now() + changes["Timestamp"]}
    good = {k: v for k, v in datum(**changes).items() if v is not None}
    aws("cloudwatch").put_metric_data(Namespace=unique, MetricData=[good])
    assert len(aws("cloudwatch").list_metrics(Namespace=unique)["Metrics"]) == 1


def widget(kind: str = "metric", **properties) -> dict:
    metric = {"metrics": [["n", "m"]], "region": "us-east-1", "period": 60, "stat": "p99"}
    own = {**metric, **properties} if kind == "metric" else properties
    return {"type": kind, "x": 0, "y": 0, "width": 6, "height": 6, "properties": own}


def test_a_dashboard_comes_back(aws, unique):
    body = {"widgets": [widget(), widget("text", markdown="# t")]}
    cloudwatch = aws("cloudwatch")
    answer = cloudwatch.put_dashboard(DashboardName=unique, DashboardBody=json.dumps(body))
    assert answer["DashboardValidationMessages"] == []
    assert json.loads(cloudwatch.get_dashboard(DashboardName=unique)["DashboardBody"]) == body
    names = [d["DashboardName"] for d in cloudwatch.list_dashboards()["DashboardEntries"]]
    assert unique in names


@pytest.mark.parametrize(
    "body",
    [
        "{not json",
        "[]",
        "{}",
        {"widgets": [{"type": "metric"}]},
        {"widgets": [{**widget(), "type": "chart"}]},
        {"widgets": [{**widget(), "width": 25}]},
        {"widgets": [{**widget(), "x": 1.5}]},
        {"widgets": [widget(metrics=[["only-a-namespace"]])]},
        {"widgets": [widget(metrics=None)]},
        {"widgets": [widget(region=None)]},
        {"widgets": [widget(period=7)]},
        {"widgets": [widget(view="pyramid")]},
        {"widgets": [widget("text")]},
        {"widgets": [widget("log", region="us-east-1")]},
        {"widgets": [widget("alarm")]},
    ],
    ids=short,
)
def test_a_bad_dashboard_is_refused(aws, unique, body):
    text = body if isinstance(body, str) else json.dumps(body)
    with refused("InvalidParameterInput"):
        aws("cloudwatch").put_dashboard(DashboardName=unique, DashboardBody=text)
    with refused("ResourceNotFound"):
        aws("cloudwatch").get_dashboard(DashboardName=unique)
