"""`python -m helpers clean`: one thing of every kind, gone with a receipt; another's things stay."""

from __future__ import annotations

import json
from types import SimpleNamespace

import boto3
import pytest
from confluent_kafka import Consumer, Producer, ShareConsumer
from confluent_kafka.admin import (
    AclBinding,
    AclOperation,
    AclPermissionType,
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewTopic,
    ResourcePatternType,
    ResourceType,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialUpsertion,
)
from confluent_kafka.schema_registry import Schema, SchemaReference, SchemaRegistryClient

from helpers import clean_command, infra
from helpers.__main__ import main
from helpers.clean import Sweep
from helpers.lab import start_lab
from helpers.local import shared

SCRAM = "listener.name.client.scram-sha-256.sasl.jaas.config"
BROKER = {
    "listener.name.client.sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-256",
    SCRAM: "org.apache.kafka.common.security.scram.ScramLoginModule required;",
}
POLICY = {"Version": "2012-10-17", "Statement": []}
ALLOW = {"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}
ALARM = {
    "Namespace": "n",
    "MetricName": "m",
    "Statistic": "Sum",
    "Period": 60,
    "EvaluationPeriods": 1,
    "Threshold": 1,
    "ComparisonOperator": "GreaterThanThreshold",
}
KINDS = [
    "group",
    "topic",
    "ACL",
    "SCRAM user",
    "subject",
    "stack",
    "composite alarm",
    "alarm",
    "dashboard",
    "metric filter",
    "log group",
    "subscription",
    "SNS topic",
    "bucket",
    "IAM user",
    "IAM policy",
]


@pytest.fixture(scope="module")
def lab():
    """Everything, with keys and an authorizer."""
    lab = start_lab(secure=True, registry=True, aws=True, broker_config=BROKER, quiet=True)
    yield lab
    lab.stop()


def make_kafka(lab, p: str) -> None:
    """Topics (with records), a group of each type with settings, a rule, a user."""
    kafka = {**lab.kafka, "log_level": 0}
    admin = AdminClient(kafka)
    names = [f"{p}t", f"dlq.{p}t"]
    for made in admin.create_topics([NewTopic(name, 1, -1) for name in names]).values():
        made.result(30)
    with Producer(kafka) as producer:
        producer.produce(f"{p}t", b"x")
    reader = {**kafka, "group.id": f"{p}group", "auto.offset.reset": "earliest"}
    with Consumer(reader) as consumer:
        consumer.subscribe([f"{p}t"])
        assert consumer.poll(30) is not None
    entry = ConfigEntry(
        "share.auto.offset.reset", "earliest", incremental_operation=AlterConfigOpType.SET
    )
    share = ConfigResource(ResourceType.GROUP, f"{p}share", incremental_configs=[entry])
    admin.incremental_alter_configs([share])[share].result(30)
    with ShareConsumer({**kafka, "group.id": f"{p}share"}) as consumer:
        consumer.subscribe([f"{p}t"])
        consumer.poll(1)
    rule = AclBinding(
        ResourceType.TOPIC,
        p,
        ResourcePatternType.PREFIXED,
        f"User:{p}key",
        "*",
        AclOperation.READ,
        AclPermissionType.ALLOW,
    )
    admin.create_acls([rule])[rule].result(30)
    info = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_256, 4096)
    user = UserScramCredentialUpsertion(f"{p}key", info, b"secret")
    admin.alter_user_scram_credentials([user])[f"{p}key"].result(30)


def make_subjects(lab, p: str) -> None:
    """One that another refers to, and one that is only marked as deleted."""
    registry = SchemaRegistryClient(lab.registry)
    inner = '{"type": "record", "name": "In", "fields": [{"name": "a", "type": "int"}]}'
    outer = '{"type": "record", "name": "Out", "fields": [{"name": "i", "type": "In"}]}'
    registry.register_schema(f"{p}a", Schema(inner, "AVRO"))
    reference = SchemaReference("In", f"{p}a", 1)
    registry.register_schema(f"{p}b", Schema(outer, "AVRO", [reference]))
    registry.register_schema(f"{p}soft", Schema('"string"', "AVRO"))
    registry.delete_subject(f"{p}soft")


def make_aws(p: str) -> None:
    """The stack, and one more of each kind beside it."""
    s3, logs, watch = (boto3.client(name) for name in ("s3", "logs", "cloudwatch"))
    sns, iam = boto3.client("sns"), boto3.client("iam")
    infra.deploy(p, Phone="+15550100100")
    s3.put_object(Bucket=infra.bucket_of(p), Key="topic=x/1", Body=b"1")
    s3.create_bucket(Bucket=f"{p}bucket")
    s3.put_bucket_versioning(Bucket=f"{p}bucket", VersioningConfiguration={"Status": "Enabled"})
    for _ in range(2):
        s3.put_object(Bucket=f"{p}bucket", Key="k", Body=b"1")
    logs.create_log_group(logGroupName=f"{p}log")
    change = {"metricName": "m", "metricNamespace": "n", "metricValue": "1"}
    logs.put_metric_filter(
        logGroupName=f"{p}log",
        filterName="f",
        filterPattern="x",
        metricTransformations=[change],
    )
    watch.put_metric_alarm(AlarmName=f"{p}alarm", **ALARM)
    watch.put_composite_alarm(AlarmName=f"{p}any", AlarmRule=f"ALARM({p}alarm)")
    watch.put_dashboard(DashboardName=f"{p}board", DashboardBody='{"widgets": []}')
    topic = sns.create_topic(Name=f"{p}topic")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sms", Endpoint="+15550100100")
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="ana@example.com")
    text = json.dumps({**POLICY, "Statement": [ALLOW]})
    made = iam.create_policy(PolicyName=f"{p}policy", PolicyDocument=text)["Policy"]["Arn"]
    iam.create_user(UserName=f"{p}user")
    iam.attach_user_policy(UserName=f"{p}user", PolicyArn=made)
    iam.put_user_policy(UserName=f"{p}user", PolicyName="own", PolicyDocument=text)
    iam.create_access_key(UserName=f"{p}user")


@pytest.fixture(scope="module")
def made(lab):
    """One of each kind for two people."""
    for prefix in ("ana-", "luis-"):
        make_kafka(lab, prefix)
        make_subjects(lab, prefix)
        make_aws(prefix)


@pytest.fixture
def here(lab, monkeypatch):
    """The command finds the lab of these tests."""
    state = {"registry": lab.registry}
    monkeypatch.setattr(shared, "need", lambda: state)
    monkeypatch.setattr("helpers.lab.start_lab", lambda *a, **k: lab)
    return lab


def sweep(lab, prefix: str) -> Sweep:
    return Sweep(prefix, lab.kafka, lab.registry, aws=True, scram=True)


def test_all_of_one_prefix_goes_and_anothers_stays(made, here, capsys):
    before = sweep(here, "luis-").find()
    assert list(before) == KINDS
    assert main(["clean", "--prefix", "ana-", "--dry-run"]) == 0
    assert "a dry run: nothing was deleted" in capsys.readouterr().out
    assert list(sweep(here, "ana-").find()) == KINDS

    assert main(["clean", "--prefix", "ana-"]) == 1  # nobody there to be asked
    assert "--yes" in capsys.readouterr().err
    assert main(["clean", "--prefix", "ana-", "--yes"]) == 0
    out = capsys.readouterr().out
    assert "asked again: nothing left" in out
    assert all(f" {kind} " in out for kind in KINDS)

    after = sweep(here, "ana-")
    assert (after.find(), after.unasked) == ({}, {})
    assert sweep(here, "luis-").find() == before
    share = ConfigResource(ResourceType.GROUP, "ana-share")
    admin = AdminClient({**here.kafka, "log_level": 0})
    settings = admin.describe_configs([share])[share].result(30)
    assert settings["share.auto.offset.reset"].value == "latest"  # its settings went, too
    assert main(["clean", "--prefix", "ana-", "--yes"]) == 0
    assert "nothing here begins with 'ana-'" in capsys.readouterr().out


def test_a_no_deletes_nothing(here, monkeypatch, capsys):
    name = "eva-t"
    admin = AdminClient({**here.kafka, "log_level": 0})
    admin.create_topics([NewTopic(name, 1, -1)])[name].result(30)
    monkeypatch.setattr(clean_command.sys, "stdin", SimpleNamespace(isatty=lambda: True))
    monkeypatch.setattr("builtins.input", lambda _question: "no")
    assert main(["clean", "--prefix", "eva-"]) == 1
    assert "nothing was deleted" in capsys.readouterr().out
    monkeypatch.setattr("builtins.input", lambda _question: "yes")
    assert main(["clean", "--prefix", "eva-"]) == 0


def test_no_prefix_on_the_cloud_is_refused(capsys):
    assert main(["clean", "--target", "cloud"]) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "--prefix ana-" in said


def test_what_may_not_be_listed_is_said(here):
    app = Sweep("ana-", here.kafka_app)
    assert app.find() == {}
    assert list(app.unasked) == ["ACL"]
