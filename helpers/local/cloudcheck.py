"""Ask a configured cloud service once, so that a wrong setting is found here, in words."""

from __future__ import annotations

import boto3
from botocore.exceptions import BotoCoreError, ClientError
from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient

from helpers.errors import LabError

SECONDS = 12
Row = tuple[str, str, str, str]


def kafka(config: dict[str, str]) -> Row:
    """A metadata request. Returns a row for `Lab.show`: name, where, version, memory.

    Raises:
        LabError: unreachable, or the API key is refused; says which and what to check.
    """
    heard: list[KafkaError] = []
    servers = config["bootstrap.servers"]
    admin = AdminClient({**config, "error_cb": heard.append, "log_level": 0})
    try:
        metadata = _until_refused(admin, heard)
    except KafkaException as error:
        codes = {e.code() for e in heard}
        text = "; ".join(dict.fromkeys(e.str().strip() for e in heard)) or str(error)
        if KafkaError._AUTHENTICATION in codes:
            raise LabError(
                f"{servers} is there but refused the API key ({config.get('sasl.username')}); "
                "check KAFKA_API_KEY and KAFKA_API_SECRET (a new key needs a minute to be known)"
            ) from error
        if KafkaError._SSL in codes:
            raise LabError(
                f"{servers} did not agree on TLS: {text[:160]}; on Confluent Cloud leave "
                "KAFKA_CA_LOCATION empty, elsewhere it names the authority's PEM file"
            ) from error
        raise LabError(
            f"nothing answers at {servers} within {SECONDS} s ({text[:160]}); "
            "check BOOTSTRAP_SERVERS and that the network lets port "
            f"{servers.rsplit(':', 1)[-1]} through"
        ) from error
    return "kafka", servers.split(",")[0][:23], f"{len(metadata.brokers)} broker(s)", "-"


def _until_refused(admin: AdminClient, heard: list[KafkaError]):
    """List topics, but give up at once when the key or the certificate is refused."""
    final = {KafkaError._AUTHENTICATION, KafkaError._SSL}
    for attempt in range(SECONDS):
        try:
            return admin.list_topics(timeout=1)
        except KafkaException:
            admin.poll(0)
            if attempt == SECONDS - 1 or any(e.code() in final for e in heard):
                raise


def registry(config: dict[str, str]) -> Row:
    """List the subjects, to see that the URL and the key are right."""
    from confluent_kafka.schema_registry import SchemaRegistryClient
    from confluent_kafka.schema_registry.error import SchemaRegistryError

    try:
        SchemaRegistryClient({**config, "timeout": SECONDS, "max.retries": 0}).get_subjects()
    except SchemaRegistryError as error:
        raise LabError(
            f"the schema registry at {config['url']} answered {error.http_status_code}; "
            "check SCHEMA_REGISTRY_API_KEY and SCHEMA_REGISTRY_API_SECRET"
        ) from error
    except Exception as error:  # the client lets its HTTP library's errors through, whichever it is
        raise LabError(
            f"no schema registry answers at {config['url']} ({type(error).__name__}); "
            "check SCHEMA_REGISTRY_URL"
        ) from error
    return "registry", config["url"].split("//")[-1][:23], "", "-"


def aws() -> tuple[str, Row]:
    """The account number of the credentials in the environment, and a row for `Lab.show`."""
    try:
        identity = boto3.client("sts").get_caller_identity()
    except ClientError as error:
        code = error.response["Error"]["Code"]
        raise LabError(
            f"AWS refused the credentials ({code}); check AWS_ACCESS_KEY_ID and "
            "AWS_SECRET_ACCESS_KEY, or the profile (aws sts get-caller-identity)"
        ) from error
    except BotoCoreError as error:
        raise LabError(
            f"AWS cannot be reached: {error}; check the network, region and keys"
        ) from error
    region = boto3.session.Session().region_name
    return identity["Account"], ("aws", f"{identity['Account']} {region}", "", "-")
