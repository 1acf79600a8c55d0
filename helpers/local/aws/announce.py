"""What a change of an alarm's state sets off: history, SNS messages, an EventBridge event.

Sources: "Notifying users on alarm changes" and "Alarm events and EventBridge" of the Amazon
CloudWatch User Guide, "DescribeAlarmHistory" of its API Reference.
"""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime

from ministack.core import iam_evaluator
from ministack.core.responses import get_account_id, get_region, new_uuid
from ministack.services import cloudwatch as cw
from ministack.services import sns

NAMES = {
    "us-east-1": "US East (N. Virginia)",
    "us-east-2": "US East (Ohio)",
    "us-west-2": "US West (Oregon)",
    "eu-west-1": "EU (Ireland)",
    "eu-central-1": "EU (Frankfurt)",
    "eu-south-2": "Europe (Spain)",
    "sa-east-1": "South America (Sao Paulo)",
}
FIELDS = {
    "ALARM": "AlarmActions",
    "OK": "OKActions",
    "INSUFFICIENT_DATA": "InsufficientDataActions",
}


def install() -> None:
    """Take over MiniStack's alarm history and alarm actions."""
    record = cw._record_history

    def record_history(name, old, new, reason, alarm_type="MetricAlarm", reason_data=None):
        record(name, old, new, reason, alarm_type, reason_data)
        entry = cw._history_entries()[-1]
        entry["Timestamp"] = _iso(time.time())
        if old == new:  # MiniStack's way of noting a new alarm
            entry["HistoryItemType"] = "ConfigurationUpdate"
            entry["HistorySummary"] = f'Alarm "{name}" created'

    cw._record_history = record_history
    cw._dispatch_alarm_actions = act


def _iso(now: float) -> str:
    return datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def stamp(now: float) -> str:
    """Unix seconds in the form that CloudWatch's messages use."""
    moment = datetime.fromtimestamp(now, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}+0000"


def act(alarm: dict, old: str, new: str, reason: str) -> None:
    """Tell the SNS topics of the new state, and EventBridge."""
    _emit_event(alarm, old, new, reason)
    if not alarm.get("ActionsEnabled", True):
        return
    region = NAMES.get(get_region(), get_region())
    subject = f'{new}: "{alarm["AlarmName"]}" in {region}'[:100]
    default = json.dumps(_message(alarm, old, new, reason, region))
    message = json.dumps(
        {"default": default, "email": _letter(alarm, old, new, reason, region), "sms": subject}
    )
    for action in alarm.get(FIELDS[new]) or []:
        if action.split(":")[2:3] != ["sns"]:
            continue
        reached = cw._is_sns_action_arn(action) and _may_publish(action, alarm["AlarmArn"])
        if reached:
            sns._fanout(action, new_uuid(), message, subject, "json")
        verb = "Successfully executed" if reached else "Failed to execute"
        _note(alarm, f"{verb} action {action}")


def _may_publish(topic: str, alarm_arn: str) -> bool:
    """Whether the topic is there and its policy lets the service CloudWatch publish to it."""
    iam_evaluator.pin_request_origin("127.0.0.1", True)  # services come by TLS
    account = get_account_id()
    return sns.topic_policy_allows(topic, "cloudwatch.amazonaws.com", alarm_arn, account)


def _note(alarm: dict, summary: str) -> None:
    entry = {
        "AlarmName": alarm["AlarmName"],
        "AlarmType": "CompositeAlarm" if "AlarmRule" in alarm else "MetricAlarm",
        "Timestamp": _iso(time.time()),
        "HistoryItemType": "Action",
        "HistorySummary": summary,
        "HistoryData": json.dumps({"actionState": summary.split()[0]}),
    }
    cw._history_entries().append(entry)


def _trigger(alarm: dict) -> dict:
    common = {
        name: alarm.get(name)
        for name in ("Period", "EvaluationPeriods", "DatapointsToAlarm", "ComparisonOperator")
    } | {"Threshold": alarm.get("Threshold"), "TreatMissingData": alarm.get("TreatMissingData")}
    if alarm.get("Metrics"):
        return {"Metrics": alarm["Metrics"], **common}
    percentile = alarm.get("ExtendedStatistic")
    dimensions = alarm.get("Dimensions") or []
    statistic = (alarm.get("Statistic") or "").upper().replace("SAMPLECOUNT", "SAMPLE_COUNT")
    return {
        "MetricName": alarm.get("MetricName"),
        "Namespace": alarm.get("Namespace"),
        "StatisticType": "ExtendedStatistic" if percentile else "Statistic",
        **({"ExtendedStatistic": percentile} if percentile else {"Statistic": statistic}),
        "Unit": alarm.get("Unit"),
        "Dimensions": [{"value": d["Value"], "name": d["Name"]} for d in dimensions],
        **common,
    }


def _message(alarm: dict, old: str, new: str, reason: str, region: str) -> dict:
    actions = {name: alarm.get(name) or [] for name in FIELDS.values()}
    rule = {"AlarmRule": alarm["AlarmRule"]} if "AlarmRule" in alarm else {}
    return {
        "AlarmName": alarm["AlarmName"],
        "AlarmDescription": alarm.get("AlarmDescription") or None,
        "AWSAccountId": get_account_id(),
        "NewStateValue": new,
        "NewStateReason": reason,
        "StateChangeTime": stamp(time.time()),
        "Region": region,
        "AlarmArn": alarm["AlarmArn"],
        "OldStateValue": old,
        **actions,
        **(rule or {"Trigger": _trigger(alarm)}),
    }


def _letter(alarm: dict, old: str, new: str, reason: str, region: str) -> str:
    moment = datetime.now(UTC)
    lines = [
        f'You are receiving this email because your Amazon CloudWatch Alarm "{alarm["AlarmName"]}" '
        f'in the {region} region has entered the {new} state, because "{reason}" at '
        f'"{moment:%A %d %B, %Y %H:%M:%S} UTC".',
        "",
        "Alarm Details:",
        f"- Name: {alarm['AlarmName']}",
        f"- Description: {alarm.get('AlarmDescription') or ''}",
        f"- State Change: {old} -> {new}",
        f"- Reason for State Change: {reason}",
        f"- Timestamp: {moment:%A %d %B, %Y %H:%M:%S} UTC",
        f"- AWS Account: {get_account_id()}",
        f"- Alarm Arn: {alarm['AlarmArn']}",
    ]
    if "Threshold" in alarm:
        lines += [
            "",
            "Threshold:",
            f"- The alarm is in the ALARM state when the metric is {alarm['ComparisonOperator']} "
            f"{float(alarm['Threshold'])} for at least "
            f"{alarm.get('DatapointsToAlarm') or alarm['EvaluationPeriods']} of the last "
            f"{alarm['EvaluationPeriods']} period(s).",
        ]
    if alarm.get("MetricName"):
        dimensions = alarm.get("Dimensions") or []
        shown = ", ".join(f"{d['Name']} = {d['Value']}" for d in dimensions)
        lines += [
            "",
            "Monitored Metric:",
            f"- MetricNamespace: {alarm['Namespace']}",
            f"- MetricName: {alarm['MetricName']}",
            f"- Dimensions: [{shown}]",
            f"- Period: {alarm['Period']} seconds",
            f"- Statistic: {alarm.get('ExtendedStatistic') or alarm.get('Statistic')}",
        ]
    return "\n".join(lines)


def _emit_event(alarm: dict, old: str, new: str, reason: str) -> None:
    from ministack.services import eventbridge  # loaded by the server anyway, but after us

    detail = {
        "alarmName": alarm["AlarmName"],
        "state": {"value": new, "reason": reason, "timestamp": stamp(time.time())},
        "previousState": {"value": old},
        "configuration": {"description": alarm.get("AlarmDescription") or ""},
    }
    entry = {
        "Source": "aws.cloudwatch",
        "DetailType": "CloudWatch Alarm State Change",
        "Detail": json.dumps(detail),
        "Resources": [alarm["AlarmArn"]],
    }
    eventbridge._put_events({"Entries": [entry]}, allow_aws_source=True)
