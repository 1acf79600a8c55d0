"""Alarm states: the two tables of "Configuring how CloudWatch alarms treat missing data", and more."""

from __future__ import annotations

import json
import time

import pytest

from tests.aws.support import ELSEWHERE, put, put_alarm, refused, state_of, until

TREATMENTS = ("missing", "ignore", "breaching", "notBreaching")
KEPT = "INSUFFICIENT_DATA"  # the state of a new alarm, kept under "ignore"
# DatapointsToAlarm of 3, the five periods before now (0 fine, X breaching, - missing), the states.
TABLES = [
    (3, "0-X-X", ("OK", "OK", "OK", "OK")),
    (3, "0----", ("OK", "OK", "OK", "OK")),
    (3, "-----", ("INSUFFICIENT_DATA", KEPT, "ALARM", "OK")),
    (3, "0XX-X", ("ALARM", "ALARM", "ALARM", "ALARM")),
    (3, "--X--", ("ALARM", KEPT, "ALARM", "OK")),
    (3, "----X", ("OK", KEPT, "ALARM", "OK")),
    (2, "0-X-X", ("ALARM", "ALARM", "ALARM", "ALARM")),
    (2, "00X0X", ("ALARM", "ALARM", "ALARM", "ALARM")),
    (2, "0-X--", ("OK", "OK", "ALARM", "OK")),
    (2, "----0", ("OK", "OK", "ALARM", "OK")),
    (2, "---X-", ("ALARM", KEPT, "ALARM", "OK")),
    (2, "0000X", ("OK", "OK", "OK", "OK")),
]


@pytest.fixture(scope="module")
def minute():
    """The start of the current minute, at least 20 s of which are left."""
    left = 60 - time.time() % 60
    if left < 20:
        time.sleep(left)
    return time.time() // 60 * 60


@pytest.fixture(scope="module")
def table_states(stand_in, minute):
    cloudwatch, names = stand_in.client("cloudwatch"), []
    for needed, points, _ in TABLES:
        metric = f"{needed}{points}"
        for age, point in enumerate(reversed(points), 1):
            if point != "-":
                put(cloudwatch, "Tables", metric, 500 if point == "X" else 1, minute - age * 60 + 5)
        for treatment in TREATMENTS:
            names.append(f"{metric}{treatment}")
            put_alarm(
                cloudwatch,
                "Tables",
                names[-1],
                metric,
                Period=60,
                EvaluationPeriods=3,
                DatapointsToAlarm=needed,
                TreatMissingData=treatment,
            )
    # The last alarm is evaluated last: when it has left its first state, all have been looked at.
    until(lambda: state_of(cloudwatch, names[-1]) == "OK", 15, "the last alarm was evaluated")
    found = {}
    for page in cloudwatch.get_paginator("describe_alarms").paginate():
        found |= {alarm["AlarmName"]: alarm["StateValue"] for alarm in page["MetricAlarms"]}
    return found


@pytest.mark.parametrize(("needed", "points", "states"), TABLES)
def test_missing_data_are_treated_as_the_tables_say(table_states, needed, points, states):
    found = [table_states[f"{needed}{points}{treatment}"] for treatment in TREATMENTS]
    assert found == list(states)


def test_percentiles_and_averages_are_told_apart(aws, unique, minute):
    cloudwatch = aws("cloudwatch")
    for value in [1] * 18 + [900, 900]:
        put(cloudwatch, unique, "latency", value, minute - 30)
    for name, changes in {
        "p95": {"ExtendedStatistic": "p95"},
        "p50": {"ExtendedStatistic": "p50"},
        "mean": {"Statistic": "Average"},
        "count": {"Statistic": "SampleCount", "Threshold": 19},
    }.items():
        changes = {"Statistic": None, "Period": 60, "Threshold": 200, **changes}
        put_alarm(cloudwatch, unique, unique + name, "latency", **changes)
    until(lambda: state_of(cloudwatch, f"{unique}count") == "ALARM", 10, "evaluated")
    states = {name: state_of(cloudwatch, unique + name) for name in ("p95", "p50", "mean")}
    assert states == {"p95": "ALARM", "p50": "OK", "mean": "OK"}
    alarm = cloudwatch.describe_alarms(AlarmNames=[f"{unique}p95"])["MetricAlarms"][0]
    assert alarm["ExtendedStatistic"] == "p95"
    assert "Statistic" not in alarm


def test_only_data_of_the_alarms_unit_count(aws, unique, minute):
    cloudwatch = aws("cloudwatch")
    put(cloudwatch, unique, "size", 500, minute - 30)  # its unit is None
    put_alarm(cloudwatch, unique, f"{unique}bytes", "size", Period=60, Unit="Bytes")
    put_alarm(cloudwatch, unique, f"{unique}any", "size", Period=60)
    until(lambda: state_of(cloudwatch, f"{unique}any") == "ALARM", 10, "the alarm without a unit")
    assert state_of(cloudwatch, f"{unique}bytes") == "OK"


def test_metric_math(aws, unique, minute):
    cloudwatch = aws("cloudwatch")
    put(cloudwatch, unique, "errors", 7, minute - 30)
    put(cloudwatch, unique, "requests", 100, minute - 30)

    def metric(name: str) -> dict:
        stat = {"Metric": {"Namespace": unique, "MetricName": name}, "Period": 60, "Stat": "Sum"}
        return {"Id": name, "ReturnData": False, "MetricStat": stat}

    for name, threshold in (("above", 5), ("below", 8)):
        cloudwatch.put_metric_alarm(
            AlarmName=unique + name,
            EvaluationPeriods=1,
            Threshold=threshold,
            ComparisonOperator="GreaterThanThreshold",
            Metrics=[
                metric("errors"),
                metric("requests"),
                {"Id": "rate", "Expression": "100 * errors / requests"},
            ],
        )
    until(lambda: state_of(cloudwatch, f"{unique}below") == "OK", 10, "evaluated")
    assert state_of(cloudwatch, f"{unique}above") == "ALARM"
    alarm = cloudwatch.describe_alarms(AlarmNames=[f"{unique}above"])["MetricAlarms"][0]
    assert [query["Id"] for query in alarm["Metrics"]] == ["errors", "requests", "rate"]
    assert "Statistic" not in alarm


def test_late_data_are_seen(aws, unique, minute):
    cloudwatch = aws("cloudwatch")
    put_alarm(cloudwatch, unique, unique, "late", Period=60)
    until(lambda: state_of(cloudwatch, unique) == "OK", 10, "evaluated without data")
    put(cloudwatch, unique, "late", 500, minute - 1)
    until(lambda: state_of(cloudwatch, unique) == "ALARM", 10, "evaluated again")


def test_data_of_the_running_period_are_not_judged_yet(aws, unique, minute):
    cloudwatch = aws("cloudwatch")
    put(cloudwatch, unique, "early", 500, minute + 1)
    put_alarm(cloudwatch, unique, unique, "early", Period=60)
    until(lambda: state_of(cloudwatch, unique) != KEPT, 10, "evaluated")
    assert state_of(cloudwatch, unique) == "OK"


def test_regions_are_isolated(aws, unique, minute):
    here, there = aws("cloudwatch"), aws("cloudwatch", ELSEWHERE)
    put(here, unique, "m", 500, minute - 30)
    put(there, unique, "m", 1, minute - 30)
    for cloudwatch in (here, there):
        put_alarm(cloudwatch, unique, unique, "m", Period=60)
    until(lambda: state_of(here, unique) == "ALARM", 10, "the alarm here")
    until(lambda: state_of(there, unique) == "OK", 10, "the alarm there")


def test_set_alarm_state_acts_and_is_noted(aws, unique, queue):
    cloudwatch, events = aws("cloudwatch"), aws("events")
    topic = aws("sns").create_topic(Name=unique)["TopicArn"]
    heard, seen = queue(unique), queue(f"{unique}-events")
    aws("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=heard.arn)
    pattern = {"source": ["aws.cloudwatch"], "detail": {"alarmName": [unique]}}
    events.put_rule(Name=unique, EventPattern=json.dumps(pattern))
    events.put_targets(Rule=unique, Targets=[{"Id": "1", "Arn": seen.arn}])
    put_alarm(cloudwatch, unique, unique, "none", AlarmActions=[topic], TreatMissingData="ignore")
    with refused("ValidationError"):
        cloudwatch.set_alarm_state(AlarmName=unique, StateValue="BROKEN", StateReason="x")
    cloudwatch.set_alarm_state(AlarmName=unique, StateValue="ALARM", StateReason="drill")
    message = until(heard.messages, 5, "the topic was told")[0]
    assert (message["NewStateValue"], message["NewStateReason"]) == ("ALARM", "drill")
    event = json.loads(until(seen.receive, 5, "EventBridge was told")[0])
    assert event["detail-type"] == "CloudWatch Alarm State Change"
    assert event["detail"]["state"]["value"] == "ALARM"
    items = cloudwatch.describe_alarm_history(AlarmName=unique, HistoryItemType="StateUpdate")
    assert len(items["AlarmHistoryItems"]) == 1


def test_composite_alarms(aws, unique, queue):
    cloudwatch, found = aws("cloudwatch"), queue(unique)
    topic = aws("sns").create_topic(Name=unique)["TopicArn"]
    aws("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=found.arn)
    for name in "ab":
        put_alarm(cloudwatch, unique, unique + name, "none", TreatMissingData="ignore")
    rule = f'ALARM("{unique}a") AND ALARM("{unique}b")'
    cloudwatch.put_composite_alarm(AlarmName=unique, AlarmRule=rule, AlarmActions=[topic])
    cloudwatch.set_alarm_state(AlarmName=f"{unique}a", StateValue="ALARM", StateReason="x")
    assert state_of(cloudwatch, unique) == "OK"
    cloudwatch.set_alarm_state(AlarmName=f"{unique}b", StateValue="ALARM", StateReason="x")
    assert state_of(cloudwatch, unique) == "ALARM"
    message = until(found.messages, 5, "the topic was told")[0]
    assert (message["AlarmName"], message["AlarmRule"]) == (unique, rule)
