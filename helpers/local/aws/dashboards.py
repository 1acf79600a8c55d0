"""CloudWatch dashboards: a body that AWS would refuse is refused, from boto3 and CloudFormation.

Source: "Dashboard body structure and syntax" and "PutDashboard" of the Amazon CloudWatch API
Reference.
"""

from __future__ import annotations

import json

from ministack.services import cloudwatch as cw

from helpers.local.aws.requests import Refused, checked

TYPES = {"metric", "text", "log", "alarm", "explorer", "custom"}
VIEWS = {"timeSeries", "singleValue", "gauge", "bar", "pie", "table"}
GRID = {"x": (0, 23), "y": (0, None), "width": (1, 24), "height": (1, 1000)}
MAX_WIDGETS = 500


def install() -> None:
    """Check bodies before MiniStack stores them."""
    store = cw.cloudformation_put_dashboard

    def put_dashboard(name: str, body: str) -> str:
        check(body)
        return store(name, body)

    cw.cloudformation_put_dashboard = put_dashboard
    cw._put_dashboard = checked(cw._put_dashboard, lambda request: None)  # reports the refusal


def check(body: str) -> None:
    """Raise `Refused` with AWS's code unless `body` is a dashboard that CloudWatch would take."""
    faults = list(_faults(body))
    if faults:
        raise Refused(
            "InvalidParameterInput", f"The dashboard body is invalid: {'; '.join(faults)}"
        )


def _faults(body: str):
    try:
        dashboard = json.loads(body)
    except ValueError:
        yield "The body is not valid JSON"
        return
    widgets = dashboard.get("widgets") if isinstance(dashboard, dict) else None
    if not isinstance(widgets, list):
        yield "Should have required property 'widgets', a list"
        return
    if len(widgets) > MAX_WIDGETS:
        yield f"More than {MAX_WIDGETS} widgets"
    for index, widget in enumerate(widgets):
        at = f"/widgets/{index}"
        properties = widget.get("properties") if isinstance(widget, dict) else None
        if not isinstance(properties, dict):
            yield f"{at} should have required property 'properties', an object"
        elif widget.get("type") not in TYPES:
            yield f"{at}/type should be one of {', '.join(sorted(TYPES))}"
        else:
            yield from _grid_faults(at, widget)
            yield from _property_faults(f"{at}/properties", widget["type"], properties)


def _grid_faults(at: str, widget: dict):
    for name, (low, high) in GRID.items():
        value = widget.get(name)
        if value is not None and (type(value) is not int or value < low or (high and value > high)):
            yield f"{at}/{name} should be a whole number from {low}" + (
                f" to {high}" if high else ""
            )


def _property_faults(at: str, kind: str, properties: dict):
    required = {"text": ["markdown"], "log": ["query", "region"], "alarm": ["alarms"]}
    for name in required.get(kind, []):
        if not properties.get(name):
            yield f"{at} should have required property '{name}'"
    if kind != "metric":
        return
    rows = properties.get("metrics")
    if rows is None and not (properties.get("annotations") or {}).get("alarms"):
        yield f"{at} should have required property 'metrics'"
    if not properties.get("region"):
        yield f"{at} should have required property 'region'"
    if properties.get("view", "timeSeries") not in VIEWS:
        yield f"{at}/view should be one of {', '.join(sorted(VIEWS))}"
    period = properties.get("period", 60)
    short = period in (1, 5, 10, 20, 30)
    if type(period) is not int or not (short or (period >= 60 and period % 60 == 0)):
        yield f"{at}/period should be 1, 5, 10, 20, 30 or a multiple of 60"
    for number, row in enumerate(rows or []):
        if not isinstance(row, list) or not row:
            yield f"{at}/metrics/{number} should be a list"
        elif not isinstance(row[0], dict):
            names = [part for part in row if not isinstance(part, dict)]
            if len(names) < 2 or len(names) % 2 or not all(isinstance(n, str) for n in names):
                yield (
                    f"{at}/metrics/{number} should be [namespace, metric, dimension, value, ...]"
                )
