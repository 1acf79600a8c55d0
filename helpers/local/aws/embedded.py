"""The embedded metric format: log events that say which of their fields are metrics.

Source: "Specification: Embedded metric format" of the Amazon CloudWatch User Guide.
"""

from __future__ import annotations

import json
import logging
import time

from helpers.local.aws import metric_rules, metrics
from helpers.local.aws.requests import Refused

MAX_METRICS = 100  # per directive, and values per metric
log = logging.getLogger("emf")


def emit(message: str, event_ms: int) -> None:
    """Store the metrics that `message` declares; a message that is none of this is left alone."""
    if '"_aws"' not in message:
        return
    try:
        document = json.loads(message)
        directives = document["_aws"]["CloudWatchMetrics"]
        stamp = float(document["_aws"].get("Timestamp", event_ms)) / 1000
        for directive in directives:
            _emit_directive(document, directive, stamp)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        # AWS reports such an event in the metric EMFParsingErrors and keeps it as a plain log.
        log.warning("embedded metric format: %s: %s", type(error).__name__, error)


def _emit_directive(document: dict, directive: dict, stamp: float) -> None:
    namespace, now = directive["Namespace"], time.time()
    for metric in directive["Metrics"][:MAX_METRICS]:
        value = document.get(metric["Name"])
        if value is None:
            continue
        values = value if isinstance(value, list) else [value]
        for names in directive.get("Dimensions") or [[]]:
            datum = {
                "MetricName": metric["Name"],
                "Values": values[:MAX_METRICS],
                "Timestamp": stamp,
                "Unit": metric.get("Unit", "None"),
                "StorageResolution": metric.get("StorageResolution", 60),
                "Dimensions": [{"Name": name, "Value": str(document[name])} for name in names],
            }
            try:
                metric_rules.check_datum(datum, metric["Name"], now)
            except Refused as refusal:
                log.warning("embedded metric format: %s", refusal)
                continue
            metrics.store(namespace, datum, now)
