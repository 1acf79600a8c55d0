"""A lab's servers without a lab, as benchmarks and tests of the pipeline want them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace

from helpers.local import prepare
from helpers.local.aws import lab as stand_in
from helpers.local.kafka import Cluster
from helpers.local.process import Guard


@contextmanager
def servers(brokers: int = 1) -> Iterator[SimpleNamespace]:
    """`cluster`, `kafka` (a client's configuration), `aws` (AWS_* variables), `inbox`, `guard`."""
    prepare.kafka_ready()
    guard = Guard()
    try:
        cluster = Cluster(guard, brokers)
        aws, variables, inbox = stand_in.service(guard)
        aws.launch()
        cluster.start()
        aws.wait_ready()
        yield SimpleNamespace(
            cluster=cluster, kafka=cluster.client(), aws=variables, inbox=inbox, guard=guard
        )
    finally:
        guard.end()
