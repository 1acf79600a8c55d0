"""The stack from its creation to its last trace, alone and beside another one."""

from __future__ import annotations

import json
import time
import urllib.request

import boto3
import pytest

from helpers import infra
from helpers.errors import LabError

KINDS = ("stack", "bucket", "topic", "subscription", "log group", "alarm", "dashboard", "policy")


def test_everything_is_there_by_its_own_api(stack, prefix):
    found = infra.left(prefix)
    assert tuple(found) == KINDS
    assert {kind: len(names) for kind, names in found.items()} == {
        **dict.fromkeys(KINDS, 1),
        "subscription": 2,
        "alarm": 5,
        "policy": 4,
    }
    s3, bucket = boto3.client("s3"), stack["BucketName"]
    rules = s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    assert [(r["Filter"]["Prefix"], r["Expiration"]["Days"]) for r in rules] == [("topic=", 365)]
    block = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    assert len(block) == 4
    assert all(block.values())
    (deny,) = json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])["Statement"]
    assert (deny["Effect"], deny["Condition"]) == (
        "Deny",
        {"Bool": {"aws:SecureTransport": "false"}},
    )
    logs, name = boto3.client("logs"), stack["LogGroupName"]
    (group,) = logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    assert group["retentionInDays"] == 30
    (metric,) = logs.describe_metric_filters(logGroupName=name)["metricFilters"]
    assert metric["metricTransformations"][0]["metricNamespace"] == stack["MetricNamespace"]
    watch = boto3.client("cloudwatch")
    alarms = watch.describe_alarms(AlarmNames=stack["AlarmNames"].split(","))["MetricAlarms"]
    assert {tuple(alarm["AlarmActions"] + alarm["OKActions"]) for alarm in alarms} == {
        (stack["TopicArn"],) * 2
    }
    board = json.loads(watch.get_dashboard(DashboardName=stack["DashboardName"])["DashboardBody"])
    assert len(board["widgets"]) == 6


def test_a_line_with_critical_becomes_a_metric(stack):
    logs, name = boto3.client("logs"), stack["LogGroupName"]
    logs.create_log_stream(logGroupName=name, logStreamName="s")
    now = int(time.time() * 1000)
    lines = [{"severity": severity} for severity in ("WARN", "CRITICAL", "CRITICAL")]
    events = [{"timestamp": now, "message": json.dumps(line)} for line in lines]
    logs.put_log_events(logGroupName=name, logStreamName="s", logEvents=events)
    found = boto3.client("cloudwatch").get_metric_statistics(
        Namespace=stack["MetricNamespace"],
        MetricName="CriticalLines",
        StartTime=now / 1000 - 120,
        EndTime=now / 1000 + 60,
        Period=60,
        Statistics=["Sum"],
    )
    assert [point["Sum"] for point in found["Datapoints"]] == [2]


def test_an_update_changes_what_it_says_and_nothing_else(stack, prefix, account):
    address = f"{prefix}@example.com"
    urllib.request.urlopen(account.inbox.confirmation_url(address)).close()
    boto3.client("s3").put_object(Bucket=stack["BucketName"], Key="kept", Body=b"1")
    made = infra.deploy(prefix, RetentionDays=7, LakeDays=90, MaxLag=5)
    assert made == {k: v for k, v in stack.items() if k != "prefix"}
    logs, watch = boto3.client("logs"), boto3.client("cloudwatch")
    (group,) = logs.describe_log_groups(logGroupNamePrefix=stack["LogGroupName"])["logGroups"]
    assert group["retentionInDays"] == 7
    rules = boto3.client("s3").get_bucket_lifecycle_configuration(Bucket=stack["BucketName"])
    assert rules["Rules"][0]["Expiration"]["Days"] == 90
    (lag,) = watch.describe_alarms(AlarmNames=[f"{prefix}aula-lag"])["MetricAlarms"]
    assert (lag["Threshold"], lag["Period"]) == (5, 10)
    assert infra.objects(stack["BucketName"]) == 1
    assert infra.pending(stack["TopicArn"]) == []  # confirmed, and still so
    assert infra.deploy(prefix, RetentionDays=7) == made  # nothing to do
    infra.deploy(prefix, Phone="")
    assert len(infra.left(prefix)["subscription"]) == 1


def test_two_stacks_know_nothing_of_each_other(stack, prefix):
    other = f"{prefix}b-"
    infra.deploy(other)
    assert "subscription" not in infra.left(other)  # neither address nor number was given
    boto3.client("s3").put_object(Bucket=stack["BucketName"], Key="kept", Body=b"1")
    assert infra.remove(other) == 0
    assert infra.left(other) == {}
    assert tuple(infra.left(prefix)) == KINDS
    assert infra.objects(stack["BucketName"]) == 1


def test_it_goes_without_a_trace_versions_included(as_root, prefix):
    bucket = infra.deploy(prefix, Email="ana@example.com")["BucketName"]
    s3 = boto3.client("s3")
    enabled = {"Status": "Enabled"}
    s3.put_object(Bucket=bucket, Key="_plans/x", Body=b"before")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration=enabled)
    s3.put_object(Bucket=bucket, Key="_plans/x", Body=b"after")
    s3.delete_object(Bucket=bucket, Key="_plans/x")
    assert infra.remove(prefix) == 3
    assert infra.left(prefix) == {}
    assert infra.remove(prefix) is None
    assert infra.objects(bucket) == 0


def test_a_bucket_with_objects_stops_a_deletion_until_it_is_empty(as_root, prefix):
    """What a lesson meets that forgets to empty the bucket: S3's rule, as on AWS."""
    bucket = infra.deploy(prefix)["BucketName"]
    boto3.client("s3").put_object(Bucket=bucket, Key="k", Body=b"1")
    boto3.client("cloudformation").delete_stack(StackName=infra.stack_name(prefix))
    with pytest.raises(LabError, match=r"Lake: .*not empty"):
        infra._wait("stack_delete_complete", infra.describe(prefix)["StackId"])
    with pytest.raises(LabError, match=r"DELETE_FAILED.*infra delete"):
        infra.deploy(prefix)
    assert infra.remove(prefix) == 1
    assert infra.left(prefix) == {}


def test_a_policy_that_somebody_has_stops_a_deletion(stack, prefix, user):
    user(stack["SinkPolicyArn"])
    boto3.client("s3").put_object(Bucket=stack["BucketName"], Key="kept", Body=b"1")
    with pytest.raises(LabError, match=r"aula-sink is attached to t\d+-u0; detach it first"):
        infra.remove(prefix)
    assert infra.objects(stack["BucketName"]) == 1  # asked before anything was deleted


WRONG = {
    "Email.*must be empty or one address, such as": ("Email", "ana.example.com"),
    "Email.*must be empty or one address": ("Email", "a@b.c,d@e.f"),
    "Phone.*must be empty or a number with . and country code": ("Phone", "555-0100"),
    "RetentionDays": ("RetentionDays", 8),
    "LakeDays.*must be a number of days": ("LakeDays", 0),
    "AlarmPeriod": ("AlarmPeriod", 7),
    "Namespace.*must be a word": ("Namespace", "AWS/S3"),
    "Nonsense": ("Nonsense", 1),
}


def test_a_value_that_cannot_be_is_refused_in_words(as_root, prefix):
    for words, (name, value) in WRONG.items():
        with pytest.raises(LabError, match=words):
            infra.deploy(prefix, **{name: value})
    for wrong in ("Ana-", "-ana", "a" * 21):
        with pytest.raises(LabError, match=r"Prefix.*must be empty, or begin with a letter"):
            infra.deploy(prefix, Prefix=wrong)
    assert infra.left(prefix) == {}


def test_a_stack_that_fails_says_why_and_leaves_nothing(as_root, prefix):
    account = boto3.client("sts").get_caller_identity()["Account"]
    taken = f"{prefix}aula-lago-{account}"
    where = {"LocationConstraint": boto3.session.Session().region_name}
    boto3.client("s3").create_bucket(Bucket=taken, CreateBucketConfiguration=where)
    with pytest.raises(LabError, match=r"Lake: .*already exists"):
        infra.deploy(prefix)
    assert infra.left(prefix) == {"bucket": [taken]}
    boto3.client("s3").delete_bucket(Bucket=taken)
