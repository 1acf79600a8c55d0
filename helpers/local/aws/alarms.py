"""CloudWatch alarms: evaluated by the clock, as AWS does, not when somebody puts a metric.

Sources: "Alarm evaluation" and "Configuring how CloudWatch alarms treat missing data" of the
Amazon CloudWatch User Guide.
"""

from __future__ import annotations

import json
import logging
import time
from datetime import UTC, datetime

from ministack.core.responses import request_scope
from ministack.services import cloudwatch as cw

from helpers.local.aws import alarm_rules, announce, formulas, metrics
from helpers.local.aws.requests import Refused, checked, error, request_of

EXTRA = 2  # periods beyond EvaluationPeriods that an evaluation looks back ("evaluation range")
log = logging.getLogger("alarms")
_evaluated: dict[str, tuple] = {}  # by ARN: the moment and the data last evaluated


def install() -> None:
    """Check alarms, keep their Metrics, take over evaluation, history and actions."""
    put = cw._put_metric_alarm
    store = cw.cloudformation_put_metric_alarm

    def put_metric_alarm(params, body, is_cbor, is_json=False):
        request = request_of(params, body, is_cbor, is_json)
        try:
            alarm_rules.check_alarm(request)
        except Refused as refusal:
            return error(refusal, is_cbor, is_json)
        response = put(params, body, is_cbor, is_json)
        if response[0] == 200:
            _complete(cw._alarms[request["AlarmName"]], request)
        return response

    def put_from_template(alarm: dict) -> None:
        # The template's record always has a Statistic, even beside an ExtendedStatistic.
        statistic = None if alarm.get("ExtendedStatistic") else alarm.get("Statistic")
        alarm_rules.check_alarm({**alarm, "Statistic": statistic})
        store(alarm)
        _complete(alarm, {**alarm, "Statistic": statistic})

    cw._put_metric_alarm = put_metric_alarm
    cw.cloudformation_put_metric_alarm = put_from_template
    cw._set_alarm_state = checked(cw._set_alarm_state, alarm_rules.check_state)
    cw._evaluate_alarm = lambda alarm: None  # the clock does it, once the alarm is stored whole
    cw._evaluate_all_alarms = lambda: None
    announce.install()


def _complete(alarm: dict, request: dict) -> None:
    _evaluated.pop(alarm["AlarmArn"], None)
    if request.get("Metrics"):
        alarm["Metrics"] = request["Metrics"]
        for name in ("Statistic", "Period", "MetricName", "Namespace"):
            alarm.pop(name, None)
    elif request.get("ExtendedStatistic"):
        alarm.pop("Statistic", None)


def evaluate_all() -> None:
    """Evaluate every alarm of every account and region at the present moment."""
    now = time.time()
    for (account, region, name), alarm in cw._alarms.all_items():
        try:
            with request_scope(account, region):
                evaluate(alarm, now)
        except Exception:  # one bad alarm must not keep the others from being evaluated
            log.exception("could not evaluate the alarm %s", name)


def evaluate(alarm: dict, now: float) -> None:
    """Bring `alarm` to the state that its metric asks for at `now` (Unix seconds)."""
    period = _period(alarm)
    step = 10 if period < 60 else 60  # how often AWS evaluates such an alarm
    end = now - now % step
    basis = (end, _points_known(alarm))
    if _evaluated.get(alarm["AlarmArn"]) == basis:
        return
    _evaluated[alarm["AlarmArn"]] = basis
    count = int(alarm["EvaluationPeriods"])
    start = end - (count + EXTRA) * period
    values = _values(alarm, start, end, period)
    # Newest first: (start of the period, value or None).
    stamps = [end - (i + 1) * period for i in range(count + EXTRA)]
    points = [(stamp, values.get(stamp)) for stamp in stamps]
    state = decide(
        [None if value is None else breaches(alarm, value) for _, value in points],
        count,
        int(alarm.get("DatapointsToAlarm") or count),
        alarm.get("TreatMissingData") or "missing",
        alarm["StateValue"],
    )
    if state != alarm["StateValue"]:
        _change(alarm, state, points[:count], now)


def _points_known(alarm: dict) -> int:
    """How many points the alarm's metrics have: late data is worth another evaluation."""
    stats = [query["MetricStat"] for query in alarm.get("Metrics") or [] if query.get("MetricStat")]
    return sum(metrics.count_of(metric) for metric in [s["Metric"] for s in stats] or [alarm])


def _period(alarm: dict) -> int:
    if alarm.get("Metrics"):
        return max(int(q["MetricStat"]["Period"]) for q in alarm["Metrics"] if q.get("MetricStat"))
    return int(alarm["Period"])


def _values(alarm: dict, start: float, end: float, period: int) -> dict[float, float]:
    if alarm.get("Metrics"):
        try:
            results = formulas.evaluate(alarm["Metrics"], start, end)
        except Refused:
            return {}  # a formula that fails gives no data, as on AWS
        return next((result.series for result in results if result.returned), {})
    found = metrics.buckets(alarm, start, end, period, alarm.get("Unit"))
    stat = alarm.get("ExtendedStatistic") or alarm["Statistic"]
    values = {stamp: metrics.value_of(points, stat) for stamp, points in found.items()}
    return {stamp: value for stamp, value in values.items() if value is not None}


def breaches(alarm: dict, value: float) -> bool:
    """Whether `value` violates the alarm's threshold."""
    threshold = float(alarm["Threshold"])
    return {
        "GreaterThanOrEqualToThreshold": value >= threshold,
        "GreaterThanThreshold": value > threshold,
        "LessThanThreshold": value < threshold,
        "LessThanOrEqualToThreshold": value <= threshold,
    }[alarm["ComparisonOperator"]]


def decide(
    newest_first: list[bool | None], periods: int, needed: int, treatment: str, current: str
) -> str:
    """The alarm state for an evaluation range.

    `newest_first`: per period whether it breached, None where there is no data. `periods` is
    EvaluationPeriods, `needed` DatapointsToAlarm. Follows the two tables and the section on
    premature transitions in "Configuring how CloudWatch alarms treat missing data".
    """
    real = [breach for breach in newest_first if breach is not None]
    if len(real) >= periods:
        return "ALARM" if sum(real[:periods]) >= needed else "OK"
    breaching, to_fill = sum(real), periods - len(real)
    if treatment == "breaching":
        return "ALARM" if breaching + to_fill >= needed else "OK"
    if breaching >= needed:
        return "ALARM"
    if treatment == "notBreaching":
        return "OK"
    if real and not all(real):
        return "OK"
    if treatment == "ignore":
        return current
    if not real:
        return "INSUFFICIENT_DATA"
    age = max(i for i, breach in enumerate(newest_first, 1) if breach is not None)
    return "ALARM" if age >= needed else "OK"


def _change(alarm: dict, state: str, points: list, now: float) -> None:
    old, alarm["StateValue"] = alarm["StateValue"], state
    alarm["StateReason"] = _reason(alarm, old, state, points)
    alarm["StateReasonData"] = json.dumps(_reason_data(alarm, points, now))
    alarm["StateUpdatedTimestamp"] = alarm["StateTransitionedTimestamp"] = round(now, 3)
    data = json.loads(alarm["StateReasonData"])
    cw._record_history(alarm["AlarmName"], old, state, alarm["StateReason"], reason_data=data)
    cw._dispatch_alarm_actions(alarm, old, state, alarm["StateReason"])
    cw._evaluate_parent_alarms(alarm)


def _reason(alarm: dict, old: str, state: str, points: list) -> str:
    real = [(stamp, value) for stamp, value in points if value is not None]
    missing = len(points) - len(real)
    plural = "s were" if missing > 1 else " was"
    if state == "INSUFFICIENT_DATA":
        return f"Insufficient Data: {missing} datapoint{plural} unknown."
    if not real:
        treated = {"breaching": "Breaching", "notBreaching": "NonBreaching"}
        shown = treated.get(alarm.get("TreatMissingData") or "missing", "Missing")
        return (
            f"Threshold Crossed: no datapoints were received for {missing} "
            f"period{'s' if missing > 1 else ''} and {missing} missing datapoint{plural} treated "
            f"as [{shown}]."
        )
    wanted = state == "ALARM"
    telling = [(s, v) for s, v in real if breaches(alarm, v) == wanted] or real
    listed = ", ".join(f"{value} ({_short(stamp)})" for stamp, value in telling)
    operator = alarm_rules.OPERATORS[alarm["ComparisonOperator"]]
    verb = ("was" if len(telling) == 1 else "were") + ("" if wanted else " not")
    needed = alarm.get("DatapointsToAlarm") or alarm["EvaluationPeriods"]
    if not wanted:
        needed = int(alarm["EvaluationPeriods"]) - int(needed) + 1
    return (
        f"Threshold Crossed: {len(telling)} out of the last {len(points)} datapoints [{listed}] "
        f"{verb} {operator} the threshold ({float(alarm['Threshold'])}) (minimum {needed} "
        f"datapoint{'s' if int(needed) > 1 else ''} for {old} -> {state} transition)."
    )


def _short(stamp: float) -> str:
    return datetime.fromtimestamp(stamp, UTC).strftime("%d/%m/%y %H:%M:%S")


def _reason_data(alarm: dict, points: list, now: float) -> dict:
    real = [(stamp, value) for stamp, value in points if value is not None]
    return {
        "version": "1.0",
        "queryDate": announce.stamp(now),
        "startDate": announce.stamp(points[-1][0]),
        "period": _period(alarm),
        "recentDatapoints": [value for _, value in reversed(real)],
        "threshold": float(alarm["Threshold"]),
        "evaluatedDatapoints": [{"timestamp": announce.stamp(s), "value": v} for s, v in real],
    }
