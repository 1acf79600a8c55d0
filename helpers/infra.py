"""The AWS side as one stack: deploy it, ask for its outputs, remove it, see what is left.

The template is infra/student-events.yaml. A lesson calls CloudFormation itself; these functions are
for the command line, and for lessons after the one that did it in view.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
from botocore.exceptions import ClientError, WaiterError

from helpers.config import ROOT
from helpers.errors import LabError

TEMPLATE = ROOT / "infra" / "student-events.yaml"
CAPABILITIES = ["CAPABILITY_NAMED_IAM"]  # the stack makes policies whose names are given
STUCK = ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "DELETE_FAILED")  # states that allow no update
PATIENCE = {"Delay": 1, "MaxAttempts": 300}  # seconds; a stack takes about a minute on AWS


def template() -> str:
    """The template's text: `create_stack(TemplateBody=template(), ...)`."""
    return TEMPLATE.read_text("utf-8")


def stack_name(prefix: str = "") -> str:
    """The stack's name; one for each prefix."""
    return f"{prefix}aula-streaming"


def parameters(**values: Any) -> list[dict[str, str]]:
    """Parameters as CloudFormation takes them: `parameters(Prefix="ana-", MaxLag=100)`."""
    return [{"ParameterKey": name, "ParameterValue": str(v)} for name, v in values.items()]


def describe(prefix: str = "") -> dict[str, Any] | None:
    """The stack as `describe_stacks` has it; None if there is none."""
    try:
        found = boto3.client("cloudformation").describe_stacks(StackName=stack_name(prefix))
    except ClientError as error:
        if "does not exist" in str(error):
            return None
        raise _plain(error) from None
    return found["Stacks"][0]


def outputs(prefix: str = "") -> dict[str, str]:
    """What the services' options take: BucketName, TopicArn, LogGroupName, ...; empty if none."""
    stack = describe(prefix) or {}
    return {each["OutputKey"]: each["OutputValue"] for each in stack.get("Outputs", [])}


def deploy(prefix: str = "", **values: Any) -> dict[str, str]:
    """Create the stack, or change it to what `values` say; wait; return its outputs.

    `values` are parameters of the template (Email, Phone, MaxLag, ...). Those not given keep what
    they have, in a new stack the template's default.

    Raises:
        LabError: a value is refused, or a resource cannot be made; then nothing has changed.
    """
    stack, name = describe(prefix), stack_name(prefix)
    if stack and stack["StackStatus"] in STUCK:
        raise LabError(
            f"the stack {name} is {stack['StackStatus']}, which allows no update; remove it first: "
            f"python -m helpers infra delete --prefix '{prefix}'"
        )
    given = {"Prefix": prefix, **values}
    kept = [each["ParameterKey"] for each in (stack or {}).get("Parameters", [])]
    previous = [{"ParameterKey": k, "UsePreviousValue": True} for k in kept if k not in given]
    request = {
        "StackName": name,
        "TemplateBody": template(),
        "Capabilities": CAPABILITIES,
        "Parameters": parameters(**given) + previous,
    }
    cloudformation = boto3.client("cloudformation")
    try:
        if stack:
            done = cloudformation.update_stack(**request)
        else:
            done = cloudformation.create_stack(**request, OnFailure="DELETE")
    except ClientError as error:
        if "No updates are to be performed" in str(error):
            return outputs(prefix)
        raise _plain(error) from None
    _wait("stack_update_complete" if stack else "stack_create_complete", done["StackId"])
    return outputs(prefix)


def pending(topic_arn: str) -> list[str]:
    """E-mail addresses that were asked whether they want the topic's mail and did not answer."""
    subscriptions = boto3.client("sns").list_subscriptions_by_topic(TopicArn=topic_arn)
    return [
        each["Endpoint"]
        for each in subscriptions["Subscriptions"]
        if each["SubscriptionArn"] == "PendingConfirmation"
    ]


def objects(bucket: str) -> int:
    """How many objects a bucket has, old versions and delete markers included; 0 if no bucket."""
    pages = boto3.client("s3").get_paginator("list_object_versions").paginate(Bucket=bucket)
    try:
        return sum(
            len(page.get(kind, [])) for page in pages for kind in ("Versions", "DeleteMarkers")
        )
    except ClientError as error:
        if error.response["Error"]["Code"] == "NoSuchBucket":
            return 0
        raise _plain(error) from None


def bucket_of(prefix: str = "") -> str | None:
    """The stack's bucket, also of a stack that was half deleted; None if there is none."""
    try:
        found = boto3.client("cloudformation").describe_stack_resources(
            StackName=stack_name(prefix)
        )
    except ClientError:
        return None
    lake = [each for each in found["StackResources"] if each["LogicalResourceId"] == "Lake"]
    alive = [each for each in lake if each["ResourceStatus"] != "DELETE_COMPLETE"]
    return alive[0].get("PhysicalResourceId") if alive else None


def remove(prefix: str = "") -> int | None:
    """Empty the bucket, delete the stack, wait; how many objects went, None if there was no stack.

    Raises:
        LabError: a policy is still attached to somebody, and nothing was deleted; or something
            could not be deleted, because a sink still writes, say.
    """
    stack = describe(prefix)
    if stack is None:
        return None
    for arn in (arn for name, arn in outputs(prefix).items() if name.endswith("PolicyArn")):
        if users := _attached_to(arn):
            raise LabError(
                f"the policy {arn.rpartition('/')[2]} is attached to {', '.join(users)}; "
                "detach it first: aws iam detach-user-policy (or detach-role-policy)"
            )
    bucket = bucket_of(prefix)
    gone = objects(bucket) if bucket else 0
    try:
        if gone:  # versions too: S3 deletes only a bucket in which there is nothing
            boto3.resource("s3").Bucket(bucket).object_versions.delete()
        boto3.client("cloudformation").delete_stack(StackName=stack["StackId"])
    except ClientError as error:
        raise _plain(error) from None
    _wait("stack_delete_complete", stack["StackId"])
    return gone


def _attached_to(policy_arn: str) -> list[str]:
    """Names of the users, roles and groups that have the policy."""
    try:
        found = boto3.client("iam").list_entities_for_policy(PolicyArn=policy_arn)
    except ClientError:
        return []  # gone already, or not to be asked: CloudFormation will say so
    return [
        each[f"{kind}Name"]
        for kind in ("User", "Role", "Group")
        for each in found.get(f"Policy{kind}s", [])
    ]


def left(prefix: str = "") -> dict[str, list[str]]:
    """What there is of a prefix, asked from each service itself: kind → names. Only what is there.

    CloudWatch's metrics are not in it: they cannot be deleted, cost nothing and expire.
    """
    mine = f"{prefix}aula"
    s3, sns, logs = boto3.client("s3"), boto3.client("sns"), boto3.client("logs")
    watch, iam = boto3.client("cloudwatch"), boto3.client("iam")
    stack = describe(prefix)
    found = {
        "stack": [stack["StackName"]] if stack else [],
        "bucket": [each["Name"] for each in s3.list_buckets()["Buckets"]],
        "topic": [a.rpartition(":")[2] for a in _all(sns, "list_topics", "Topics", "TopicArn")],
        "subscription": [
            arn.split(":")[5]
            for arn in _all(sns, "list_subscriptions", "Subscriptions", "TopicArn")
        ],
        "log group": _all(logs, "describe_log_groups", "logGroups", "logGroupName"),
        "alarm": _all(watch, "describe_alarms", "MetricAlarms", "AlarmName"),
        "dashboard": _all(watch, "list_dashboards", "DashboardEntries", "DashboardName"),
        "policy": _all(iam, "list_policies", "Policies", "PolicyName", Scope="Local"),
    }
    kept = {kind: [n for n in names if n.startswith(mine)] for kind, names in found.items()}
    return {kind: names for kind, names in kept.items() if names}


def _all(client: Any, call: str, members: str, member: str, **request: Any) -> Iterator[str]:
    for page in client.get_paginator(call).paginate(**request):
        yield from (each[member] for each in page[members])


def _wait(waiter: str, stack_id: str) -> None:
    """Until the stack is as `waiter` says; a failure becomes the reason CloudFormation gives."""
    cloudformation = boto3.client("cloudformation")
    try:
        cloudformation.get_waiter(waiter).wait(StackName=stack_id, WaiterConfig=PATIENCE)
    except WaiterError as error:
        name, reasons = stack_id.split("/")[1], _reasons(stack_id)
        why = reasons[0] if reasons else str(error)
        raise LabError(f"the stack {name} is not as it should be; {why}") from None


def _reasons(stack_id: str) -> list[str]:
    """Why resources failed, newest first: what was found before anything was made, and after."""
    cloudformation, of = boto3.client("cloudformation"), {"StackName": stack_id}
    events = cloudformation.describe_events(**of, Filters={"FailedEvents": True})["OperationEvents"]
    events += cloudformation.describe_stack_events(**of)["StackEvents"]
    told = [
        (each["LogicalResourceId"], each.get("ValidationStatusReason") or _failed(each))
        for each in events
        if each.get("PhysicalResourceId") != stack_id
    ]
    # What failed only because something else did has been "cancelled".
    return [f"{name}: {why}" for name, why in told if why and "cancelled" not in why]


def _failed(event: dict[str, Any]) -> str:
    failed = event.get("ResourceStatus", "").endswith("FAILED")
    return event.get("ResourceStatusReason", "") if failed else ""


def _plain(error: ClientError) -> LabError:
    """An answer of AWS in one line."""
    return LabError(f"AWS: {error.response['Error']['Message']}")
