"""PutMetricAlarm refuses what AWS refuses, and only that."""

from __future__ import annotations

import pytest

from tests.aws.support import put_alarm, refused, short

METRIC = {"Metric": {"Namespace": "n", "MetricName": "m"}, "Period": 60, "Stat": "Sum"}
MATH = dict.fromkeys(("MetricName", "Namespace", "Statistic", "Period"))


@pytest.mark.parametrize(
    "changes",
    [
        {"Period": 7},
        {"Period": 15},
        {"Period": 61},
        {"Period": None},
        {"Period": 60, "EvaluationPeriods": 1441},
        {"Period": 3600, "EvaluationPeriods": 169},
        {"EvaluationPeriods": 2, "DatapointsToAlarm": 3},
        {"ComparisonOperator": "GreaterThan"},
        {"Statistic": None},
        {"Statistic": "Mean"},
        {"Statistic": "Average", "ExtendedStatistic": "p99"},
        {"Statistic": None, "ExtendedStatistic": "p101"},
        {"Threshold": None},
        {"TreatMissingData": "no"},
        {"MetricName": None},
        {"Namespace": None},
        {"AlarmActions": ["arn:aws:sns:us-east-1:000000000000:t"] * 6},
        {"Metrics": [{"Id": "a", "MetricStat": METRIC}]},
        {**MATH, "Metrics": [{"Id": "A", "MetricStat": METRIC}]},
        {**MATH, "Metrics": [{"Id": "a", "MetricStat": METRIC}, {"Id": "b", "MetricStat": METRIC}]},
        {**MATH, "Metrics": [{"Id": "a", "MetricStat": {**METRIC, "Period": 7}}]},
    ],
    ids=short,
)
def test_refused(aws, unique, changes):
    cloudwatch = aws("cloudwatch")
    with refused("ValidationError"):
        put_alarm(cloudwatch, unique, unique, "m", **changes)
    assert cloudwatch.describe_alarms(AlarmNames=[unique])["MetricAlarms"] == []


@pytest.mark.parametrize(
    "changes",
    [
        {"Period": 10},
        {"Period": 20},
        {"Period": 30},
        {"Period": 120},
        {"Period": 60, "EvaluationPeriods": 1440},
        {"Period": 3600, "EvaluationPeriods": 168},
        {"EvaluationPeriods": 3, "DatapointsToAlarm": 3},
        {"Statistic": None, "ExtendedStatistic": "p99.9"},
        {"TreatMissingData": None},
        {**MATH, "Metrics": [{"Id": "a", "MetricStat": METRIC}]},
    ],
    ids=short,
)
def test_accepted(aws, unique, changes):
    put_alarm(aws("cloudwatch"), unique, unique, "m", **changes)
    alarm = aws("cloudwatch").describe_alarms(AlarmNames=[unique])["MetricAlarms"][0]
    assert alarm["StateValue"] in ("INSUFFICIENT_DATA", "OK")


def test_a_refused_update_leaves_the_alarm(aws, unique):
    put_alarm(aws("cloudwatch"), unique, unique, "m", Period=60)
    with refused("ValidationError", message="Period must be 10, 20, 30 or a multiple of 60"):
        put_alarm(aws("cloudwatch"), unique, unique, "m", Period=7)
    alarm = aws("cloudwatch").describe_alarms(AlarmNames=[unique])["MetricAlarms"][0]
    assert alarm["Period"] == 60
