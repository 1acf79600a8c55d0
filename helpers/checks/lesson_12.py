"""The check of lesson 12: an alarm on the monitor's count of logins."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from helpers.exercises import Verdict, blank, exercise, right, wrong

TASK = "make the alarm with put_metric_alarm: its name, namespace and metric are in the task"
ABOVE = {"GreaterThanThreshold": 20, "GreaterThanOrEqualToThreshold": 21}


@exercise("12.1")
def exam_begins(_answer, *, cloudwatch, alarm: str, sns_topic: str, topic: str) -> Verdict:
    """Ask CloudWatch for the alarm and for its metric's values."""
    found = cloudwatch.describe_alarms(AlarmNames=[alarm])["MetricAlarms"]
    if not found:
        return blank(TASK)
    [made] = found
    if problem := _looks_elsewhere(cloudwatch, made, topic):
        return wrong(problem)
    if made.get("Statistic") != "Sum":
        how = made.get("Statistic") or made.get("ExtendedStatistic")
        return wrong(f"it looks at the {how} of the period; how many logins there were is the Sum")
    if made["Period"] != 10 or made["EvaluationPeriods"] != 1:
        span = f"{made['EvaluationPeriods']} x {made['Period']} s"
        return wrong(f"it looks at {span}; the task says ten seconds, so one period of 10")
    if ABOVE.get(made["ComparisonOperator"]) != made["Threshold"]:
        said = f"{made['ComparisonOperator']} {made['Threshold']:g}"
        return wrong(f"it goes off at {said}; the task says more than 20")
    if made.get("TreatMissingData") != "notBreaching":
        silent = made.get("TreatMissingData", "missing")
        return wrong(f"silence counts as {silent}; here it means that nobody logs in: notBreaching")
    if made["AlarmActions"] != [sns_topic]:
        return wrong("it does not tell the topic; AlarmActions is a list with its ARN")
    return right("more than 20 logins in ten seconds: the topic is told of it")


def _looks_elsewhere(cloudwatch, made: dict[str, Any], topic: str) -> str:
    """What is wrong with the series that the alarm watches; "" if it is the right one."""
    if made.get("MetricName") != "Processed":
        return f"it watches {made.get('MetricName')}; the monitor's count is called Processed"
    named = {each["Name"]: each["Value"] for each in made["Dimensions"]}
    answer = cloudwatch.get_metric_statistics(
        Namespace=made["Namespace"],
        MetricName="Processed",
        Dimensions=made["Dimensions"],
        StartTime=datetime.now(UTC) - timedelta(hours=3),
        EndTime=datetime.now(UTC) + timedelta(minutes=1),
        Period=3600,
        Statistics=["Sum"],
    )
    if not answer["Datapoints"]:
        said = ", ".join(f"{name}={value}" for name, value in named.items()) or "no dimensions"
        return (
            f"Processed with {said} has never had a value, so this alarm would watch nothing; "
            "list_metrics shows the sets of dimensions that there are"
        )
    if named != {"Topic": topic, "Type": "login"}:
        return f"it counts {named}; logins are Type=login of the topic {topic}"
    return ""
