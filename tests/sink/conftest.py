"""What tests of the sink share beyond `servers`."""

from __future__ import annotations

import pytest

from benchmarks import servers as benchmark
from helpers.pipeline import compiled
from tests.pipeline_servers import with_clients
from tests.sink.rig import rig_on


@pytest.fixture(scope="session", autouse=True)
def quick_way():
    """Compiled, as `helpers fetch` does: what is tested is the quick way where there is one."""
    compiled.prepare()


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
