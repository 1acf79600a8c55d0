"""CloudWatch Logs: what PutLogEvents refuses, filter patterns, metric filters, embedded metrics.

Sources: "PutLogEvents", "PutMetricFilter" and "FilterLogEvents" of the Amazon CloudWatch Logs API
Reference; "Creating metrics from log events using filters" of its User Guide.
"""

from __future__ import annotations

import itertools
import json
import logging
import re
import time

from ministack.core.responses import error_response_json, json_response
from ministack.services import cloudwatch_logs as logs

from helpers.local.aws import embedded, insights, metric_rules, metrics, patterns
from helpers.local.aws.requests import Refused

MAX_EVENTS, MAX_BYTES, OVERHEAD = 10_000, 1_048_576, 26  # bytes; overhead per event
DAY = 86_400_000  # milliseconds
TOO_OLD, TOO_NEW, SPAN = 14 * DAY, 2 * 3_600_000, DAY
_defaults_sent: dict[tuple, float] = {}  # per filter, the last minute that got its default value
log = logging.getLogger("logs")


def install() -> None:
    """Wrap MiniStack's CloudWatch Logs."""
    logs._put_log_events = _put_log_events(logs._put_log_events)
    logs._put_metric_filter = _put_metric_filter(logs._put_metric_filter)
    logs._filter_log_events = _filter_log_events(logs._filter_log_events)
    logs._compile_filter_pattern = lambda raw: lambda text: patterns.compiled(raw)(text) is not None
    logs._subscription_pattern_matches = lambda pattern, text: (
        patterns.compiled(pattern or "")(text) is not None
    )
    logs.handle_request = _with_test_metric_filter(logs.handle_request)
    insights.install()


def _refuse(message: str):
    return error_response_json("InvalidParameterException", message, 400)


def _fault_of_batch(events: list[dict]) -> str | None:
    if not events:
        return (
            "1 validation error detected: Value '[]' at 'logEvents' failed to satisfy constraint: "
            "Member must have length greater than or equal to 1"
        )
    if len(events) > MAX_EVENTS:
        return (
            f"1 validation error detected: Value of {len(events)} events at 'logEvents' failed to "
            f"satisfy constraint: Member must have length less than or equal to {MAX_EVENTS}"
        )
    stamps = [event["timestamp"] for event in events]
    if any(later < earlier for earlier, later in itertools.pairwise(stamps)):
        return "Log events in a single PutLogEvents request must be in chronological order."
    if stamps[-1] - stamps[0] > SPAN:
        return (
            "The batch of log events in a single PutLogEvents request cannot span more than 24 "
            "hours."
        )
    size = sum(len(event["message"].encode()) + OVERHEAD for event in events)
    if size > MAX_BYTES:
        return f"Upload too large: {size} bytes exceeds limit of {MAX_BYTES}"
    return None


def _accepted(events: list[dict], retention_days: int | None) -> tuple[list[dict], dict]:
    """The events that are kept, and AWS's rejectedLogEventsInfo about the others."""
    now = time.time() * 1000
    old = sum(event["timestamp"] < now - TOO_OLD for event in events)
    kept_from = now - (retention_days or 10_000_000) * DAY
    expired = sum(event["timestamp"] < kept_from for event in events)
    new = sum(event["timestamp"] > now + TOO_NEW for event in events)
    info = {}
    if old:
        info["tooOldLogEventEndIndex"] = old  # exclusive
    if expired:
        info["expiredLogEventEndIndex"] = expired  # exclusive
    if new:
        info["tooNewLogEventStartIndex"] = len(events) - new  # inclusive
    return events[max(old, expired) : len(events) - new], info


def _put_log_events(original):
    def put_log_events(data):
        group = logs._log_groups.get(data.get("logGroupName"))
        if group is None or data.get("logStreamName") not in group["streams"]:
            return original(data)
        events = data.get("logEvents") or []
        if fault := _fault_of_batch(events):
            return _refuse(fault)
        kept, info = _accepted(events, group.get("retentionInDays"))
        status, headers, body = original({**data, "logEvents": kept})
        if status == 200:
            _emit(data["logGroupName"], kept)
            if info:
                answer = {**json.loads(body), "rejectedLogEventsInfo": info}
                body = json.dumps(answer).encode()
        return status, headers, body

    return put_log_events


def _emit(group: str, events: list[dict]) -> None:
    """Turn kept events into metrics, as metric filters and the embedded metric format ask."""
    for event in events:
        embedded.emit(event["message"], event["timestamp"])
    for (of_group, name), metric_filter in logs._metric_filters.items():
        if of_group == group:
            _apply(group, name, metric_filter, events)


def _apply(group: str, name: str, metric_filter: dict, events: list[dict]) -> None:
    matcher = patterns.compiled(metric_filter["filterPattern"])
    minutes: dict[float, bool] = {}
    for event in events:
        stamp = event["timestamp"] / 1000
        minute = stamp - stamp % 60
        fields = matcher(event["message"])
        minutes[minute] = minutes.get(minute, False) or fields is not None
        if fields is not None:
            for transformation in metric_filter["metricTransformations"]:
                _record(transformation, fields, stamp)
    for transformation in metric_filter["metricTransformations"]:
        default = transformation.get("defaultValue")
        if default is None:
            continue
        for minute, matched in minutes.items():
            key = (metric_filter["creationTime"], group, name, transformation["metricName"])
            if not matched and _defaults_sent.get(key) != minute:
                _defaults_sent[key] = minute
                _store(transformation, float(default), minute, {})


def _record(transformation: dict, fields: dict, stamp: float) -> None:
    value = str(transformation["metricValue"])
    found = patterns.select(fields, value) if value.startswith("$") else value
    try:
        number = float(found)
    except (TypeError, ValueError):
        return  # no number there: AWS emits nothing
    if isinstance(found, bool):
        return
    dimensions = {}
    for key, selector in (transformation.get("dimensions") or {}).items():
        chosen = patterns.select(fields, selector)
        if chosen is None:
            return  # an event without the dimension's field gives no metric
        dimensions[key] = str(chosen)
    _store(transformation, number, stamp, dimensions)


def _store(transformation: dict, number: float, stamp: float, dimensions: dict) -> None:
    datum = {
        "MetricName": transformation["metricName"],
        "Value": number,
        "Timestamp": stamp,
        "Unit": transformation.get("unit") or "None",
        "Dimensions": [{"Name": name, "Value": value} for name, value in dimensions.items()],
    }
    now = time.time()
    try:
        metric_rules.check_datum(datum, "metricTransformations", now)
    except Refused as refusal:
        log.warning("metric filter: %s", refusal)
        return
    metrics.store(transformation["metricNamespace"], datum, now)


def _fault_of_filter(data: dict) -> str | None:
    try:
        patterns.compiled(data.get("filterPattern") or "")
    except patterns.BadPattern as error:
        return f"Invalid metric filter pattern: {error}"
    transformations = data.get("metricTransformations") or []
    if len(transformations) != 1:
        return "A metric filter has exactly one metric transformation."
    transformation = transformations[0]
    for name in ("metricName", "metricNamespace", "metricValue"):
        if not transformation.get(name):
            return f"metricTransformations.1.member.{name} is required."
    if transformation["metricNamespace"].startswith("AWS/"):
        return "The metric namespace must not start with AWS/."
    if transformation.get("dimensions"):
        if transformation.get("defaultValue") is not None:
            return "Invalid metric transformation: both dimensions and a default value."
        if len(transformation["dimensions"]) > 3:
            return "A metric filter has at most 3 dimensions."
    value = str(transformation["metricValue"])
    if not value.startswith("$") and not re.fullmatch(r"[-+]?\d+(\.\d*)?([eE][-+]?\d+)?", value):
        return f"Invalid metric transformation: {value} is neither a number nor a selector."
    return None


def _put_metric_filter(original):
    def put_metric_filter(data):
        fault = _fault_of_filter(data)
        return _refuse(fault) if fault else original(data)

    return put_metric_filter


def _filter_log_events(original):
    def filter_log_events(data):
        try:
            patterns.compiled(data.get("filterPattern") or "")
        except patterns.BadPattern as error:
            return _refuse(f"Invalid filter pattern: {error}")
        return original(data)

    return filter_log_events


def _with_test_metric_filter(original):
    """TestMetricFilter, which MiniStack lacks: what a pattern makes of sample messages."""

    async def handle_request(method, path, headers, body, query_params):
        if not headers.get("x-amz-target", "").endswith(".TestMetricFilter"):
            return await original(method, path, headers, body, query_params)
        data = json.loads(body)
        try:
            matcher = patterns.compiled(data.get("filterPattern") or "")
        except patterns.BadPattern as error:
            return _refuse(f"Invalid metric filter pattern: {error}")
        found = [
            {"eventNumber": i, "eventMessage": message, "extractedValues": _extracted(fields)}
            for i, message in enumerate(data.get("logEventMessages") or [], 1)
            if (fields := matcher(message)) is not None
        ]
        return json_response({"matches": found})

    return handle_request


def _extracted(fields: dict) -> dict[str, str]:
    return {f"${name}": str(value) for name, value in fields.items() if name != "$"}
