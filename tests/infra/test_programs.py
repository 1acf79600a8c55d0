"""Each program as a process under the key of a user who has its policy and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import boto3
import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient

from helpers.pipeline.events import generate
from helpers.pipeline.topics import create_topics
from tests.infra.service import running
from tests.sink.support import events, look, s3_objects

RECORDS, POISON = 300, b'{"type": "login"'


@pytest.fixture
def environment(secure_kafka, clean_environment):
    """environment(variables of a user) is all that a process of theirs is told."""
    kafka = {name: value for name, value in secure_kafka.items() if name != "kafka"}
    no_file = {"AWS_CONFLUENT_ENV": "/there/is/no/such/file"}
    return lambda variables: {**clean_environment, **kafka, **variables, **no_file}


@pytest.fixture
def sent(secure_kafka, prefix):
    """The topics of a learner, 300 events in one of them: how many came to which partition."""
    admin = AdminClient(secure_kafka["kafka"])
    create_topics(admin, prefix=prefix)
    producer, placed = Producer({**secure_kafka["kafka"], "log_level": 0}), set()

    def note(error, message):
        assert error is None, error
        placed.add((message.partition(), message.offset()))

    topic = f"{prefix}estudiante-eventos"
    for event in events()[:RECORDS]:
        producer.produce(topic, event.value_bytes, event.key_bytes, on_delivery=note)
    producer.produce(topic, POISON, b"E000001")
    assert producer.flush(60) == 0
    return placed


def test_the_sink_under_its_own_key(stack, user, environment, sent, prefix):
    s3, bucket = boto3.client("s3"), stack["BucketName"]
    argv = ["sink", bucket, "--target", "cloud", "--prefix", prefix, "--age", "1"]
    with running(argv, environment(user(stack["SinkPolicyArn"]))) as sink:
        sink.until(lambda: set(look(s3_objects(s3, bucket))) == sent)
        assert sink.finish() == 0, sink.text
        assert f"stopped: {RECORDS + 1} records" in sink.text
    assert set(look(s3_objects(s3, bucket)).values()) == {1}
    keys = {item["Key"].partition("/")[0] for item in s3.list_objects_v2(Bucket=bucket)["Contents"]}
    assert keys == {f"topic={prefix}estudiante-eventos", "_plans"}


@pytest.mark.soak
def test_the_sink_under_anothers_key_stops_with_one_line(stack, user, environment, sent, prefix):
    argv = ["sink", stack["BucketName"], "--target", "cloud", "--prefix", prefix]
    with running(argv, environment(user(stack["ProducerPolicyArn"]))) as sink:
        assert sink.process.wait(60) == 1
        (line,) = sink.text.splitlines()
    assert line.startswith("access denied to _plans/")
    assert "the sink needs s3:PutObject, s3:GetObject and s3:ListBucket" in line
    assert boto3.client("s3").list_objects_v2(Bucket=stack["BucketName"])["KeyCount"] == 0


@pytest.mark.soak
def test_the_monitor_under_its_own_key(stack, user, environment, sent, prefix):
    watch, logs, space = boto3.client("cloudwatch"), boto3.client("logs"), stack["MetricNamespace"]
    topic = [{"Name": "Topic", "Value": f"{prefix}estudiante-eventos"}]

    def total(metric: str, dimensions: list[dict]) -> float:
        now = datetime.now(UTC)
        found = watch.get_metric_statistics(
            Namespace=space,
            MetricName=metric,
            Dimensions=dimensions,
            StartTime=now - timedelta(minutes=10),
            EndTime=now + timedelta(minutes=1),
            Period=60,
            Statistics=["SampleCount" if metric == "EndToEndLatency" else "Sum"],
        )
        return sum(p.get("Sum", p.get("SampleCount")) for p in found["Datapoints"])

    argv = ["monitor", "--target", "cloud", "--prefix", prefix, "--every", "1", "--resolution", "1"]
    with running(argv, environment(user(stack["MonitorPolicyArn"]))) as monitor:
        monitor.until(lambda: total("EndToEndLatency", topic) == RECORDS + 1)
        monitor.until(lambda: total("Malformed", topic) == 1)
        monitor.until(lambda: total("Heartbeat", []) > 0)
        lines = {"logGroupName": stack["LogGroupName"], "filterPattern": "malformed"}
        monitor.until(lambda: logs.filter_log_events(**lines)["events"])
        assert monitor.finish() == 0, monitor.text
        assert "AccessDenied" not in monitor.text
    group = logs.describe_log_groups(logGroupNamePrefix=stack["LogGroupName"])["logGroups"][0]
    assert group["retentionInDays"] == 30  # the stack's, not the monitor's


@pytest.mark.soak
def test_the_notifier_under_its_own_key(
    stack, user, environment, sent, secure_kafka, account, prefix
):
    error = next(e for e in generate(7) if e.value.get("level") == "CRITICAL")
    producer = Producer({**secure_kafka["kafka"], "log_level": 0})
    producer.produce(f"{prefix}sistema-logs", error.value_bytes, error.key_bytes)
    assert producer.flush(60) == 0
    before = len(account.inbox.sms())
    argv = ["notify", "--target", "cloud", "--prefix", prefix, "--bucket", stack["BucketName"]]
    argv += ["--sns-topic", stack["TopicArn"]]
    with running(argv, environment(user(stack["NotifierPolicyArn"]))) as notify:
        notify.until(lambda: len(account.inbox.sms()) > before)
        listed = {"Bucket": stack["BucketName"], "Prefix": f"{prefix}historial/type="}
        notify.until(lambda: boto3.client("s3").list_objects_v2(**listed)["KeyCount"] == 1)
        assert notify.finish() == 0, notify.text
    assert error.value["message"].split()[0] in account.inbox.sms()[-1]["body"]
