"""Fixtures shared by all tests. The options that pytest always gets are in pyproject.toml."""

from __future__ import annotations

import pytest
from confluent_kafka.admin import AdminClient

from benchmarks import servers as benchmark
from helpers.lab import start_lab
from tests.cloud import cloud_environment
from tests.pipeline_servers import with_clients


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
