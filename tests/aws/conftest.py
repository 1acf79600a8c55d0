"""One stand-in for all tests of this folder, and the alarms that need time, staged at its start."""

from __future__ import annotations

import itertools
import time
import urllib.request
from types import SimpleNamespace

import pytest

from tests.aws.support import Queue, milliseconds, put, put_alarm, running

_serial = itertools.count()


@pytest.fixture(scope="session")
def stand_in(tmp_path_factory):
    with running(tmp_path_factory.mktemp("aws")) as found:
        yield found


@pytest.fixture
def aws(stand_in):
    """aws("s3") is a boto3 client, aws("s3", "eu-west-1") one elsewhere."""
    return stand_in.client


@pytest.fixture
def unique():
    """A name that no other test uses."""
    return f"t{next(_serial)}"


@pytest.fixture
def inbox(stand_in):
    return stand_in.inbox


@pytest.fixture
def queue(aws):
    return lambda name: Queue(aws("sqs"), name)


@pytest.fixture
def stream(aws, unique):
    """put(messages or events) into a stream of its own; `put.group` is its group."""
    logs, group = aws("logs"), f"/test/{unique}"
    logs.create_log_group(logGroupName=group)
    logs.create_log_stream(logGroupName=group, logStreamName="s")

    def put(*events: str | dict) -> dict:
        whole = [
            e if isinstance(e, dict) else {"timestamp": milliseconds(), "message": e}
            for e in events
        ]
        return logs.put_log_events(logGroupName=group, logStreamName="s", logEvents=whole)

    put.group = group
    return put


@pytest.fixture(scope="session", autouse=True)
def timeline(stand_in):
    """Alarms whose states change by themselves while the other tests run (see test_timeline.py)."""
    cloudwatch, sns, space = stand_in.client("cloudwatch"), stand_in.client("sns"), "Timeline"
    topic = sns.create_topic(Name="timeline")["TopicArn"]
    found = Queue(stand_in.client("sqs"), "timeline")
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=found.arn)
    sns.subscribe(TopicArn=topic, Protocol="sms", Endpoint="+15550100100")
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="timeline@example.com")
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="silent@example.com")
    try:
        url = stand_in.inbox.confirmation_url("timeline@example.com", seconds=3)
        urllib.request.urlopen(url).close()
    except TimeoutError:
        pass  # plain MiniStack: the tests say so
    every = {
        "AlarmActions": [topic],
        "OKActions": [topic],
        "InsufficientDataActions": [topic],
    }
    left = 10 - time.time() % 10
    if left < 3:  # the data below must not straddle two ten-second periods
        time.sleep(left)
    moment = time.time()
    put(cloudwatch, space, "burst", 500, moment)
    put(cloudwatch, space, "wave", 500, moment)
    for later in (10, 20):
        put(cloudwatch, space, "wave", 10, moment + later)
    put(cloudwatch, space, "host", 500, moment, Host="loud")
    put(cloudwatch, space, "host", 1, moment, Host="quiet")
    put_alarm(cloudwatch, space, "falls", "burst", **every)
    put_alarm(cloudwatch, space, "starves", "burst", TreatMissingData="missing", **every)
    put_alarm(cloudwatch, space, "holds", "burst", TreatMissingData="ignore", **every)
    put_alarm(cloudwatch, space, "recovers", "wave", **every)
    put_alarm(cloudwatch, space, "muted", "burst", ActionsEnabled=False, **every)
    for name in ("loud", "quiet"):
        dimensions = [{"Name": "Host", "Value": name}]
        put_alarm(cloudwatch, space, name, "host", Dimensions=dimensions, **every)
    return SimpleNamespace(topic=topic, queue=found, cloudwatch=cloudwatch)
