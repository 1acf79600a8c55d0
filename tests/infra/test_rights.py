"""Each policy alone: what it allows is what its program calls, and all else is denied."""

from __future__ import annotations

import json
import time

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from helpers import infra
from helpers.config import ROOT
from helpers.errors import LabError

DENIED = {"AccessDenied", "AccessDeniedException", "AuthorizationError"}
ELSEWHERE = "not-of-the-stack"
DATA, PLAN = "topic=t/date=2026-03-02/hour=08/o", "_plans/t/0/p"


def note_of(stack: dict[str, str]) -> str:
    """An object of the notifier's history."""
    return f"{stack['prefix']}historial/type=calificacion/e.json"


def calls(stack: dict[str, str], client) -> dict[str, object]:
    """Everything that anybody tries, by name. Those that would destroy something come last."""
    s3, sns, logs = client("s3"), client("sns"), client("logs")
    watch, iam, stacks = client("cloudwatch"), client("iam"), client("cloudformation")
    bucket, topic, group = stack["BucketName"], stack["TopicArn"], stack["LogGroupName"]
    note = note_of(stack)
    now = int(time.time() * 1000)
    datum = [{"MetricName": "x", "Value": 1}]
    line = [{"timestamp": now, "message": "{}"}]
    into = lambda key, where=bucket: lambda: s3.put_object(Bucket=where, Key=key, Body=b"1")  # noqa: E731
    read = lambda key, where=bucket: lambda: s3.get_object(Bucket=where, Key=key)  # noqa: E731
    seen = lambda **more: lambda: s3.list_objects_v2(Bucket=bucket, **more)  # noqa: E731
    trail = {"logGroupName": group, "logStreamName": "s"}
    other = {"logGroupName": f"/{ELSEWHERE}", "logStreamName": "s"}
    into_metrics = lambda space: lambda: watch.put_metric_data(Namespace=space, MetricData=datum)  # noqa: E731
    return {
        "write events": into(DATA),
        "write a plan": into(PLAN),
        "write history": into(note),
        "write anywhere": into("x"),
        "write elsewhere": into(DATA, ELSEWHERE),
        "read events": read(DATA),
        "read a plan": read(PLAN),
        "read history": read(note),
        "read elsewhere": read(PLAN, ELSEWHERE),
        "list events": seen(Prefix="topic=t/"),
        "list plans": seen(Prefix="_plans/t/0/"),
        "list history": seen(Prefix=note),
        "list everything": seen(),
        "list from another place": seen(Prefix="x"),
        "list elsewhere": lambda: s3.list_objects_v2(Bucket=ELSEWHERE, Prefix="topic=t/"),
        "list versions": lambda: s3.list_object_versions(Bucket=bucket),
        "list buckets": s3.list_buckets,
        "read the bucket's policy": lambda: s3.get_bucket_policy(Bucket=bucket),
        "read the lifecycle": lambda: s3.get_bucket_lifecycle_configuration(Bucket=bucket),
        "publish": lambda: sns.publish(TopicArn=topic, Message="m"),
        "publish elsewhere": lambda: sns.publish(
            TopicArn=topic.replace(topic.rpartition(":")[2], ELSEWHERE), Message="m"
        ),
        "publish to a number": lambda: sns.publish(PhoneNumber="+15550100199", Message="m"),
        "look at the topic": lambda: sns.get_topic_attributes(TopicArn=topic),
        "list who is told": lambda: sns.list_subscriptions_by_topic(TopicArn=topic),
        "subscribe": lambda: sns.subscribe(
            TopicArn=topic, Protocol="email", Endpoint="x@example.com"
        ),
        "put metrics": into_metrics(stack["MetricNamespace"]),
        "put metrics elsewhere": into_metrics(ELSEWHERE),
        "put metrics beside": into_metrics(stack["MetricNamespace"] + "2"),
        "read metrics": watch.list_metrics,
        "look at alarms": watch.describe_alarms,
        "silence an alarm": lambda: watch.disable_alarm_actions(
            AlarmNames=[f"{stack['prefix']}aula-slow"]
        ),
        "set an alarm": lambda: watch.set_alarm_state(
            AlarmName=f"{stack['prefix']}aula-slow", StateValue="OK", StateReason="x"
        ),
        "make a log stream": lambda: logs.create_log_stream(**{**trail, "logStreamName": "mine"}),
        "write a log line": lambda: logs.put_log_events(**trail, logEvents=line),
        "list log streams": lambda: logs.describe_log_streams(logGroupName=group),
        "make a log stream elsewhere": lambda: logs.create_log_stream(
            **{**other, "logStreamName": "mine"}
        ),
        "write a log line elsewhere": lambda: logs.put_log_events(**other, logEvents=line),
        "read log lines": lambda: logs.filter_log_events(logGroupName=group),
        "make a log group": lambda: logs.create_log_group(logGroupName="/mine"),
        "change the retention": lambda: logs.put_retention_policy(
            logGroupName=group, retentionInDays=1
        ),
        "make a user": lambda: iam.create_user(UserName="mine"),
        "make a key": iam.create_access_key,
        "look at the policy": lambda: iam.get_policy(PolicyArn=stack["SinkPolicyArn"]),
        "become another": lambda: client("sts").assume_role(
            RoleArn="arn:aws:iam::000000000000:role/any", RoleSessionName="mine"
        ),
        "look at the stack": lambda: stacks.describe_stacks(
            StackName=infra.stack_name(stack["prefix"])
        ),
        "make a bucket": lambda: s3.create_bucket(
            Bucket="mine", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
        ),
        "open the bucket": lambda: s3.delete_public_access_block(Bucket=bucket),
        "change the bucket's policy": lambda: s3.put_bucket_policy(Bucket=bucket, Policy="{}"),
        "let plans expire": lambda: s3.delete_bucket_lifecycle(Bucket=bucket),
        "delete an event": lambda: s3.delete_object(Bucket=bucket, Key=DATA),
        "delete a plan": lambda: s3.delete_object(Bucket=bucket, Key=PLAN),
        "delete history": lambda: s3.delete_object(Bucket=bucket, Key=note),
        "delete many": lambda: s3.delete_objects(
            Bucket=bucket, Delete={"Objects": [{"Key": PLAN}]}
        ),
        "delete the log group": lambda: logs.delete_log_group(logGroupName=group),
        "delete the topic": lambda: sns.delete_topic(TopicArn=topic),
        "delete the bucket": lambda: s3.delete_bucket(Bucket=bucket),
        "delete the stack": lambda: stacks.delete_stack(
            StackName=infra.stack_name(stack["prefix"])
        ),
    }


ALLOWED = {
    "Producer": {"put metrics"},
    "Sink": {"write events", "write a plan", "read a plan", "list events", "list plans"},
    "Monitor": {"put metrics", "make a log stream", "write a log line"},
    "Notifier": {"publish", "look at the topic", "write history", "read history", "list history"},
}


@pytest.fixture
def surroundings(stack):
    """What the attempts are about is there, so that a refusal is one of rights."""
    s3, logs, bucket = boto3.client("s3"), boto3.client("logs"), stack["BucketName"]
    where = {"LocationConstraint": boto3.session.Session().region_name}
    s3.create_bucket(Bucket=ELSEWHERE, CreateBucketConfiguration=where)
    for key in (DATA, PLAN, note_of(stack)):
        s3.put_object(Bucket=bucket, Key=key, Body=b"1")
    s3.put_object(Bucket=ELSEWHERE, Key=PLAN, Body=b"1")
    logs.create_log_group(logGroupName=f"/{ELSEWHERE}")
    for group in (stack["LogGroupName"], f"/{ELSEWHERE}"):
        logs.create_log_stream(logGroupName=group, logStreamName="s")
    topic = boto3.client("sns").create_topic(Name=ELSEWHERE)["TopicArn"]
    yield stack
    boto3.client("sns").delete_topic(TopicArn=topic)
    logs.delete_log_group(logGroupName=f"/{ELSEWHERE}")
    for key in (PLAN, DATA):
        s3.delete_object(Bucket=ELSEWHERE, Key=key)
    s3.delete_bucket(Bucket=ELSEWHERE)


def client_of(keys: dict[str, str]):
    session = boto3.session.Session(
        keys["AWS_ACCESS_KEY_ID"], keys["AWS_SECRET_ACCESS_KEY"], region_name="eu-west-1"
    )
    config = Config(retries={"total_max_attempts": 1})
    return lambda service: session.client(service, config=config)


def answer_to(attempt) -> str:
    """ "done", or the code of the refusal."""
    try:
        refused = attempt().get("Errors")  # deletions of many objects are answered one by one
    except ClientError as error:
        return error.response["Error"]["Code"]
    return refused[0]["Code"] if refused else "done"


@pytest.mark.parametrize("who", ALLOWED)
def test_a_policy_allows_what_its_program_calls_and_nothing_else(surroundings, user, who):
    attempts = calls(surroundings, client_of(user(surroundings[f"{who}PolicyArn"])))
    answers = {name: answer_to(attempt) for name, attempt in attempts.items()}
    assert {name for name, code in answers.items() if code == "done"} == ALLOWED[who]
    assert set(answers.values()) <= {"done", *DENIED}, answers
    assert set().union(*ALLOWED.values()) <= set(attempts)


def test_a_topic_hears_only_alarms_with_its_prefix(stack, account):
    """The topic's policy decides, not that somebody writes its ARN into an alarm."""
    watch = boto3.client("cloudwatch")
    alarm = {
        "Namespace": ELSEWHERE,
        "MetricName": "x",
        "Statistic": "Sum",
        "Period": 60,
        "EvaluationPeriods": 1,
        "Threshold": 1,
        "ComparisonOperator": "GreaterThanThreshold",
        "AlarmActions": [stack["TopicArn"]],
        "OKActions": [stack["TopicArn"]],
    }
    foreign, own = ELSEWHERE, f"{stack['prefix']}of-our-own"
    for name in (foreign, own):
        watch.put_metric_alarm(AlarmName=name, **alarm)
        watch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="tried")
    assert account.inbox.wait("sms", lambda sms: own in sms["body"])
    assert not [sms for sms in account.inbox.sms() if foreign in sms["body"]]
    told = watch.describe_alarm_history(AlarmName=foreign, HistoryItemType="Action")
    summaries = [item["HistorySummary"] for item in told["AlarmHistoryItems"]]
    assert summaries == [f"Failed to execute action {stack['TopicArn']}"]
    watch.delete_alarms(AlarmNames=[foreign, own])


def test_no_policy_is_longer_than_aws_takes(stack):
    """6,144 characters without white space ("IAM and AWS STS quotas", IAM User Guide)."""
    iam = boto3.client("iam")
    for who in ALLOWED:
        version = iam.get_policy_version(PolicyArn=stack[f"{who}PolicyArn"], VersionId="v1")
        document = version["PolicyVersion"]["Document"]
        assert len(json.dumps(document, separators=(",", ":"))) < 6144


def test_a_deployer_can_deploy_change_and_remove_with_their_policy_alone(
    as_root, user, prefix, monkeypatch
):
    """CloudFormation here acts as root once it is asked; on AWS as the caller. The list of what it
    then needs is checked against its own resource handlers in test_template.py."""
    text = (ROOT / "infra" / "deployer-policy.json").read_text("utf-8").replace("PREFIX", prefix)
    iam = boto3.client("iam")
    policy = iam.create_policy(PolicyName=f"{prefix}deployer", PolicyDocument=text)["Policy"]
    for name, value in user(policy["Arn"]).items():
        monkeypatch.setenv(name, value)
    boto3.setup_default_session()
    made = infra.deploy(prefix, Email="ana@example.com")
    assert infra.deploy(prefix, MaxLag=3) == made
    assert len(infra.left(prefix)) == 8
    with pytest.raises(ClientError, match="AccessDenied"):
        boto3.client("s3").put_object(Bucket=made["BucketName"], Key="k", Body=b"1")
    assert infra.remove(prefix) == 0
    assert infra.left(prefix) == {}
    with pytest.raises(LabError, match="not authorized to perform: cloudformation:"):
        infra.deploy(f"b-{prefix}")
    attempts = {
        "a user": lambda: boto3.client("iam").create_user(UserName="mine"),
        "a policy": lambda: boto3.client("iam").create_policy(
            PolicyName="mine", PolicyDocument=text
        ),
        "rights": lambda: boto3.client("iam").attach_user_policy(
            UserName=f"{prefix}u0", PolicyArn=policy["Arn"]
        ),
        "a topic": lambda: boto3.client("sns").create_topic(Name="mine"),
    }
    assert {answer_to(attempt) for attempt in attempts.values()} <= DENIED
