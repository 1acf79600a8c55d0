"""Where "cloud" is: read from the environment, or from a `.env` file at the project's root.

`.env.example` lists every variable. Real environment variables win over the file, so that a CI job
or a container can set them without writing a file. Secrets are never printed.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from dotenv import dotenv_values

from helpers.errors import LabError

ROOT = Path(__file__).parents[1]
KAFKA = ("BOOTSTRAP_SERVERS", "KAFKA_API_KEY", "KAFKA_API_SECRET")
REGISTRY = ("SCHEMA_REGISTRY_URL", "SCHEMA_REGISTRY_API_KEY", "SCHEMA_REGISTRY_API_SECRET")
AWS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION")
OPTIONAL = ("KAFKA_CA_LOCATION", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL", "AWS_PROFILE")
KNOWN = (*KAFKA, *REGISTRY, *AWS, *OPTIONAL, "ALERT_EMAIL", "ALERT_PHONE")
# What a lab hides while it runs: name → what the learner's environment had, if anything.
hidden: dict[str, str | None] = {}
PREFIX = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]{0,39})?")
ASSIGNMENT = re.compile(r"^\s*(export\s+)?[A-Za-z_][A-Za-z0-9_]*\s*=")


def env_file() -> Path:
    """The `.env` in use: the one that AWS_CONFLUENT_ENV names, or the project's own."""
    named = os.environ.get("AWS_CONFLUENT_ENV")
    return Path(named).expanduser() if named else ROOT / ".env"


def environment() -> dict[str, str]:
    """The learner's own environment: without the AWS_* variables that a lab has set."""
    own = {name: value for name, value in os.environ.items() if name not in hidden}
    return own | {name: value for name, value in hidden.items() if value is not None}


def variables() -> dict[str, str]:
    """Every known variable that is set and not empty, environment before file.

    Raises:
        LabError: the file cannot be read or a line of it is not `NAME=value`.
    """
    merged = {**_read(env_file()), **environment()}
    return {name: merged[name] for name in KNOWN if merged.get(name)}


def _read(path: Path) -> dict[str, str]:
    if not path.exists():
        return {}
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise LabError(
            f"cannot read {path}: {error}; it must be a UTF-8 text file you may read"
        ) from error
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip() and not line.lstrip().startswith("#") and not ASSIGNMENT.match(line):
            raise LabError(f"{path} line {number} is not NAME=value; compare it with .env.example")
    return {name: value for name, value in dotenv_values(path).items() if value}


def require(names: tuple[str, ...], what: str) -> dict[str, str]:
    """The values of `names`, all of them.

    Raises:
        LabError: names the missing variables, and says that they come all together.
    """
    known = variables()
    missing = [name for name in names if name not in known]
    if missing:
        have = [name for name in names if name in known]
        half = f" ({', '.join(have)} set: they go together)" if have else ""
        raise LabError(
            f'target="cloud" needs {", ".join(missing)} for {what}{half}; '
            f'copy .env.example to .env and fill it in (docs/cloud.md), or use target="local"'
        )
    return {name: known[name] for name in names}


def cloud_kafka() -> dict[str, str]:
    """The `confluent_kafka` configuration for Confluent Cloud (or any SASL_SSL cluster)."""
    servers, key, secret = require(KAFKA, "Kafka").values()
    config = {
        "bootstrap.servers": servers,
        "security.protocol": "SASL_SSL",
        "sasl.mechanisms": "PLAIN",
        "sasl.username": key,
        "sasl.password": secret,
    }
    authority = variables().get("KAFKA_CA_LOCATION")
    if authority:  # only a cluster whose certificate is not publicly signed needs it
        config["ssl.ca.location"] = authority
    return config


def cloud_registry() -> dict[str, str | int]:
    """`SchemaRegistryClient`'s configuration; a limit in seconds, for it has none of its own."""
    known = variables()
    names = REGISTRY if known.get("SCHEMA_REGISTRY_API_KEY") else REGISTRY[:1]
    url, *pair = require(names, "Schema Registry").values()
    return {"url": url, "timeout": 10, **({"basic.auth.user.info": ":".join(pair)} if pair else {})}


def cloud_aws() -> dict[str, str]:
    """The AWS_* variables to export. A profile is enough; without one, keys and region are."""
    known = variables()
    names = ("AWS_DEFAULT_REGION",) if "AWS_PROFILE" in known else AWS
    require(names, "AWS")
    return {name: value for name, value in known.items() if name.startswith("AWS_")}


def check_prefix(prefix: str) -> str:
    """The prefix, if every name of Kafka and AWS can begin with it.

    Raises:
        LabError: it has a letter that a topic's name cannot have, or is too long.
    """
    if not PREFIX.fullmatch(prefix):
        raise LabError(
            f"{prefix!r} cannot be a prefix: at most 40 of A-Z a-z 0-9 . _ - and first a letter "
            "or digit, such as ana-"
        )
    return prefix


def masked(config: dict[str, str]) -> dict[str, str]:
    """The same configuration, fit to be printed: no secret, of a key its first four characters."""
    return {name: _shown(name, value) for name, value in config.items()}


def _shown(name: str, value: str) -> str:
    if re.search(r"secret|password|token|user\.info", name, re.I):
        return "********"
    if re.search(r"username|key", name, re.I):
        return f"{value[:4]}…"
    return Path(value).name if name == "ssl.ca.location" else value
