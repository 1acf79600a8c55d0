"""The "cloud" that lessons are tested against without an account.

`cloud_environment` starts, as processes of their own, a SASL_SSL cluster of three brokers with
API-key-like credentials, a registry and a second AWS stand-in (AUTH=true, other credentials,
eu-west-1), and yields the variables of `.env.example` filled in: nothing else tells a lesson
where its cloud is. Everything is stopped when the block ends.

What differs from Confluent Cloud: KAFKA_CA_LOCATION (its certificate is publicly signed), the registry
asks for no key, and the brokers have the lab's lowered settings, so that retention acts within a test.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from helpers import config
from helpers.local import prepare, registry
from helpers.local.aws import lab as stand_in
from helpers.local.kafka import Cluster
from helpers.local.process import Guard

REGION = "eu-west-1"


@contextmanager
def cloud_environment() -> Iterator[dict[str, str]]:
    """The variables of `.env.example`, by name, for as long as the block lasts."""
    prepare.kafka_ready()
    guard = Guard()
    try:
        cluster = Cluster(guard, size=3, secure=True)
        apicurio = registry.service(guard)
        aws, aws_variables, _ = stand_in.service(guard, REGION)
        for service in (apicurio, aws):
            service.launch()
        cluster.start()
        for service in (apicurio, aws):
            service.wait_ready()
        client = cluster.client()
        variables = {
            "BOOTSTRAP_SERVERS": client["bootstrap.servers"],
            "KAFKA_API_KEY": client["sasl.username"],
            "KAFKA_API_SECRET": client["sasl.password"],
            "KAFKA_CA_LOCATION": client["ssl.ca.location"],
            "SCHEMA_REGISTRY_URL": registry.url(apicurio.port),
            "ALERT_EMAIL": "docente@example.com",
            "ALERT_PHONE": "+15550100100",
        }
        names = (*config.AWS, "AWS_ENDPOINT_URL")
        yield variables | {name: aws_variables[name] for name in names}
    finally:
        guard.end()
