"""CloudFormation: a stack's resources are completed like those made one by one."""

from __future__ import annotations

import json
import urllib.request

import pytest

from tests.aws.support import ELSEWHERE, milliseconds, state_of, until

BOARD = {
    "widgets": [
        {"type": "metric", "properties": {"metrics": [["Stack", "Errors"]], "region": ELSEWHERE}}
    ]
}
ROLE = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}],
}
WRITE = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::stack-lake/*"}
    ],
}
ALARM = {
    "AlarmName": "stack-errors",
    "Namespace": "Stack",
    "MetricName": "Errors",
    "Statistic": "Sum",
    "Period": 60,
    "EvaluationPeriods": 1,
    "Threshold": 1,
    "ComparisonOperator": "GreaterThanOrEqualToThreshold",
    "TreatMissingData": "notBreaching",
}
TEMPLATE = {
    "Lake": ("S3::Bucket", {"BucketName": "stack-lake"}),
    "Topic": (
        "SNS::Topic",
        {"Subscription": [{"Protocol": "email", "Endpoint": "inline@example.com"}]},
    ),
    "Mail": (
        "SNS::Subscription",
        {"TopicArn": {"Ref": "Topic"}, "Protocol": "email", "Endpoint": "stack@example.com"},
    ),
    "Group": ("Logs::LogGroup", {"LogGroupName": "/stack/app", "RetentionInDays": 7}),
    "Filter": (
        "Logs::MetricFilter",
        {
            "LogGroupName": {"Ref": "Group"},
            "FilterPattern": '{ $.level = "ERROR" }',
            "MetricTransformations": [
                {"MetricName": "Errors", "MetricNamespace": "Stack", "MetricValue": "1"}
            ],
        },
    ),
    "Alarm": ("CloudWatch::Alarm", {**ALARM, "AlarmActions": [{"Ref": "Topic"}]}),
    "Board": (
        "CloudWatch::Dashboard",
        {"DashboardName": "stack-board", "DashboardBody": json.dumps(BOARD)},
    ),
    "Write": ("IAM::ManagedPolicy", {"ManagedPolicyName": "stack-write", "PolicyDocument": WRITE}),
    "Role": (
        "IAM::Role",
        {
            "RoleName": "stack-role",
            "AssumeRolePolicyDocument": ROLE,
            "ManagedPolicyArns": [{"Ref": "Write"}],
        },
    ),
}


def body(resources: dict) -> str:
    named = {n: {"Type": f"AWS::{t}", "Properties": p} for n, (t, p) in resources.items()}
    return json.dumps({"Resources": named})


def left(aws) -> dict[str, list]:
    """What of the template's kinds is there in the region."""
    there = lambda service: aws(service, ELSEWHERE)  # noqa: E731
    names = [bucket["Name"] for bucket in there("s3").list_buckets()["Buckets"]]
    return {
        "buckets": [name for name in names if name == "stack-lake"],
        "topics": [t for t in there("sns").list_topics()["Topics"] if "-Topic-" in t["TopicArn"]],
        "mails": [
            s
            for s in there("sns").list_subscriptions()["Subscriptions"]
            if s["Endpoint"] == "stack@example.com"
        ],
        "groups": there("logs").describe_log_groups(logGroupNamePrefix="/stack")["logGroups"],
        "filters": there("logs").describe_metric_filters(
            metricName="Errors", metricNamespace="Stack"
        )["metricFilters"],
        "alarms": there("cloudwatch").describe_alarms(AlarmNames=["stack-errors"])["MetricAlarms"],
        "boards": there("cloudwatch").list_dashboards()["DashboardEntries"],
        "policies": there("iam").list_policies(Scope="Local", PathPrefix="/")["Policies"],
        "roles": [r for r in there("iam").list_roles()["Roles"] if r["RoleName"] == "stack-role"],
    }


def test_a_stack_from_creation_to_the_last_trace(aws, inbox):
    stacks, logs = aws("cloudformation", ELSEWHERE), aws("logs", ELSEWHERE)
    stacks.create_stack(
        StackName="stack", TemplateBody=body(TEMPLATE), Capabilities=["CAPABILITY_NAMED_IAM"]
    )
    patience = {"Delay": 1, "MaxAttempts": 30}
    stacks.get_waiter("stack_create_complete").wait(StackName="stack", WaiterConfig=patience)
    assert {len(found) for found in left(aws).values()} == {1}
    assert [s["SubscriptionArn"] for s in left(aws)["mails"]] == ["PendingConfirmation"]
    urllib.request.urlopen(inbox.confirmation_url("stack@example.com")).close()
    assert inbox.confirmation_url("inline@example.com")  # asked, but never answered

    logs.create_log_stream(logGroupName="/stack/app", logStreamName="s")
    logs.put_log_events(
        logGroupName="/stack/app",
        logStreamName="s",
        # In the last whole minute, so that the alarm need not wait for the present one to end.
        logEvents=[{"timestamp": milliseconds() - 60_000, "message": '{"level": "ERROR"}'}],
    )
    cloudwatch = aws("cloudwatch", ELSEWHERE)
    until(lambda: state_of(cloudwatch, "stack-errors") == "ALARM", 10, "the stack's alarm")
    inbox.wait("mail", lambda mail: "ALARM" in mail["subject"], 5, to="stack@example.com")
    assert len(inbox.mails("inline@example.com")) == 1

    stacks.delete_stack(StackName="stack")
    stacks.get_waiter("stack_delete_complete").wait(StackName="stack", WaiterConfig=patience)
    assert [kind for kind, found in left(aws).items() if found] == []


@pytest.mark.parametrize(
    "resource",
    [
        ("CloudWatch::Alarm", {**ALARM, "Period": 7}),
        ("CloudWatch::Dashboard", {"DashboardName": "bad", "DashboardBody": "{not json"}),
        ("Logs::MetricFilter", {**TEMPLATE["Filter"][1], "FilterPattern": "{ $.x >= a }"}),
    ],
    ids=["alarm", "dashboard", "filter"],
)
def test_a_stack_with_what_aws_refuses_fails(aws, unique, resource):
    stacks = aws("cloudformation", ELSEWHERE)
    group = ("Logs::LogGroup", {"LogGroupName": f"/{unique}"})
    stacks.create_stack(StackName=unique, TemplateBody=body({"Group": group, "Bad": resource}))

    def status() -> str:
        return stacks.describe_stacks(StackName=unique)["Stacks"][0]["StackStatus"]

    until(lambda: status() == "ROLLBACK_COMPLETE", 15, "the stack was rolled back")
