"""Fixtures shared by all tests. The options that pytest always gets are in pyproject.toml."""

from __future__ import annotations

import itertools

import boto3
import pytest
from confluent_kafka.admin import AdminClient

from benchmarks import servers as benchmark
from helpers.config import ROOT
from helpers.lab import start_lab
from tests.cloud import cloud_environment
from tests.pipeline_servers import with_clients

_users = itertools.count()


@pytest.fixture(scope="session")
def cloud():
    """Variables of a cloud that lives as long as the test session; see `tests/cloud.py`."""
    with cloud_environment() as variables:
        yield variables


@pytest.fixture
def cloud_lab(cloud, monkeypatch):
    """Point this process, and the kernels it starts, at the cloud: as filling in `.env` does."""
    for name, value in cloud.items():
        monkeypatch.setenv(name, value)
    return cloud


@pytest.fixture(scope="module")
def lab():
    """A broker of the module's own."""
    lab = start_lab(own=True)
    yield lab
    lab.stop()


@pytest.fixture(scope="module")
def admin(lab):
    """A client that lives as long as its futures: they end with it."""
    return AdminClient(lab.kafka)


@pytest.fixture(scope="session")
def servers():
    """One broker and one AWS for tests that break neither; see `pipeline_servers.with_clients`."""
    with benchmark.servers() as running:
        yield with_clients(running)


@pytest.fixture
def learner(cloud_lab, monkeypatch):
    """Make this process a user of the cloud's AWS who has only these of infra/*-policy.json.

    Their PREFIX is "ana-". The administrator's keys are back at the end.
    """
    iam = boto3.client("iam")
    user = f"aulas-{next(_users)}"

    def act(*policies: str) -> None:
        iam.create_user(UserName=user)
        for name in policies:
            text = (ROOT / "infra" / f"{name}-policy.json").read_text().replace("PREFIX", "ana-")
            made = iam.create_policy(PolicyName=f"{user}-{name}", PolicyDocument=text)
            iam.attach_user_policy(UserName=user, PolicyArn=made["Policy"]["Arn"])
        key = iam.create_access_key(UserName=user)["AccessKey"]
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])

    return act
