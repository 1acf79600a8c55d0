"""`infra/learner-policy.json`: a learner makes what lessons 09 to 11 make, under their own prefix only."""

from __future__ import annotations

import json
import time

import boto3
import pytest
from botocore.exceptions import ClientError

from helpers.config import ROOT

TOPIC = "arn:aws:sns:eu-west-1:000000000000:{p}t"
NOW = int(time.time() * 1000)
ALARM = {
    "Namespace": "{p}n",
    "MetricName": "m",
    "Statistic": "Sum",
    "Period": 60,
    "EvaluationPeriods": 1,
    "Threshold": 1,
    "ComparisonOperator": "GreaterThanThreshold",
}
TRANSFORMATION = {"metricName": "m", "metricNamespace": "{p}n", "metricValue": "1"}
# In the order in which they can be done; {p} is the prefix.
OWN = [
    (
        "s3.create_bucket",
        {"Bucket": "{p}b", "CreateBucketConfiguration": {"LocationConstraint": "eu-west-1"}},
    ),
    ("s3.put_object", {"Bucket": "{p}b", "Key": "k", "Body": "1", "IfNoneMatch": "*"}),
    ("s3.get_object", {"Bucket": "{p}b", "Key": "k"}),
    ("s3.list_objects_v2", {"Bucket": "{p}b"}),
    ("s3.list_object_versions", {"Bucket": "{p}b"}),
    ("s3.delete_object", {"Bucket": "{p}b", "Key": "k"}),
    ("s3.delete_bucket", {"Bucket": "{p}b"}),
    (
        "cloudwatch.put_metric_data",
        {"Namespace": "{p}n", "MetricData": [{"MetricName": "m", "Value": 1}]},
    ),
    ("cloudwatch.put_metric_alarm", {"AlarmName": "{p}a", **ALARM}),
    ("cloudwatch.put_composite_alarm", {"AlarmName": "{p}c", "AlarmRule": "ALARM({p}a)"}),
    (
        "cloudwatch.set_alarm_state",
        {"AlarmName": "{p}a", "StateValue": "OK", "StateReason": "tried"},
    ),
    ("cloudwatch.delete_alarms", {"AlarmNames": ["{p}c"]}),
    ("cloudwatch.delete_alarms", {"AlarmNames": ["{p}a"]}),
    ("cloudwatch.put_dashboard", {"DashboardName": "{p}d", "DashboardBody": '{"widgets": []}'}),
    ("cloudwatch.get_dashboard", {"DashboardName": "{p}d"}),
    ("cloudwatch.delete_dashboards", {"DashboardNames": ["{p}d"]}),
    ("logs.create_log_group", {"logGroupName": "{p}g"}),
    ("logs.put_retention_policy", {"logGroupName": "{p}g", "retentionInDays": 1}),
    ("logs.create_log_stream", {"logGroupName": "{p}g", "logStreamName": "s"}),
    (
        "logs.put_log_events",
        {
            "logGroupName": "{p}g",
            "logStreamName": "s",
            "logEvents": [{"timestamp": NOW, "message": "m"}],
        },
    ),
    ("logs.filter_log_events", {"logGroupName": "{p}g"}),
    ("logs.describe_log_streams", {"logGroupName": "{p}g"}),
    (
        "logs.put_metric_filter",
        {
            "logGroupName": "{p}g",
            "filterName": "f",
            "filterPattern": "m",
            "metricTransformations": [TRANSFORMATION],
        },
    ),
    ("logs.describe_metric_filters", {"logGroupName": "{p}g"}),
    (
        "logs.start_query",
        {"logGroupName": "{p}g", "startTime": 0, "endTime": NOW, "queryString": "fields @message"},
    ),
    ("logs.delete_metric_filter", {"logGroupName": "{p}g", "filterName": "f"}),
    ("logs.delete_log_stream", {"logGroupName": "{p}g", "logStreamName": "s"}),
    ("logs.delete_log_group", {"logGroupName": "{p}g"}),
    ("sns.create_topic", {"Name": "{p}t"}),
    ("sns.subscribe", {"TopicArn": TOPIC, "Protocol": "sms", "Endpoint": "+15550100133"}),
    ("sns.list_subscriptions_by_topic", {"TopicArn": TOPIC}),
    ("sns.publish", {"TopicArn": TOPIC, "Message": "m"}),
    ("sns.delete_topic", {"TopicArn": TOPIC}),
]
ANYWHERE = [
    ("s3.list_buckets", {}),
    ("cloudwatch.list_metrics", {}),
    ("cloudwatch.describe_alarms", {"AlarmNames": ["{p}a", "{p}c"]}),
    ("cloudwatch.describe_alarm_history", {"AlarmName": "{p}a"}),
    ("cloudwatch.list_dashboards", {}),
    ("logs.describe_log_groups", {}),
    ("logs.test_metric_filter", {"filterPattern": "m", "logEventMessages": ["m"]}),
    ("sns.list_topics", {}),
    ("sns.list_subscriptions", {}),
    (
        "athena.start_query_execution",
        {"QueryString": "SELECT 1", "ResultConfiguration": {"OutputLocation": "s3://{p}b/a/"}},
    ),
]
NEVER = [
    ("iam.create_user", {"UserName": "{p}u"}),
    ("sns.publish", {"PhoneNumber": "+15550100133", "Message": "m"}),
    ("cloudformation.delete_stack", {"StackName": "{p}aula-streaming"}),
    ("cloudwatch.delete_alarms", {"AlarmNames": ["{p}a", "luis-a"]}),
    ("cloudwatch.delete_dashboards", {"DashboardNames": ["{p}d", "luis-d"]}),
]


@pytest.fixture
def ask(as_root, user, prefix):
    """ask(call, arguments, prefix) as a learner who has the policy alone: "done", or the code."""
    text = (ROOT / "infra" / "learner-policy.json").read_text("utf-8").replace("PREFIX", prefix)
    policy = boto3.client("iam").create_policy(PolicyName=f"{prefix}l", PolicyDocument=text)
    keys = user(policy["Policy"]["Arn"])
    session = boto3.session.Session(
        keys["AWS_ACCESS_KEY_ID"], keys["AWS_SECRET_ACCESS_KEY"], region_name="eu-west-1"
    )
    clients: dict = {}

    def call(name: str, arguments: dict, whose: str) -> str:
        service, method = name.split(".")
        if service not in clients:
            clients[service] = session.client(service)
        filled = json.loads(json.dumps(arguments).replace("{p}", whose))
        try:
            getattr(clients[service], method)(**filled)
        except ClientError as error:
            return error.response["Error"]["Code"]
        return "done"

    return call


def test_a_learner_does_what_the_lessons_do_under_their_prefix_only(ask, prefix):
    told = {(name, ask(name, arguments, prefix)) for name, arguments in OWN + ANYWHERE}
    assert [each for each in told if each[1] != "done"] == []
    refused = {"AccessDenied", "AccessDeniedException", "AuthorizationError"}
    where = {"LocationConstraint": "eu-west-1"}
    boto3.client("s3").create_bucket(Bucket="luis-b", CreateBucketConfiguration=where)
    told = {(name, ask(name, arguments, "luis-")) for name, arguments in OWN}
    told |= {(name, ask(name, arguments, prefix)) for name, arguments in NEVER}
    boto3.client("s3").delete_bucket(Bucket="luis-b")
    assert [each for each in told if each[1] not in refused] == []
