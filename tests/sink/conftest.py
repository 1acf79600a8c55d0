"""One broker and one AWS stand-in for all tests of this folder that need the real thing."""

from __future__ import annotations

import os

import boto3
import pytest
from botocore.config import Config
from confluent_kafka.admin import AdminClient

from benchmarks import servers as benchmark
from tests.sink.rig import rig_on


def with_clients(running):
    """Also `admin`, `environment` for processes, `client(service)` and `s3`, both the root's."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
    session = boto3.session.Session(
        running.aws["AWS_ACCESS_KEY_ID"],
        running.aws["AWS_SECRET_ACCESS_KEY"],
        region_name=running.aws["AWS_DEFAULT_REGION"],
    )
    running.client = lambda service: session.client(
        service,
        endpoint_url=running.aws["AWS_ENDPOINT_URL"],
        config=Config(retries={"total_max_attempts": 1}),
    )
    running.admin = AdminClient(running.kafka)
    running.environment = {**clean, **running.aws}
    running.s3 = running.client("s3")
    return running


@pytest.fixture(scope="session")
def servers():
    """See `with_clients` and `benchmarks.servers`."""
    with benchmark.servers() as running:
        yield with_clients(running)


@pytest.fixture
def three_brokers():
    """The same with three brokers, for one test that may do with them what it likes."""
    with benchmark.servers(3) as running:
        yield with_clients(running)


@pytest.fixture
def rig(servers):
    """A topic, a bucket and sink processes of this test alone; they are killed at the end."""
    with rig_on(servers) as made:
        yield made
