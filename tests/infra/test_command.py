"""`python -m helpers infra`: deploy, status, delete, as a person types it."""

from __future__ import annotations

import argparse
import urllib.request

import boto3
import pytest

from helpers import infra, infra_command, lab
from helpers.errors import LabError
from helpers.local import shared


def run(text: str) -> int:
    parser = argparse.ArgumentParser()
    infra_command.add_arguments(parser)
    return infra_command.main(parser.parse_args(text.split()))


@pytest.fixture
def typed(as_root, account, monkeypatch, tmp_path, prefix):
    """typed("status") runs one on the cloud, for this test's prefix."""
    monkeypatch.setenv("AWS_CONFLUENT_ENV", str(tmp_path / "none"))
    yield lambda text: run(f"{text} --target cloud --prefix {prefix}")
    if lab._current:
        lab._current.stop()  # it has put its own AWS_* variables into this process
    for name, value in account.variables.items():
        monkeypatch.setenv(name, value)
    boto3.setup_default_session()
    infra.remove(prefix)


def test_a_stack_from_the_command_line(typed, account, prefix, capsys, monkeypatch):
    assert typed("status") == 1
    assert capsys.readouterr().out == f"there is no stack {prefix}aula-streaming\n"

    monkeypatch.setenv("ALERT_EMAIL", f"{prefix}cli@example.com")
    assert typed("deploy --set MaxLag=7") == 0
    said = capsys.readouterr().out
    assert f"BucketName          {prefix}aula-lago-" in said
    assert said.endswith("until then none follows.\n")
    urllib.request.urlopen(account.inbox.confirmation_url(f"{prefix}cli@example.com")).close()

    monkeypatch.setenv("ALERT_EMAIL", "another@example.com")  # who is told stays as it is
    assert typed("deploy --phone +15550100111") == 0
    assert "until then" not in capsys.readouterr().out
    (lag,) = boto3.client("cloudwatch").describe_alarms(AlarmNames=[f"{prefix}aula-lag"])[
        "MetricAlarms"
    ]
    assert lag["Threshold"] == 7
    assert typed("status") == 0
    said = capsys.readouterr().out
    assert f"Stack               {prefix}aula-streaming UPDATE_COMPLETE" in said
    assert f"{prefix}aula-no-heartbeat" in said
    assert "not confirmed" not in said

    bucket = infra.bucket_of(prefix)
    boto3.client("s3").put_object(Bucket=bucket, Key="k", Body=b"1")
    with pytest.raises(LabError, match=r"holds 1 objects, so nothing was deleted.*--empty"):
        typed("delete")
    assert typed("delete --empty") == 0
    assert "nothing of it is left (1 objects went with it)" in capsys.readouterr().out
    assert typed("delete") == 0
    assert capsys.readouterr().out == f"there is no stack {prefix}aula-streaming\n"


def test_words_that_cannot_be(typed):
    with pytest.raises(LabError, match="--set takes NAME=VALUE"):
        typed("deploy --set MaxLag")
    with pytest.raises(LabError, match="must be empty or one address"):
        typed("deploy --email nobody")


def test_without_a_lab_there_is_no_local_aws(monkeypatch):
    monkeypatch.setattr(shared, "find", lambda: None)
    with pytest.raises(LabError, match="python -m helpers up"):
        run("status")


def test_nobody_without_rights(typed, stack, user, account, monkeypatch):
    for name, value in user(stack["SinkPolicyArn"]).items():
        monkeypatch.setenv(name, value)
    boto3.setup_default_session()
    with pytest.raises(LabError, match=r"AWS: .*not authorized to perform: cloudformation:"):
        typed("deploy")
    for name, value in account.variables.items():
        monkeypatch.setenv(name, value)
    boto3.setup_default_session()
