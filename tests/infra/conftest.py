"""The local AWS as an account of this folder's own, to which boto3 goes by the variables alone."""

from __future__ import annotations

import itertools
import os
from types import SimpleNamespace

import boto3
import pytest

from helpers import infra
from helpers.local import prepare
from helpers.local.aws import lab as stand_in
from helpers.local.kafka import Cluster
from helpers.local.process import Guard

REGION = "eu-west-1"
_serial = itertools.count()


@pytest.fixture(scope="session")
def guard():
    guard = Guard()
    yield guard
    guard.end()


@pytest.fixture(scope="session")
def account(guard):
    """`variables` are the AWS_* of the root user, `inbox` is where mails and SMS arrive."""
    aws, variables, inbox = stand_in.service(guard, REGION)
    aws.launch()
    aws.wait_ready()
    return SimpleNamespace(variables=variables, inbox=inbox)


@pytest.fixture
def as_root(account, monkeypatch):
    """This process is the account's administrator."""
    for name, value in account.variables.items():
        monkeypatch.setenv(name, value)
    boto3.setup_default_session()
    yield
    monkeypatch.undo()
    boto3.setup_default_session()


@pytest.fixture
def prefix():
    """A learner's prefix that no other test uses."""
    return f"t{next(_serial)}-"


@pytest.fixture
def stack(as_root, prefix):
    """The outputs of a stack of this test's own, gone when it ends; `stack["prefix"]` as well."""
    made = infra.deploy(prefix, Email=f"{prefix}@example.com", Phone="+15550100100", AlarmPeriod=10)
    yield {**made, "prefix": prefix}
    infra.remove(prefix)


@pytest.fixture
def user(as_root, account, prefix):
    """user(policy_arn) is a new user with this policy alone: their AWS_* variables."""
    iam, made = boto3.client("iam"), []

    def create(policy_arn: str) -> dict[str, str]:
        name = f"{prefix}u{len(made)}"
        iam.create_user(UserName=name)
        made.append((name, policy_arn))
        iam.attach_user_policy(UserName=name, PolicyArn=policy_arn)
        key = iam.create_access_key(UserName=name)["AccessKey"]
        keys = {
            "AWS_ACCESS_KEY_ID": key["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"],
        }
        return {**account.variables, **keys}

    yield create
    for name, policy_arn in made:
        for key in iam.list_access_keys(UserName=name)["AccessKeyMetadata"]:
            iam.delete_access_key(UserName=name, AccessKeyId=key["AccessKeyId"])
        iam.detach_user_policy(UserName=name, PolicyArn=policy_arn)
        iam.delete_user(UserName=name)


@pytest.fixture(scope="session")
def secure_kafka(guard):
    """One SASL_SSL broker with an API key: the variables of `.env.example` that name it."""
    prepare.kafka_ready()
    cluster = Cluster(guard, secure=True)
    cluster.start()
    client = cluster.client()
    return {
        "BOOTSTRAP_SERVERS": client["bootstrap.servers"],
        "KAFKA_API_KEY": client["sasl.username"],
        "KAFKA_API_SECRET": client["sasl.password"],
        "KAFKA_CA_LOCATION": client["ssl.ca.location"],
        "kafka": client,
    }


@pytest.fixture
def clean_environment():
    """The variables of this process without any that name a cloud."""
    return {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "KAFKA_"))}
