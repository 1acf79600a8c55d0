"""What PutMetricAlarm refuses, with AWS's error codes.

Source: "PutMetricAlarm" of the Amazon CloudWatch API Reference.
"""

from __future__ import annotations

from helpers.local.aws import metric_rules
from helpers.local.aws.requests import Refused

OPERATORS = {
    "GreaterThanOrEqualToThreshold": "greater than or equal to",
    "GreaterThanThreshold": "greater than",
    "LessThanThreshold": "less than",
    "LessThanOrEqualToThreshold": "less than or equal to",
}
BANDS = {
    "LessThanLowerOrGreaterThanUpperThreshold",
    "LessThanLowerThreshold",
    "GreaterThanUpperThreshold",
}
MISSING = {"breaching", "notBreaching", "ignore", "missing"}
STATES = {"OK", "ALARM", "INSUFFICIENT_DATA"}
DAY = 86400  # seconds


def _invalid(message: str) -> Refused:
    return Refused("ValidationError", message)


def _not_in(value: object, member: str, allowed: set[str]) -> Refused:
    return _invalid(
        f"1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: "
        f"Member must satisfy enum value set: [{', '.join(sorted(allowed))}]"
    )


def check_alarm(request: dict) -> None:
    """Raise `Refused` for a PutMetricAlarm request that AWS would refuse."""
    operator = request.get("ComparisonOperator")
    if operator not in OPERATORS and operator not in BANDS:
        raise _not_in(operator, "comparisonOperator", {*OPERATORS, *BANDS})
    if operator in BANDS or request.get("ThresholdMetricId"):
        raise _invalid("Anomaly detection (ThresholdMetricId) is not in the local stand-in.")
    if request.get("Threshold") in (None, ""):
        raise _invalid("The parameter Threshold is required.")
    treatment = request.get("TreatMissingData") or "missing"
    if treatment not in MISSING:
        raise _invalid(f"TreatMissingData must be one of {', '.join(sorted(MISSING))}.")
    for name in ("AlarmActions", "OKActions", "InsufficientDataActions"):
        if len(request.get(name) or []) > 5:
            raise _invalid(f"The collection {name} must not have a size greater than 5.")
    evaluated = int(request.get("EvaluationPeriods") or 0)
    if evaluated < 1:
        raise _invalid("EvaluationPeriods must be greater than or equal to 1.")
    if int(request.get("DatapointsToAlarm") or 1) > evaluated:
        raise _invalid("DatapointsToAlarm must be less than or equal to EvaluationPeriods.")
    check = _check_metrics if request.get("Metrics") else _check_metric
    _check_span(check(request), evaluated)


def _check_metric(request: dict) -> int:
    for name in ("MetricName", "Namespace", "Period"):
        if not request.get(name):
            raise _invalid(f"The parameter {name} is required for an alarm on a metric.")
    statistic, extended = request.get("Statistic"), request.get("ExtendedStatistic")
    if bool(statistic) == bool(extended):
        raise _invalid("Exactly one of Statistic and ExtendedStatistic must be specified.")
    if statistic and statistic not in metric_rules.STATISTICS:
        raise _not_in(statistic, "statistic", metric_rules.STATISTICS)
    if extended and not metric_rules.PERCENTILE.fullmatch(extended):
        raise _invalid(f"The value {extended} for parameter ExtendedStatistic is invalid.")
    if len(request.get("Dimensions") or []) > metric_rules.MAX_DIMENSIONS:
        raise _invalid("The collection Dimensions must not have a size greater than 30.")
    return _checked_period(int(request["Period"]))


def _check_metrics(request: dict) -> int:
    for name in ("MetricName", "Namespace", "Statistic", "ExtendedStatistic", "Period"):
        if request.get(name):
            raise _invalid(f"The parameters Metrics and {name} are mutually exclusive.")
    queries = request["Metrics"]
    metric_rules.checked_queries(queries)
    returned = [q for q in queries if str(q.get("ReturnData", True)).lower() == "true"]
    if len(returned) != 1:
        raise _invalid("Exactly one element of the metrics list should return data.")
    periods = {int(q["MetricStat"]["Period"]) for q in queries if q.get("MetricStat")}
    if not periods:
        raise _invalid("The metrics list needs at least one metric.")
    return _checked_period(max(periods))


def _checked_period(period: int) -> int:
    if period not in (10, 20, 30) and (period < 60 or period % 60):
        raise _invalid("Period must be 10, 20, 30 or a multiple of 60")
    return period


def _check_span(period: int, evaluated: int) -> None:
    if period < 3600 and period * evaluated > DAY:
        raise _invalid(
            "Metrics cannot be checked across more than a day (EvaluationPeriods * Period must be "
            "<= 86400) for alarms using period < 3600"
        )
    if period * evaluated > 7 * DAY:
        raise _invalid(
            "Metrics cannot be checked across more than a week (EvaluationPeriods * Period must be "
            "<= 604800) for alarms using period >= 3600"
        )


def check_state(request: dict) -> None:
    """Raise `Refused` for a SetAlarmState request that AWS would refuse."""
    if request.get("StateValue") not in STATES:
        raise _not_in(request.get("StateValue"), "stateValue", STATES)
