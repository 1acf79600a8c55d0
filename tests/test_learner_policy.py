"""`infra/learner-policy.json` is enough for lesson 01 and no more: tried as a user who has only that."""

from __future__ import annotations

import boto3
import pytest
from botocore.exceptions import ClientError

from helpers.config import ROOT
from helpers.run import run_lessons

PREFIX = "ana-"


@pytest.fixture
def learner(cloud_lab, monkeypatch):
    """A user of the cloud's AWS with the policy for PREFIX; this process acts as that user."""
    iam = boto3.client("iam")
    text = (ROOT / "infra" / "learner-policy.json").read_text().replace("PREFIX", PREFIX)
    policy = iam.create_policy(PolicyName="lessons", PolicyDocument=text)["Policy"]["Arn"]
    iam.create_user(UserName="aulas")
    iam.attach_user_policy(UserName="aulas", PolicyArn=policy)
    key = iam.create_access_key(UserName="aulas")["AccessKey"]
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])
    yield key["UserName"]
    monkeypatch.undo()


@pytest.mark.soak
def test_lesson_01_runs_under_the_policy_and_nothing_else_does(learner, tmp_path):
    parameters = {"target": "cloud", "prefix": PREFIX}
    assert run_lessons("01", out=tmp_path, parameters=parameters) == 0
    session = boto3.Session()  # a new one: the default one still has the administrator's keys
    refused = {
        "another's bucket": lambda: session.client("s3").create_bucket(
            Bucket="luis-lago",
            CreateBucketConfiguration={"LocationConstraint": "eu-west-1"},
        ),
        "a user": lambda: session.client("iam").create_user(UserName="another"),
        "a topic": lambda: session.client("sns").create_topic(Name="alerts"),
        "an alarm": lambda: session.client("cloudwatch").delete_alarms(AlarmNames=["x"]),
    }
    for what, attempt in refused.items():
        with pytest.raises(ClientError) as error:
            attempt()
        assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403, what
