"""What the tests of the AWS stand-in share: a running one, waiting, refusals."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from helpers.local import aws
from helpers.local.aws.inbox import Inbox

# Runs the tests against MiniStack without the completions: nearly all must fail then.
PLAIN = os.environ.get("AWS_STAND_IN_PLAIN") == "1"
REGION, ELSEWHERE = "us-east-1", "eu-west-1"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@dataclass
class StandIn:
    run: Path
    port: int
    smtp_port: int
    key: str
    secret: str
    process: subprocess.Popen
    started_in: float
    _clients: dict = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def inbox(self) -> Inbox:
        return Inbox(self.run)

    def client(self, service: str, region: str = REGION, keys: tuple | None = None):
        """A boto3 client; as the root user unless `keys` says otherwise."""
        if (service, region, keys) not in self._clients:
            key, secret, *token = keys or (self.key, self.secret)
            self._clients[service, region, keys] = boto3.client(
                service,
                region_name=region,
                endpoint_url=self.url,
                aws_access_key_id=key,
                aws_secret_access_key=secret,
                aws_session_token=token[0] if token else None,
                config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}),
            )
        return self._clients[service, region, keys]


@contextmanager
def running(run: Path, region: str = REGION) -> Iterator[StandIn]:
    """A stand-in of its own below `run`, killed at the end."""
    port, smtp_port = free_port(), free_port()
    key, secret = aws.new_keys()
    argv, env = aws.command(run, port, smtp_port, key, secret, region)
    if PLAIN:
        argv = [sys.executable, "-m", "ministack"]
    with (run / "aws.log").open("w") as log:
        begun = time.monotonic()
        process = subprocess.Popen(
            argv, env={**os.environ, **env}, cwd=run, stdout=log, stderr=subprocess.STDOUT
        )
    try:
        until(lambda: aws.ready(port) or process.poll() is not None, 20, "the server answers", 0.01)
        assert process.poll() is None, (run / "aws.log").read_text()
        yield StandIn(run, port, smtp_port, key, secret, process, time.monotonic() - begun)
    finally:
        process.kill()
        process.wait()


def until(condition: Callable[[], object], seconds: float, what: str, every: float = 0.1):
    """The condition's first true value; fails the test if none comes within `seconds`."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > deadline:
            pytest.fail(f"not within {seconds:g} s: {what}")
        time.sleep(every)
    return value


@contextmanager
def refused(code: str, *, message: str = "", status: int | None = None) -> Iterator[None]:
    """The call inside must be refused with exactly this error code of AWS."""
    with pytest.raises(ClientError) as caught:
        yield
    error = caught.value.response
    assert error["Error"]["Code"] == code, error["Error"]
    assert message in error["Error"]["Message"]
    assert error["ResponseMetadata"]["HTTPStatusCode"] in ({status} if status else {400, 403, 404})


def short(value: object) -> str:
    """A parameter's name in pytest's output."""
    return str(value)[:60]


def now() -> datetime:
    return datetime.now(UTC)


def milliseconds() -> int:
    return int(time.time() * 1000)


def event(age_ms: int, message: str = "m") -> dict:
    """A log event that happened `age_ms` milliseconds ago."""
    return {"timestamp": milliseconds() - age_ms, "message": message}


def put(cloudwatch, namespace: str, name: str, value: float, at: float | None = None, **dimensions):
    """One high-resolution data point, at Unix second `at`."""
    datum = {
        "MetricName": name,
        "Value": value,
        "Timestamp": datetime.fromtimestamp(at or time.time(), UTC),
        "StorageResolution": 1,
        "Dimensions": [{"Name": k, "Value": v} for k, v in dimensions.items()],
    }
    cloudwatch.put_metric_data(Namespace=namespace, MetricData=[datum])


def put_alarm(cloudwatch, namespace: str, name: str, metric: str, **changes) -> None:
    """A ten-second alarm: maximum above 100, missing data are fine. None drops a parameter."""
    wanted = {
        "AlarmName": name,
        "Namespace": namespace,
        "MetricName": metric,
        "Statistic": "Maximum",
        "Period": 10,
        "EvaluationPeriods": 1,
        "Threshold": 100,
        "ComparisonOperator": "GreaterThanThreshold",
        "TreatMissingData": "notBreaching",
        **changes,
    }
    cloudwatch.put_metric_alarm(**{k: v for k, v in wanted.items() if v is not None})


def state_of(cloudwatch, name: str) -> str:
    answer = cloudwatch.describe_alarms(
        AlarmNames=[name], AlarmTypes=["MetricAlarm", "CompositeAlarm"]
    )
    return (answer["MetricAlarms"] + answer["CompositeAlarms"])[0]["StateValue"]


class Queue:
    """An SQS queue that a topic, or EventBridge, may send to, and all that it received so far."""

    def __init__(self, sqs, name: str) -> None:
        self._sqs = sqs
        self.url = sqs.create_queue(QueueName=name)["QueueUrl"]
        attributes = sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=["QueueArn"])
        self.arn = attributes["Attributes"]["QueueArn"]
        allow = {
            "Effect": "Allow",
            "Principal": "*",
            "Action": "sqs:SendMessage",
            "Resource": self.arn,
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
        sqs.set_queue_attributes(QueueUrl=self.url, Attributes={"Policy": policy})
        self.bodies: list[str] = []

    def receive(self) -> list[str]:
        while found := self._sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10).get(
            "Messages"
        ):
            for message in found:
                self.bodies.append(message["Body"])
                self._sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
        return self.bodies

    def messages(self) -> list[dict]:
        """The SNS messages inside, decoded from JSON."""
        return [json.loads(json.loads(body)["Message"]) for body in self.receive()]
