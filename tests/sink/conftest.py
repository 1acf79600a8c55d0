"""One broker and one AWS stand-in for all tests of this folder that need the real thing."""

from __future__ import annotations

import itertools
import os
from types import SimpleNamespace

import boto3
import pytest
from botocore.config import Config
from confluent_kafka.admin import AdminClient, NewTopic

from helpers.local import prepare
from helpers.local.aws import lab as stand_in
from helpers.local.kafka import Cluster
from helpers.local.process import Guard
from tests.sink.rig import Rig

_serial = itertools.count()


@pytest.fixture(scope="session")
def servers():
    """`kafka`: a client's configuration; `aws`: the AWS_* variables; `s3`: a client of the root."""
    prepare.kafka_ready()
    guard = Guard()
    try:
        cluster = Cluster(guard)
        aws, variables, _ = stand_in.service(guard)
        aws.launch()
        cluster.start()
        aws.wait_ready()
        clean = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
        session = boto3.session.Session(
            variables["AWS_ACCESS_KEY_ID"],
            variables["AWS_SECRET_ACCESS_KEY"],
            region_name=variables["AWS_DEFAULT_REGION"],
        )
        client = lambda service: session.client(  # noqa: E731
            service,
            endpoint_url=variables["AWS_ENDPOINT_URL"],
            config=Config(retries={"total_max_attempts": 1}),
        )
        yield SimpleNamespace(
            kafka=cluster.client(),
            admin=AdminClient(cluster.client()),
            environment={**clean, **variables},
            aws=variables,
            client=client,
            s3=client("s3"),
            guard=guard,
        )
    finally:
        guard.end()


@pytest.fixture
def rig(servers):
    """A topic, a bucket and sink processes of this test alone; the processes are killed at the end."""
    name = f"t{next(_serial)}"
    topic = f"{name}-estudiante-eventos"
    # Events happen in March 2026: retention would take them at once.
    new = NewTopic(topic, num_partitions=3, config={"retention.ms": "-1"})
    servers.admin.create_topics([new])[topic].result(30)
    servers.s3.create_bucket(Bucket=f"{name}-lake")
    made = Rig(servers, topic, f"{name}-lake")
    yield made
    made.end()
