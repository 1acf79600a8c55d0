"""SNS in trouble: throttling, failing, breaking off, gone, forbidden. What is definite, what not."""

from __future__ import annotations

import json
import threading

import pytest

from helpers.errors import LabError
from helpers.pipeline.notify import Notify, Settings
from helpers.pipeline.notify_sns import NotifyStopped, Publisher, Refused, Unknown, publish
from helpers.pipeline.notify_texts import of_mark
from tests.notify.rig import HASTE, marks
from tests.notify.spoil import proxy

ATTEMPTS = 3


def publisher(rig, environment=None, keys=None, attempts: int = ATTEMPTS) -> Publisher:
    aws = {**rig.servers.aws, **(environment or {}), **(keys or {})}
    return Publisher(
        rig.arn,
        attempts,
        endpoint_url=aws["AWS_ENDPOINT_URL"],
        aws_access_key_id=aws["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=aws["AWS_SECRET_ACCESS_KEY"],
        region_name=aws["AWS_DEFAULT_REGION"],
    )


def service(rig, sns: Publisher) -> Notify:
    settings = Settings(
        rig.bucket,
        rig.arn,
        rig.output,
        rig.logs,
        group=f"{rig.name}-notify",
        per_second=1000,
        kafka=HASTE,
    )
    return Notify(settings, {**rig.servers.kafka, "log_level": 0}, rig.history().bucket, sns)


def work_off(rig, sns: Publisher) -> Notify:
    """Run until all is committed."""
    made = service(rig, sns)
    thread = threading.Thread(target=made.run)
    thread.start()
    try:
        rig.caught_up(rig.output, "notify")
    finally:
        made.stop()
        thread.join(30)
    return made


def ids(notifications) -> list[str]:
    return sorted(n.value["source_event_id"] for n in notifications)


def test_each_failure_is_told_apart(rig):
    """One claim each: refused for certain, or unknown. A throttled one is tried again at once."""
    heard, history = rig.queue(), rig.history()
    ways: list[str] = []
    cases = [
        (["429", "429"], None, 1),
        (["429"] * ATTEMPTS, Refused, 0),
        (["400"], Refused, 0),
        (["500"], Unknown, 0),
        (["503"], Unknown, 0),
        (["reset"], Unknown, 0),
        (["lost"], Unknown, 1),
    ]
    with proxy(rig, lambda: ways.pop(0) if ways else "") as between:
        sns = publisher(rig, between.environment)
        for (spoil, raised, times), mark in zip(cases, marks(), strict=False):
            [notification] = rig.notifications([mark])
            notice = of_mark(notification.value)
            ways[:] = spoil
            claim = history.claim(notice)
            assert claim is not None
            if raised is None:
                publish(history, sns, claim)
            else:
                with pytest.raises(raised):
                    publish(history, sns, claim)
            assert heard()[notice.event_id] == times, spoil
            again = history.claim(notice)  # granted after a certain refusal only
            assert (again is not None) == (raised is Refused), spoil
            assert ways == []
    states = [row.state for row in history.unsettled()]
    assert states.count("perhaps sent") == 4 + 2  # and two that this test has claimed again


def test_nobody_there_is_a_certain_refusal(rig):
    history = rig.history()
    sns = publisher(rig, {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}, attempts=2)
    claim = history.claim(of_mark(rig.notifications(marks(1))[0].value))
    with pytest.raises(Refused, match="not taken in 2 tries"):
        publish(history, sns, claim)


def test_a_limit_to_throttling_and_nothing_committed(rig):
    heard, some = rig.queue(), rig.notifications(marks(8))
    rig.produce(rig.output, some)
    with proxy(rig, lambda: "429") as between:
        with pytest.raises(NotifyStopped, match="nothing unsettled was committed: start it again"):
            service(rig, publisher(rig, between.environment)).run()
        assert between.spoilt == ["429"] * ATTEMPTS
    assert rig.lag(rig.output, "notify") == 8
    [row] = rig.history().unsettled()
    assert (row.state, row.why[:12]) == ("refused", "not taken in")
    assert work_off(rig, publisher(rig)).done == {"sent": 8}
    assert sorted(heard().elements()) == ids(some)
    assert rig.history().unsettled() == []


def test_an_outage_costs_three_and_a_person_hears_of_them(rig):
    heard, some = rig.queue(), rig.notifications(marks(10))
    rig.produce(rig.output, some)
    doubt = pytest.raises(NotifyStopped, match="3 notifications in a row were perhaps sent")
    with proxy(rig, lambda: "500") as between, doubt:
        service(rig, publisher(rig, between.environment)).run()
    left = {row.notice.event_id for row in rig.history().unsettled()}
    assert len(left) == 3
    assert work_off(rig, publisher(rig)).done == {"sent": 7, "repeated": 1}
    assert sorted([*heard().elements(), *left]) == ids(some)


def test_the_topic_is_gone(rig):
    rig.produce(rig.output, rig.notifications(marks(2)))
    sns = publisher(rig)
    sns.check()
    rig.servers.client("sns").delete_topic(TopicArn=rig.arn)
    made = service(rig, sns)
    sns.check = lambda: None  # it goes while notify runs
    with pytest.raises(NotifyStopped, match="create the SNS topic, or name another"):
        made.run()
    assert rig.lag(rig.output, "notify") == 2


def test_no_bucket(rig):
    rig.servers.client("s3").delete_bucket(Bucket=rig.bucket)
    with pytest.raises(NotifyStopped, match=f"bucket {rig.bucket} is gone"):
        service(rig, publisher(rig)).run()


def test_under_its_own_policy(rig):
    """Without sns:Publish it stops and says so; with it, it needs nothing that is not listed."""
    folder = f"arn:aws:s3:::{rig.bucket}/historial/*"
    rights = [
        {"Effect": "Allow", "Action": ["s3:PutObject", "s3:GetObject"], "Resource": folder},
        {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": f"arn:aws:s3:::{rig.bucket}"},
        {"Effect": "Allow", "Action": "sns:GetTopicAttributes", "Resource": rig.arn},
    ]
    publishing = {"Effect": "Allow", "Action": "sns:Publish", "Resource": rig.arn}
    iam = rig.servers.client("iam")
    iam.create_user(UserName=rig.name)
    key = iam.create_access_key(UserName=rig.name)["AccessKey"]
    keys = {
        "AWS_ACCESS_KEY_ID": key["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"],
    }
    heard, some = rig.queue(), rig.notifications(marks(3))
    rig.produce(rig.output, some)
    environment = {**rig.servers.environment, **keys}
    for allowed in (rights, [*rights, publishing]):
        policy = json.dumps({"Version": "2012-10-17", "Statement": allowed})
        iam.put_user_policy(UserName=rig.name, PolicyName="notify", PolicyDocument=policy)
        process = rig.notify(environment=environment)
        if allowed is rights:
            assert process.finish(None) == 1
            assert "it needs sns:Publish and sns:GetTopicAttributes" in process.text
        else:
            rig.caught_up(rig.output, "notify")
            assert process.finish() == 0, process.text
    assert sorted(heard().elements()) == ids(some)


def test_a_fifo_topic_is_refused_at_once():
    with pytest.raises(LabError, match="FIFO topic"):
        Publisher("arn:aws:sns:us-east-1:000000000000:t.fifo", region_name="us-east-1")
