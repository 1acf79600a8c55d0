"""Lesson 11: an alarm that watches what it should, and a subscription that gets what it wants."""

from __future__ import annotations

import json
import time
from uuid import uuid4

from helpers.exercises import Verdict, blank, exercise, right, wrong

SECONDS = 8
TASK_1 = "make the alarm errores-web on the metric errores, with put_metric_alarm"
TASK_2 = "subscribe the address to the topic by e-mail, with a FilterPolicy, and confirm"
SENT = {
    "a passed mark": ({"tipo": "calificacion", "nota": 9}, False),
    "an error with a small number": ({"tipo": "error", "nota": 1}, False),
    "a message without attributes": ({}, False),
    "a failed mark": ({"tipo": "calificacion", "nota": 4.5}, True),  # last: the others came before
}


@exercise("11.1")
def errors_in_a_burst(_answer, *, cloudwatch, alarm: str, topic: str, web: tuple) -> Verdict:
    """Read the alarm that CloudWatch has: what it watches, when it acts, whom it tells."""
    found = cloudwatch.describe_alarms(AlarmNames=[alarm])["MetricAlarms"]
    if not found:
        return blank(TASK_1)
    made = found[0]
    watched = [(one["Name"], one["Value"]) for one in made.get("Dimensions", [])]
    if made.get("MetricName") != "errores" or watched != [web]:
        shown = ", ".join(f"{name}={value}" for name, value in watched) or "no dimension"
        return wrong(
            f"it watches {made.get('MetricName')} with {shown}: nobody writes that metric; the "
            f"service writes errores with {web[0]}={web[1]}"
        )
    periods = made["EvaluationPeriods"]
    rule = made.get("DatapointsToAlarm", periods), periods, made["Period"]
    if rule != (2, 3, 10):
        return wrong(f"it acts at {rule[0]} of {rule[1]} periods of {rule[2]} s; 2 of 3 of 10 s")
    if made.get("Statistic") != "Sum":
        return wrong(
            f"{made.get('Statistic')} of the counts in a period; eleven errors that come one by "
            "one are eleven values of 1: which statistic adds them up?"
        )
    if (made["ComparisonOperator"], made["Threshold"]) != ("GreaterThanThreshold", 10):
        return wrong(f"{made['ComparisonOperator']} {made['Threshold']:g}; more than 10 is asked")
    silence = made.get("TreatMissingData", "missing")
    if silence != "notBreaching":
        return wrong(f"TreatMissingData is {silence}; here silence means: no errors, all is well")
    if topic not in made["AlarmActions"] or topic not in made["OKActions"]:
        return wrong("it must tell the topic both when it begins and when it is over")
    return right("2 of 3 sums over 10 errors, silence is good, both changes are told")


@exercise("11.2")
def failed_marks(_answer, *, sns, topic: str, address: str, inbox) -> Verdict:
    """Publish four messages and look which of them arrive; on the cloud read the policy."""
    subscriptions = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    mine = [sub for sub in subscriptions if sub["Endpoint"] == address]
    if not mine:
        return blank(TASK_2)
    if mine[0]["SubscriptionArn"] == "PendingConfirmation":
        return wrong("the subscription is pending: open the link in the mail that SNS has sent")
    if inbox is None:
        return _read_policy(sns, mine[0]["SubscriptionArn"])
    mark = uuid4().hex[:8]
    for what, (labels, _) in SENT.items():
        attributes = {name: _attribute(value) for name, value in labels.items()}
        sns.publish(
            TopicArn=topic, Subject=f"{mark} {what}", Message=what, MessageAttributes=attributes
        )
    deadline = time.monotonic() + SECONDS
    wanted = {what for what, (_, wants) in SENT.items() if wants}
    arrived: set[str] = set()
    while not wanted <= arrived and time.monotonic() < deadline:
        subjects = [mail["subject"] for mail in inbox.mails(address)]
        arrived = {s.removeprefix(f"{mark} ") for s in subjects if s.startswith(mark)}
        time.sleep(0.1)
    missing, surplus = sorted(wanted - arrived), sorted(arrived - wanted)
    if missing:
        return wrong(f"{missing[0]} did not arrive within {SECONDS} s; look at the FilterPolicy")
    if surplus:
        return wrong(
            f"{surplus[0]} arrived as well; every name in a policy must "
            "match (set_subscription_attributes changes it)"
        )
    return right("of four messages only the failed mark arrived")


def _attribute(value) -> dict:
    kind = "String" if isinstance(value, str) else "Number"
    return {"DataType": kind, "StringValue": str(value)}


def _read_policy(sns, arn: str) -> Verdict:
    attributes = sns.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]
    policy = json.loads(attributes.get("FilterPolicy", "{}"))
    if policy == {"tipo": ["calificacion"], "nota": [{"numeric": ["<", 5]}]}:
        return right("the policy asks for a calificacion with a nota below 5")
    return wrong(f"the policy is {json.dumps(policy)}; it wants tipo and a numeric nota")
