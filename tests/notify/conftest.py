"""One broker and one AWS stand-in for all tests of this folder."""

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
from tests.notify.rig import PARTITIONS, Rig

_serial = itertools.count()


@pytest.fixture(scope="session")
def servers():
    """`kafka`: a client's configuration; `broker`; `aws`: the AWS_* variables; `inbox`."""
    prepare.kafka_ready()
    guard = Guard()
    try:
        cluster = Cluster(guard)
        aws, variables, inbox = stand_in.service(guard)
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
            broker=cluster.brokers[1],
            environment={**clean, **variables},
            aws=variables,
            client=client,
            inbox=inbox,
        )
    finally:
        guard.end()


@pytest.fixture
def rig(servers):
    """Topics, bucket and SNS topic of this test alone; its processes are killed at the end."""
    made = Rig(servers, f"n{next(_serial)}")
    topics = [made.source, made.output, made.logs]
    new = [NewTopic(topic, num_partitions=PARTITIONS) for topic in topics]
    for future in servers.admin.create_topics(new).values():
        future.result(30)
    yield made
    made.end()
