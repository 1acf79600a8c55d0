"""One broker and one AWS stand-in for all tests of this folder."""

from __future__ import annotations

import itertools

import pytest
from confluent_kafka.admin import NewTopic

from benchmarks import servers as benchmark
from tests.notify.rig import PARTITIONS, Rig
from tests.pipeline_servers import with_clients

_serial = itertools.count()


@pytest.fixture(scope="session")
def servers():
    """Of this folder's own, since a test here kills the broker."""
    with benchmark.servers() as running:
        running.broker = running.cluster.brokers[1]
        yield with_clients(running)


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
