"""CloudFormation: what a template says of buckets, subscriptions and alarms is done, or refused."""

from __future__ import annotations

import json
import time

import pytest

from tests.aws.support import put, refused, state_of, until

RULE = {
    "Id": "old",
    "Status": "Enabled",
    "Prefix": "logs/",
    "ExpirationInDays": 30,
    "Transitions": [{"TransitionInDays": 7, "StorageClass": "GLACIER"}],
    "NoncurrentVersionExpiration": {"NoncurrentDays": 3},
    "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
}
BUCKET = {
    "LifecycleConfiguration": {"Rules": [RULE]},
    "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerPreferred"}]},
    "BucketEncryption": {
        "ServerSideEncryptionConfiguration": [
            {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}
        ]
    },
    "Tags": [{"Key": "course", "Value": "kafka"}],
}


@pytest.fixture
def stacks(aws):
    return aws("cloudformation")


def status(stacks, name: str) -> str:
    return stacks.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"]


def settled(stacks, name: str, wanted: str) -> str:
    """The stack when it is as wanted; the reasons for failures."""
    until(lambda: status(stacks, name) == wanted, 15, f"{name} is {wanted}")
    events = stacks.describe_stack_events(StackName=name)["StackEvents"]
    return " ".join(e.get("ResourceStatusReason", "") for e in events)


def template(**resources: tuple[str, dict]) -> str:
    named = {n: {"Type": f"AWS::{t}", "Properties": p} for n, (t, p) in resources.items()}
    return json.dumps({"Resources": named})


def test_a_bucket_is_as_its_template_says(aws, stacks, unique):
    s3, name = aws("s3"), f"bucket-{unique}"
    body = template(B=("S3::Bucket", {"BucketName": name, **BUCKET}))
    stacks.create_stack(StackName=unique, TemplateBody=body)
    settled(stacks, unique, "CREATE_COMPLETE")
    (rule,) = s3.get_bucket_lifecycle_configuration(Bucket=name)["Rules"]
    assert rule == {
        "ID": "old",
        "Status": "Enabled",
        "Filter": {"Prefix": "logs/"},
        "Expiration": {"Days": 30},
        "Transitions": [{"Days": 7, "StorageClass": "GLACIER"}],
        "NoncurrentVersionExpiration": {"NoncurrentDays": 3},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
    }
    owner = s3.get_bucket_ownership_controls(Bucket=name)["OwnershipControls"]["Rules"]
    assert owner == [{"ObjectOwnership": "BucketOwnerPreferred"}]
    found = s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"]
    assert found[0]["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "aws:kms"}
    tags = {t["Key"]: t["Value"] for t in s3.get_bucket_tagging(Bucket=name)["TagSet"]}
    assert tags["course"] == "kafka"

    changed = {"LifecycleConfiguration": {"Rules": [{**RULE, "ExpirationInDays": 60}]}}
    body = template(B=("S3::Bucket", {"BucketName": name, **changed}))
    stacks.update_stack(StackName=unique, TemplateBody=body)
    settled(stacks, unique, "UPDATE_COMPLETE")
    (rule,) = s3.get_bucket_lifecycle_configuration(Bucket=name)["Rules"]
    assert rule["Expiration"] == {"Days": 60}

    stacks.update_stack(
        StackName=unique, TemplateBody=template(B=("S3::Bucket", {"BucketName": name}))
    )
    until(lambda: _no_lifecycle(s3, name), 10, "the rule is gone")


def _no_lifecycle(s3, name: str) -> bool:
    try:
        s3.get_bucket_lifecycle_configuration(Bucket=name)
    except s3.exceptions.ClientError as error:
        return error.response["Error"]["Code"] == "NoSuchLifecycleConfiguration"
    return False


def test_a_bucket_with_objects_is_not_deleted(aws, stacks, unique):
    s3, name = aws("s3"), f"bucket-{unique}"
    body = template(B=("S3::Bucket", {"BucketName": name}))
    stacks.create_stack(StackName=unique, TemplateBody=body)
    settled(stacks, unique, "CREATE_COMPLETE")
    s3.put_object(Bucket=name, Key="k", Body=b"1")
    stacks.delete_stack(StackName=unique)
    assert "not empty" in settled(stacks, unique, "DELETE_FAILED")
    assert s3.get_object(Bucket=name, Key="k")["Body"].read() == b"1"
    s3.delete_object(Bucket=name, Key="k")
    stacks.delete_stack(StackName=unique)
    stacks.get_waiter("stack_delete_complete").wait(
        StackName=unique, WaiterConfig={"Delay": 1, "MaxAttempts": 15}
    )
    with refused("404"):
        s3.head_bucket(Bucket=name)


@pytest.mark.parametrize(
    ("protocol", "endpoint", "why"),
    [
        ("email", "nobody", "Email address"),
        ("sms", "555", "Invalid SMS endpoint: 555"),
        ("pigeon", "x", "Does not support this protocol string: pigeon"),
    ],
)
def test_a_subscription_that_sns_refuses_fails_the_stack(stacks, unique, protocol, endpoint, why):
    mine = {"TopicArn": {"Ref": "T"}, "Protocol": protocol, "Endpoint": endpoint}
    body = template(T=("SNS::Topic", {}), S=("SNS::Subscription", mine))
    stacks.create_stack(StackName=unique, TemplateBody=body)
    assert why in settled(stacks, unique, "ROLLBACK_COMPLETE")


def test_an_alarm_on_metric_math_is_evaluated(aws, stacks, unique):
    watch = aws("cloudwatch")

    def stat(name: str) -> dict:
        metric = {"Namespace": unique, "MetricName": name}
        return {"Metric": metric, "Period": "10", "Stat": "Sum"}

    alarm = {
        "AlarmName": unique,
        "Metrics": [
            {"Id": "all", "Expression": "SUM(METRICS())", "ReturnData": "true"},
            {"Id": "a", "MetricStat": stat("a"), "ReturnData": "false"},
            {"Id": "b", "MetricStat": stat("b"), "ReturnData": False},
        ],
        "EvaluationPeriods": 1,
        "Threshold": 5,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "TreatMissingData": "notBreaching",
    }
    at = time.time() // 10 * 10 - 5
    put(watch, unique, "a", 3, at)
    put(watch, unique, "b", 2, at)
    stacks.create_stack(StackName=unique, TemplateBody=template(A=("CloudWatch::Alarm", alarm)))
    settled(stacks, unique, "CREATE_COMPLETE")
    until(lambda: state_of(watch, unique) == "ALARM", 10, "3 + 2 reach 5")
    (found,) = watch.describe_alarms(AlarmNames=[unique])["MetricAlarms"]
    assert [q["Id"] for q in found["Metrics"]] == ["all", "a", "b"]
    assert found["Metrics"][1]["MetricStat"]["Period"] == 10
    assert "MetricName" not in found
    bad = {**alarm, "AlarmName": f"{unique}-b", "Metrics": alarm["Metrics"][:1]}
    stacks.create_stack(
        StackName=f"{unique}-b", TemplateBody=template(A=("CloudWatch::Alarm", bad))
    )
    assert "at least one metric" in settled(stacks, f"{unique}-b", "ROLLBACK_COMPLETE")


def test_a_parameter_that_the_template_lacks_is_refused(stacks, unique):
    given = [{"ParameterKey": "Nonsense", "ParameterValue": "1"}]
    body = template(T=("SNS::Topic", {}))
    with refused("ValidationError", message="Parameters: [Nonsense] do not exist in the template"):
        stacks.create_stack(StackName=unique, TemplateBody=body, Parameters=given)


def test_a_policy_that_somebody_has_is_not_deleted(aws, stacks, unique):
    iam = aws("iam")
    allow = {"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}
    document = {"Version": "2012-10-17", "Statement": [allow]}
    for user in ("own", "other"):
        iam.create_user(UserName=f"{unique}-{user}")
    policy = {"ManagedPolicyName": unique, "PolicyDocument": document, "Users": [f"{unique}-own"]}
    stacks.create_stack(
        StackName=unique,
        TemplateBody=template(P=("IAM::ManagedPolicy", policy)),
        Capabilities=["CAPABILITY_NAMED_IAM"],
    )
    settled(stacks, unique, "CREATE_COMPLETE")
    arn = f"arn:aws:iam::000000000000:policy/{unique}"
    iam.attach_user_policy(UserName=f"{unique}-other", PolicyArn=arn)
    stacks.delete_stack(StackName=unique)
    assert "Cannot delete a policy attached" in settled(stacks, unique, "DELETE_FAILED")
    iam.detach_user_policy(UserName=f"{unique}-other", PolicyArn=arn)
    stacks.delete_stack(StackName=unique)
    stacks.get_waiter("stack_delete_complete").wait(
        StackName=unique, WaiterConfig={"Delay": 1, "MaxAttempts": 15}
    )
    with refused("NoSuchEntity"):
        iam.get_policy(PolicyArn=arn)
