"""CloudWatch metrics: what PutMetricData refuses, exact dimensions, percentiles, metric math.

Sources: "PutMetricData", "MetricDatum", "GetMetricStatistics" and "GetMetricData" of the Amazon
CloudWatch API Reference; "CloudWatch service quotas" and "Using metric math" of the User Guide.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable

from ministack.services import cloudwatch as cw

from helpers.local.aws import formulas, metric_rules
from helpers.local.aws.requests import Refused, answering

SWEEP = 60.0  # seconds; MiniStack would rewrite every series on every request
_swept = 0.0


def install() -> None:
    """Replace MiniStack's PutMetricData, GetMetricStatistics and GetMetricData."""
    evict = cw._evict_old_metrics

    def evict_now_and_then() -> None:
        global _swept
        if time.time() - _swept > SWEEP:
            _swept = time.time()
            evict()

    cw._evict_old_metrics = evict_now_and_then
    cw._put_metric_data = answering("PutMetricData", _put_metric_data, dict)
    cw._get_metric_statistics = answering(
        "GetMetricStatistics", _get_metric_statistics, _each("Datapoints", cw._cbor_datapoint)
    )
    cw._get_metric_data = answering(
        "GetMetricData", _get_metric_data, _each("MetricDataResults", cw._cbor_metric_data_result)
    )


def _each(member: str, encode: Callable[[dict], dict]) -> Callable[[dict], dict]:
    return lambda answer: {**answer, member: [encode(item) for item in answer[member]]}


def _put_metric_data(request: dict) -> dict:
    now = time.time()
    namespace, data = metric_rules.checked_put(request, now)
    for datum in data:
        store(namespace, datum, now)
    return {}


def store(namespace: str, datum: dict, now: float) -> None:
    """Keep one checked MetricDatum (as of PutMetricData)."""
    stamp = cw._parse_ts(datum.get("Timestamp")) or now
    if int(datum.get("StorageResolution", 60)) == 60:
        stamp -= stamp % 60  # a standard metric keeps one-minute resolution only
    counts, statistics = datum.get("Counts"), datum.get("StatisticValues")
    cw._store_datum(
        namespace,
        datum["MetricName"],
        cw._dims_from_list(datum.get("Dimensions") or []),
        stamp,
        datum.get("Unit") or "None",
        datum.get("Value"),
        [float(value) for value in datum["Values"]] if datum.get("Values") else None,
        [float(count) for count in counts] if counts else None,
        {name: float(value) for name, value in statistics.items()} if statistics else None,
    )


def _points(metric: dict) -> list[dict]:
    dimensions = cw._dims_key(cw._dims_from_list(metric.get("Dimensions") or []))
    return cw._metrics.get((metric.get("Namespace"), metric.get("MetricName"), dimensions)) or []


def count_of(metric: dict) -> int:
    """How many points are kept of exactly this metric."""
    return len(_points(metric))


def buckets(
    metric: dict, start: float, end: float, period: int, unit: str | None = None
) -> dict[float, list[dict]]:
    """The points of exactly this metric (all its dimensions, no other) by period, from `start` on.

    `start` and `end` are Unix seconds, `end` excluded; periods are counted from `start`.
    """
    found = defaultdict(list)
    for point in _points(metric):
        stamp = point["Timestamp"]
        if start <= stamp < end and unit in (None, "", point["Unit"]):
            found[start + (stamp - start) // period * period].append(point)
    return dict(sorted(found.items()))


def value_of(points: list[dict], stat: str) -> float | None:
    """The statistic `stat` ("Sum", "p99", ...) of one period's points; None where AWS has none."""
    stats = cw._calc_stats(points)
    return cw._stat_value(stats, stat, points) if stats else None


def _window(request: dict, period: int) -> tuple[float, float]:
    start, end = cw._parse_ts(request.get("StartTime")), cw._parse_ts(request.get("EndTime"))
    if start is None or end is None:
        missing = "StartTime" if start is None else "EndTime"
        raise Refused("MissingParameter", f"The parameter {missing} is required.")
    if start >= end:
        raise Refused(
            "ValidationError", "The parameter StartTime must be less than the parameter EndTime."
        )
    return start - start % period, end


def _get_metric_statistics(request: dict) -> dict:
    period = metric_rules.checked_period(request.get("Period"), "Period")
    plain, extended = request.get("Statistics") or [], request.get("ExtendedStatistics") or []
    if not plain and not extended:
        raise Refused(
            "InvalidParameterCombination",
            "At least one of the parameters Statistics and ExtendedStatistics must be specified.",
        )
    metric_rules.checked_statistics([*plain, *extended])
    start, end = _window(request, period)
    metric_rules.refuse_too_many_datapoints(start, end, period)
    datapoints = []
    for stamp, points in buckets(request, start, end, period, request.get("Unit")).items():
        datapoint = {"Timestamp": cw._ts_iso(stamp), "Unit": points[0]["Unit"]}
        datapoint.update((stat, value_of(points, stat)) for stat in plain)
        percentiles = {stat: value_of(points, stat) for stat in extended}
        if percentiles:
            datapoint["ExtendedStatistics"] = {
                k: v for k, v in percentiles.items() if v is not None
            }
        datapoints.append(datapoint)
    return {"Label": request.get("MetricName"), "Datapoints": datapoints}


def _get_metric_data(request: dict) -> dict:
    queries = request.get("MetricDataQueries") or []
    metric_rules.checked_queries(queries)
    start, end = _window(request, 1)
    newest_first = request.get("ScanBy", "TimestampDescending") == "TimestampDescending"
    results = []
    for result in formulas.evaluate(queries, start, end, aligned=True):
        if not result.returned:
            continue
        stamps = sorted(result.series, reverse=newest_first)
        results.append(
            {
                "Id": result.id,
                "Label": result.label,
                "Timestamps": [cw._ts_iso(stamp) for stamp in stamps],
                "Values": [result.series[stamp] for stamp in stamps],
                "StatusCode": "Complete",
            }
        )
    return {"MetricDataResults": results, "Messages": []}
