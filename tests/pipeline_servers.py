"""Clients beside the servers that tests of the pipeline's services run on."""

from __future__ import annotations

import os

import boto3
from botocore.config import Config
from confluent_kafka.admin import AdminClient


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
