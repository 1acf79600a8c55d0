"""CloudWatch in trouble: throttling, failing, breaking off, not there, forbidden. And kills."""

from __future__ import annotations

import json
import random
import signal
import time
from collections import Counter
from contextlib import contextmanager
from types import SimpleNamespace

import pytest

from helpers.pipeline.monitor import Monitor
from tests.monitor.rig import until
from tests.proxy import Proxy, Request, port_of

TROUBLE = ("throttle", "503", "500", "reset")
THROTTLED = json.dumps({"__type": "ThrottlingException", "message": "Rate exceeded"}).encode()
UNWELL = json.dumps({"__type": "InternalFailure", "message": "not now"}).encode()


def refusal(way: str) -> tuple[int, bytes]:
    return (400, THROTTLED) if way == "throttle" else (int(way), UNWELL)


@contextmanager
def proxy(rig, way):
    """`way(service)` says how to spoil a request to "monitoring" or "logs"; `did` counts."""
    did: Counter[tuple[str, str]] = Counter()

    def spoil(request: Request) -> str:
        service = request.headers["Authorization"].split("/")[3]
        what = way(service)
        did[service, what] += 1
        return what

    made = Proxy(port_of(rig.servers.aws), spoil, refusal)
    try:
        yield SimpleNamespace(did=did, environment=made.environment)
    finally:
        made.close()


def stopped(monitor, *words: str) -> None:
    assert monitor.finish(None) == 1, monitor.text
    last = monitor.text.strip().splitlines()[-1]
    assert last.startswith("STOPPED ")
    for word in words:
        assert word in last
    assert "Traceback" not in monitor.text


def test_throttling_errors_and_broken_connections(rig):
    dice = random.Random(3)
    with proxy(rig, lambda service: dice.choice(TROUBLE) if dice.random() < 0.4 else "") as between:
        monitor = rig.monitor(between.environment)
        for _ in range(3):
            rig.produce(300, poison=3)
            rig.wait_until_committed()
        assert monitor.finish() == 0, monitor.text
        assert sum(n for (_, way), n in between.did.items() if way) >= 2
    rig.prove()
    assert len(rig.lines()) == sum(rig.errors.values()) + 9


def test_an_outage_is_said_once_and_nothing_is_lost(rig):
    ill = True
    with proxy(rig, lambda service: random.choice(TROUBLE) if ill else "") as between:
        monitor = rig.monitor(between.environment)
        rig.produce(500)
        monitor.wait_for("CloudWatch takes no data")
        monitor.wait_for("CloudWatch Logs takes no data")
        rig.produce(500)
        assert rig.committed() == {}
        ill = False
        rig.wait_until_committed()
        assert monitor.finish() == 0, monitor.text
    for words in ("CloudWatch takes", "CloudWatch Logs takes"):
        assert monitor.text.count(f"{words} no data") == 1
        assert monitor.text.count(f"{words} data again") == 1
    rig.prove()
    assert len(rig.lines()) == sum(rig.errors.values())


def test_it_gives_up_and_has_committed_nothing(rig):
    rig.produce(100)
    monitor = rig.monitor({"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}, give_up_s=1, log_group=None)
    stopped(monitor, "CloudWatch has taken no data for 1 s", "is not committed")
    assert rig.committed() == {}


def keys_with(rig, *statements: dict) -> dict[str, str]:
    iam, name = rig.servers.client("iam"), f"{rig.prefix}monitor"
    iam.create_user(UserName=name)
    document = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", **s} for s in statements],
    }
    iam.put_user_policy(UserName=name, PolicyName="monitor", PolicyDocument=json.dumps(document))
    made = iam.create_access_key(UserName=name)["AccessKey"]
    return {
        "AWS_ACCESS_KEY_ID": made["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": made["SecretAccessKey"],
    }


def metrics(rig) -> dict:
    own = {"cloudwatch:namespace": f"{rig.prefix}AulaStreaming"}
    return {
        "Action": "cloudwatch:PutMetricData",
        "Resource": "*",
        "Condition": {"StringEquals": own},
    }


def group_arn(rig) -> str:
    return f"arn:aws:logs:*:*:log-group:{rig.prefix}eventos:*"


def test_metrics_denied(rig):
    rig.produce(100)
    everything_else = {"Action": "logs:*", "Resource": "*"}
    monitor = rig.monitor(keys_with(rig, everything_else))
    stopped(monitor, "access denied", "cloudwatch:PutMetricData", f"{rig.prefix}AulaStreaming")
    assert rig.committed() == {}


@pytest.mark.soak
def test_another_namespace_is_denied_and_so_are_lines(rig):
    rig.produce(300)
    keys = keys_with(rig, metrics(rig))
    monitor = rig.monitor(keys, namespace="Other", log_group=None)
    stopped(monitor, "access denied", f"{rig.prefix}Other")
    stopped(rig.monitor(keys), "access denied", "logs:CreateLogStream", f"{rig.prefix}eventos")


def test_three_permissions_are_enough(rig):
    rig.servers.client("logs").create_log_group(logGroupName=f"{rig.prefix}eventos")
    lines = {"Action": ["logs:CreateLogStream", "logs:PutLogEvents"], "Resource": group_arn(rig)}
    rig.produce(400, poison=3)
    monitor = rig.monitor(keys_with(rig, metrics(rig), lines))
    rig.wait_until_committed()
    assert monitor.finish() == 0, monitor.text
    rig.prove()
    assert len(rig.lines()) == sum(rig.errors.values()) + 3


@pytest.mark.soak
def test_wrong_keys(rig):
    stopped(rig.monitor({"AWS_SECRET_ACCESS_KEY": "x" * 40}), "AWS does not know these credentials")


@pytest.mark.soak
def test_a_log_group_deleted_while_it_works(rig):
    logs, group = rig.servers.client("logs"), f"{rig.prefix}eventos"
    monitor = rig.monitor()
    rig.produce(200, poison=3)
    rig.wait_until_committed()
    until(lambda: rig.lines())
    logs.delete_log_group(logGroupName=group)
    rig.produce(0, poison=3)
    rig.wait_until_committed()
    assert monitor.finish() == 0, monitor.text
    assert len(rig.lines()) == 3


@pytest.mark.soak
def test_killed_before_cloudwatch_has_it_nothing_is_missing(rig):
    with proxy(rig, lambda service: "503") as between:
        monitor = rig.monitor(between.environment, log_group=None, instance="one")
        rig.produce(300)
        monitor.wait_for("CloudWatch takes no data")
        monitor.finish(signal.SIGKILL)
    monitor = rig.monitor(log_group=None, instance="one")
    rig.wait_until_committed()
    assert monitor.finish() == 0, monitor.text
    rig.prove()


def test_killed_between_put_and_commit_everything_counts_twice(rig, here):
    """The promise is at least once; this is the moment at which it is more than once."""

    class Killed(Monitor):
        def _commit(self, asynchronous: bool) -> None:
            pass

    rig.produce(300, poison=3)
    every = sum(rig.processed.values()) + 3
    for kind in (Killed, Monitor):
        with kind(here(), rig.servers.kafka) as monitor:
            until(lambda: monitor.snapshot().records == every)
    twice = [Counter({key: 2 * n for key, n in ledger.items()}) for ledger in rig.ledger()]
    assert list(rig.totals()) == twice
    assert rig.committed() == rig.ends


@pytest.mark.soak
def test_a_second_process_takes_its_share_and_nothing_counts_twice(rig):
    first = rig.monitor()
    rig.produce(400)
    rig.wait_until_committed()
    second = rig.monitor()
    second.wait_for("took over")
    rig.produce(800)
    rig.wait_until_committed()
    assert first.finish() == 0, first.text
    rig.produce(200)
    rig.wait_until_committed()
    assert second.finish() == 0, second.text
    assert "DONE 0" not in second.text
    rig.prove()


@pytest.mark.soak
def test_killed_at_random_moments(rig):
    """Never less than was produced; more only by what a kill can repeat."""
    dice, kills = random.Random(9), 0
    with proxy(rig, lambda service: "lost" if dice.random() < 0.05 else "") as between:
        deadline = time.monotonic() + 25
        while time.monotonic() < deadline:
            monitor = rig.monitor(between.environment, instance="one")
            rig.produce(200, poison=3)
            monitor.wait_for("took over")
            time.sleep(dice.random())
            rig.produce(200)
            time.sleep(dice.random() * 1.5)
            monitor.finish(signal.SIGKILL)
            kills += 1
    monitor = rig.monitor(instance="one")
    monitor.wait_for("took over")
    rig.wait_until_committed()
    assert monitor.finish() == 0, monitor.text
    assert kills >= 5
    for ledger, found in zip(rig.ledger(), rig.totals(), strict=True):
        assert all(found[key] >= n for key, n in ledger.items())
        assert found.total() <= 2 * ledger.total()
    print(kills, "kills;", rig.ledger()[0].total(), "records,", rig.totals()[0].total(), "counted")


@pytest.mark.soak
def test_the_end_while_cloudwatch_is_away(rig):
    with proxy(rig, lambda service: "throttle") as between:
        monitor = rig.monitor(between.environment)
        rig.produce(300)
        monitor.wait_for("CloudWatch takes no data")
        monitor.send(signal.SIGTERM)
        stopped(monitor, "CloudWatch did not take the last", "the next start counts them again")
    assert rig.committed() == {}
