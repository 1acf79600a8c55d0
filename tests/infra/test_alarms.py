"""The stack's five alarms, side by side: they go off, people are told, they calm down."""

from __future__ import annotations

import time
import urllib.request
from datetime import UTC, datetime

import boto3
import pytest

from helpers import infra
from tests.aws.support import until

QUIET, LOUD = 1, 1_000_000
PHONE = "+15550100177"
ALL = {"critical-errors", "slow", "lag", "no-heartbeat", "dead-letters"}


def datum(name: str, value: float, at: float, **dimensions: str) -> dict:
    return {
        "MetricName": name,
        "Value": value,
        "Timestamp": datetime.fromtimestamp(at, UTC),
        "StorageResolution": 1,
        "Dimensions": [{"Name": n, "Value": v} for n, v in dimensions.items()],
    }


def what_a_monitor_says(prefix: str, trouble: bool) -> list[dict]:
    """The last three whole periods of ten seconds, as a monitor would have put them."""
    end = time.time() // 10 * 10
    topic = f"{prefix}estudiante-eventos"
    level = LOUD if trouble else QUIET
    data = []
    for at in (end - 25, end - 15, end - 5):
        data += [
            datum("Errors", 2 * trouble, at, Severity="CRITICAL"),
            datum("EndToEndLatency", level, at, Topic=topic),
            datum("ConsumerLag", level, at, Group=f"{prefix}s3-sink", Topic=topic),
            datum("Malformed", 0, at, Topic=topic),
            datum("Malformed", 1 * trouble, at, Topic=f"{prefix}sistema-logs"),
            datum("Heartbeat", 1, at),
        ]
    return data


def states(names: list[str]) -> dict[str, str]:
    found = boto3.client("cloudwatch").describe_alarms(AlarmNames=names)["MetricAlarms"]
    return {alarm["AlarmName"].partition("aula-")[2]: alarm["StateValue"] for alarm in found}


ALL = {"critical-errors", "slow", "lag", "no-heartbeat", "dead-letters"}


def put(prefix: str, trouble: bool) -> None:
    boto3.client("cloudwatch").put_metric_data(
        Namespace=f"{prefix}AulaStreaming", MetricData=what_a_monitor_says(prefix, trouble)
    )


@pytest.fixture
def watched(as_root, account, prefix):
    """The names of a stack's alarms, all of them calm; its address has been confirmed."""
    # Data first: without a monitor the heartbeat's alarm would go off at once, rightly.
    put(prefix, trouble=False)
    made = infra.deploy(prefix, Email=f"{prefix}@example.com", Phone=PHONE, AlarmPeriod=10)
    urllib.request.urlopen(account.inbox.confirmation_url(f"{prefix}@example.com")).close()
    names = made["AlarmNames"].split(",")
    until(lambda: states(names) == dict.fromkeys(ALL, "OK"), 20, "all is well")
    yield names
    infra.remove(prefix)


def arrived(inbox, prefix: str, title: str) -> None:
    """A mail and an SMS that begin with `title`."""
    address = f"{prefix}@example.com"
    inbox.wait("mail", lambda mail: mail["subject"].startswith(title), 10, to=address)
    inbox.wait("sms", lambda sms: sms["body"].startswith(title), 10, to=PHONE)


def test_alarms_go_off_side_by_side_and_people_hear_of_each(watched, account, prefix):
    put(prefix, trouble=True)
    expected = {**dict.fromkeys(ALL, "ALARM"), "no-heartbeat": "OK"}
    until(lambda: states(watched) == expected, 20, "four go off")
    for what in ALL - {"no-heartbeat"}:
        arrived(account.inbox, prefix, f'ALARM: "{prefix}aula-{what}"')


@pytest.mark.soak
def test_silence_is_an_alarm_and_errors_that_are_over_are_none(watched, account, prefix):
    put(prefix, trouble=True)
    until(lambda: states(watched)["critical-errors"] == "ALARM", 20, "errors are seen")
    expected = {"no-heartbeat": "ALARM", "critical-errors": "OK", "dead-letters": "OK"}
    until(lambda: expected.items() <= states(watched).items(), 60, "silence is noticed")
    for title in (f'ALARM: "{prefix}aula-no-heartbeat"', f'OK: "{prefix}aula-critical-errors"'):
        arrived(account.inbox, prefix, title)
