"""`infra/learner-policy.json` is enough for the lessons (`notebooks/test_runs.py`) and no more."""

from __future__ import annotations

import boto3
import pytest
from botocore.exceptions import ClientError

from helpers.run import run_lessons

PREFIX = "ana-"


@pytest.mark.soak
def test_lesson_01_runs_under_the_policy_and_nothing_else_does(learner, tmp_path):
    learner("learner")
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
