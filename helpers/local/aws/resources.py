"""IAM: which resource a request is about, where MiniStack does not say it as AWS does.

It knows no dashboards, of several alarms none, and compares a log group's ARN without the part by
which AWS's `...:log-group:name:*` matches. Sources: "Actions, resources, and condition keys for
Amazon CloudWatch" in the Service Authorization Reference; "LogGroup" in the Amazon CloudWatch Logs
API Reference.
"""

from __future__ import annotations

import json
from collections.abc import Callable

from ministack.core import iam_actions, iam_evaluator

TAGGING = {"TagResource", "UntagResource", "ListTagsForResource"}  # they take the plain ARN
NEXT = "\n"  # between the ARNs of a request that names several; in no name


def install() -> None:
    """Wrap MiniStack's search for a request's resource, and its check of one resource."""
    iam_actions.extract_resource_arn = _as_aws_says_it(iam_actions.extract_resource_arn)
    iam_actions.logs_service_context = _of_the_group(iam_actions.logs_service_context)
    iam_evaluator.enforce = _each(iam_evaluator.enforce)


def body_of(body: bytes) -> dict:
    """A request's members, if it is JSON, as boto3's are to these services."""
    try:
        request = json.loads(body)
    except ValueError:
        return {}  # the service will refuse it
    return request if isinstance(request, dict) else {}


def _as_aws_says_it(original: Callable) -> Callable:
    def resource_arn(service, method, path, headers, body, params, region, account):
        found = original(service, method, path, headers, body, params, region, account)
        if service == "logs" and ":log-group:" in found:
            action = headers.get("x-amz-target", "").rpartition(".")[2]
            return found if action in TAGGING else f"{found}:log-stream:{_stream(body)}"
        if service == "monitoring":
            return NEXT.join(_of_cloudwatch(body_of(body), region, account)) or found
        return found

    return resource_arn


def _stream(body: bytes) -> str:
    return str(body_of(body).get("logStreamName", ""))


def _of_cloudwatch(request: dict, region: str, account: str) -> list[str]:
    """The alarms and dashboards that a request names."""
    alarms = request.get("AlarmNames") or [request.get("AlarmName")]
    boards = request.get("DashboardNames") or [request.get("DashboardName")]
    return [f"arn:aws:cloudwatch:{region}:{account}:alarm:{name}" for name in alarms if name] + [
        f"arn:aws:cloudwatch::{account}:dashboard/{name}" for name in boards if name
    ]


def _of_the_group(original: Callable) -> Callable:
    def context(action: str, body: bytes, resource_arn: str, *rest):
        return original(action, body, resource_arn.partition(":log-stream:")[0], *rest)

    return context


def _each(original: Callable) -> Callable:
    """A request that names several resources needs the right to each."""

    def enforce(key, action, service, region, resource_arn="*", **more):
        for arn in resource_arn.split(NEXT):
            if refused := original(key, action, service, region, resource_arn=arn, **more):
                return refused
        return None

    return enforce
