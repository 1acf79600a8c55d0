"""Lesson 10: a distribution whose percentiles are right; a filter pattern that is not misled."""

from __future__ import annotations

import json
import math
from datetime import datetime, timedelta

from helpers.exercises import Verdict, blank, exercise, right, wrong

TOLERANCE = 0.03  # of the true percentile
TASK_1 = "publish waits as the metric 'exercise' with the dimension run=turn and the time minute"
TASK_2 = "pattern_at_night = '{ ... }', a pattern for JSON"
ASKED = {"count": "SampleCount", "p50": "p50", "p90": "p90", "p99": "p99"}

# Log events that mislead a pattern which looks at words, at one field, or binds && and || wrongly.
DECOYS = [
    {"level": "INFO", "service": "portal-web", "code": 500, "message": "ERROR page rendered"},
    {"level": "WARN", "service": "actas", "code": 503, "message": "CRITICAL disk? no, a warning"},
    {"level": "ERROR", "service": "entregas", "code": 413, "message": "file of 500 MB refused"},
    {"level": "CRITICAL", "service": "correo-salida", "code": 404, "message": "no template 503"},
]
WANTED = [
    {"level": "ERROR", "service": "portal-web", "code": 500, "message": "internal"},
    {"level": "CRITICAL", "service": "bd-central", "code": 503, "message": "pool exhausted"},
]


@exercise("10.1")
def percentiles(run, *, cloudwatch, namespace: str, when: datetime, waits: list[float]) -> Verdict:
    """Ask CloudWatch for count and percentiles of exactly this metric; compare with `waits`."""
    if run is None or run is ...:
        return blank(TASK_1)
    found = _asked(cloudwatch, namespace, str(run), when)
    if not found["count"]:
        return blank(f"{TASK_1} (nothing has arrived there so far)")
    if found["count"] != len(waits):
        return wrong(
            f"CloudWatch has {found['count']:.0f} values, not {len(waits)}: each value counts as "
            "often as it came (Counts), and a rerun needs a new run"
        )
    truth = {name: _percentile(waits, int(name[1:])) for name in ASKED if name != "count"}
    if any(found[name] is None for name in truth):
        return wrong("CloudWatch has no percentiles of it; which form of data point keeps values?")
    off = [name for name in truth if abs(found[name] / truth[name] - 1) > TOLERANCE]
    if off:
        told = ", ".join(f"{name} {found[name]:.0f} ms, not {truth[name]:.0f}" for name in off)
        return wrong(f"{told}; what took the exact waits away, rounding or averaging?")
    told = ", ".join(f"{name} {found[name]:.0f} ms" for name in truth)
    return right(f"{len(waits)} values; {told}, each within {TOLERANCE:.0%} of the truth")


def _asked(cloudwatch, namespace: str, run: str, when: datetime) -> dict[str, float | None]:
    metric = {
        "Namespace": namespace,
        "MetricName": "exercise",
        "Dimensions": [{"Name": "run", "Value": run}],
    }
    queries = [
        {"Id": name, "MetricStat": {"Metric": metric, "Period": 60, "Stat": stat}}
        for name, stat in ASKED.items()
    ]
    results = cloudwatch.get_metric_data(
        MetricDataQueries=queries, StartTime=when, EndTime=when + timedelta(minutes=1)
    )["MetricDataResults"]
    return {result["Id"]: next(iter(result["Values"]), None) for result in results}


def _percentile(values: list[float], percent: int) -> float:
    """The nearest-rank percentile: the value that `percent` of 100 values do not exceed."""
    return sorted(values)[math.ceil(len(values) * percent / 100) - 1]


@exercise("10.2")
def serious_at_night(pattern, *, logs, group: str, streams: list[str]) -> Verdict:
    """Run the pattern over misleading log events and over the live group."""
    if pattern is None or pattern is ...:
        return blank(TASK_2)
    try:
        missed, misled = _tried(logs, pattern)
    except logs.exceptions.InvalidParameterException as error:
        return wrong(f"AWS refuses the pattern: {error.response['Error']['Message']}")
    if misled:
        return wrong(f"it also matches {json.dumps(misled[0])}")
    if missed:
        return wrong(f"it does not match {json.dumps(missed[0])}")
    everything = _found(logs, group, streams, "")
    hits = _found(logs, group, streams, pattern)
    serious = [one for one in everything if one["level"] != "WARN" and one["code"] >= 500]
    if _places(hits) != _places(serious):
        return wrong(f"in {group} it finds {len(hits)} log events, and {len(serious)} are serious")
    return right(f"it finds the {len(hits)} serious ones of {len(everything)} errors and no decoy")


def _tried(logs, pattern: str) -> tuple[list[dict], list[dict]]:
    """(wanted events that the pattern misses, decoys that it matches)."""
    events = WANTED + DECOYS
    matches = logs.test_metric_filter(
        filterPattern=pattern, logEventMessages=[json.dumps(event) for event in events]
    )["matches"]
    hit = {match["eventNumber"] - 1 for match in matches}
    missed = [event for number, event in enumerate(WANTED) if number not in hit]
    return missed, [e for number, e in enumerate(DECOYS, len(WANTED)) if number in hit]


def _found(logs, group: str, streams: list[str], pattern: str) -> list[dict]:
    pages = logs.get_paginator("filter_log_events").paginate(
        logGroupName=group, logStreamNames=streams, filterPattern=pattern
    )
    return [json.loads(event["message"]) for page in pages for event in page["events"]]


def _places(found: list[dict]) -> set[tuple[int, int]]:
    return {(one["partition"], one["offset"]) for one in found}
