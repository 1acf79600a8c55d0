"""docker/compose.yaml agrees with the lab of processes, and `up --docker` does what it says.

There is no Docker engine where these run: the file is held to the compose schema and to our own
settings, Kafka's image's own configuration program is run on it, and `docker` is played by a
program that notes how it was called.
"""

from __future__ import annotations

import copy
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from helpers.local import aws, containers, fetch, java, registry, settings
from helpers.local.aws.lab import ACCOUNT, REGION

VARIABLE = re.compile(r"\$\{(\w+)(?::-([^}]*)|:\?[^}]*)?\}")
CHECK = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
SECRET = re.compile(r"AKIA[A-Z2-7]{16}|[A-Za-z0-9+_=-]{28,}")
FAKE = Path(__file__).with_name("fake_docker.py")


@pytest.fixture
def compose() -> dict:
    return yaml.safe_load(containers.COMPOSE.read_text("utf-8"))


def filled(value, variables: dict[str, str]):
    """The file with its variables put in, as compose does it."""
    if isinstance(value, dict):
        return {name: filled(item, variables) for name, item in value.items()}
    if isinstance(value, list):
        return [filled(item, variables) for item in value]
    if not isinstance(value, str):
        return value
    return VARIABLE.sub(lambda match: variables.get(match[1]) or match[2] or "", value)


def variables(brokers: int) -> dict[str, str]:
    return containers.environment(brokers, "1000:1000", "key", "secret")


def properties(compose: dict, broker: int, brokers: int) -> dict[str, str]:
    """The broker's settings under Kafka's names: the image lowers the case and puts dots."""
    environment = filled(compose, variables(brokers))["services"][f"broker-{broker}"]["environment"]
    named = {name.removeprefix("KAFKA_"): value for name, value in environment.items()}
    return {name.lower().replace("_", "."): value for name, value in named.items()}


# -- what must hold of the file: each returns what is wrong ----------------------------------------


def wrong_versions(compose: dict) -> list[str]:
    lock = fetch.lock()
    wanted = {f"broker-{n}": f"apache/kafka:{lock['kafka']}" for n in (1, 2, 3)}
    wanted |= {"registry": f"apicurio/apicurio-registry:{lock['apicurio']}"}
    return [n for n, image in wanted.items() if compose["services"][n].get("image") != image]


def wrong_settings(compose: dict, brokers: int) -> list[str]:
    wrong = []
    for number in range(1, brokers + 1):
        found = properties(compose, number, brokers)
        wanted = settings.defaults(brokers) | {
            "node.id": str(number),
            "process.roles": "broker,controller",
            "controller.quorum.voters": variables(brokers)["LAB_VOTERS"],
        }
        wrong += [f"{number}: {k}" for k, v in wanted.items() if found.get(k) != v]
        structural = "listener|inter.broker|log.dirs|heap.opts"
        wrong += [
            f"{number}: {k}" for k in found if k not in wanted and not re.search(structural, k)
        ]
    return wrong


def wrong_addresses(compose: dict) -> list[str]:
    """A client is sent to the port that the host publishes, a broker to the others' host names."""
    wrong = []
    for number in (1, 2, 3):
        service = compose["services"][f"broker-{number}"]
        port = containers.published()[f"broker-{number}"]
        spoken = f"CLIENT://127.0.0.1:{port},INTERNAL://broker-{number}:9094"
        if properties(compose, number, 3)["advertised.listeners"] != spoken:
            wrong.append(f"broker-{number} advertises other addresses than {spoken}")
        if service["hostname"] != f"broker-{number}" or service["ports"] != [
            f"127.0.0.1:{port}:9092"
        ]:
            wrong.append(f"broker-{number} is not where it says")
    return wrong


def open_ports(compose: dict) -> list[str]:
    return [
        f"{name}: {port}"
        for name, service in compose["services"].items()
        for port in [*service.get("ports", []), *service.get("expose", [])]
        if not re.fullmatch(r"127\.0\.0\.1:\d+:\d+", str(port))
    ] + [name for name, service in compose["services"].items() if "network_mode" in service]


def secrets_in(compose: dict) -> list[str]:
    found = []
    for name, service in compose["services"].items():
        for variable, value in service.get("environment", {}).items():
            secret = re.search("KEY|SECRET|TOKEN|PASSWORD|JAAS", variable)
            given = VARIABLE.sub("", str(value))
            if (secret and (given or ":-" in str(value))) or SECRET.search(given):
                found.append(f"{name}: {variable}")
    return found


def wrong_stand_in(compose: dict, tmp_path) -> list[str]:
    """Where the stand-in's variables differ from those of the process, but for the container's."""
    wanted = aws.command(tmp_path, 24566, 2525, "key", "secret", REGION, ACCOUNT)[1]
    wanted = {k: v.replace(str(tmp_path.resolve()), "/lab") for k, v in wanted.items()}
    del wanted["PYTHONPATH"]  # the image's working directory
    wanted |= {"BIND_HOST": "0.0.0.0", "HOME": wanted["TMPDIR"]}
    found = filled(compose, variables(1))["services"]["aws"]["environment"]
    return [k for k in wanted.keys() | found.keys() if wanted.get(k) != found.get(k)]


def wrong_registry(compose: dict, monkeypatch, tmp_path) -> list[str]:
    (tmp_path / "quarkus-run.jar").touch()
    monkeypatch.setattr(registry, "unpacked", lambda: tmp_path)
    guard = type("Ports", (), {"ports": lambda self, count: [8080, 9000][:count]})()
    wanted = registry.service(guard).env | {"QUARKUS_HTTP_HOST": "0.0.0.0"}
    found = compose["services"]["registry"]["environment"]
    return [k for k in wanted.keys() | found.keys() if wanted.get(k) != found.get(k)]


def with_value(compose: dict, service: str, path: str, value) -> dict:
    """A copy of the file with one thing changed."""
    changed = copy.deepcopy(compose)
    place = changed["services"][service]
    *way, last = path.split(".")
    for step in way:
        place = place[step]
    place[last] = value
    return changed


def test_the_schema_is_kept(compose, tmp_path):
    assert subprocess.run([*CHECK, containers.COMPOSE], capture_output=True).returncode == 0
    broken = tmp_path / "compose.yaml"
    broken.write_text(yaml.safe_dump(with_value(compose, "aws", "ports", "127.0.0.1")))
    assert subprocess.run([*CHECK, broken], capture_output=True).returncode == 1


def test_versions_are_the_locks(compose):
    assert wrong_versions(compose) == []
    changed = with_value(compose, "registry", "image", "apicurio/apicurio-registry:latest")
    assert wrong_versions(changed) == ["registry"]


@pytest.mark.parametrize("brokers", [1, 3])
def test_settings_are_the_labs(compose, brokers):
    assert wrong_settings(compose, brokers) == []
    for name, value in {
        "NUM_PARTITIONS": "1",
        "LOG_CLEANER_BACKOFF_MS": "5",
        "UNCLEAN": "1",
    }.items():
        changed = with_value(compose, "broker-1", f"environment.KAFKA_{name}", value)
        assert wrong_settings(changed, brokers) == [f"1: {name.lower().replace('_', '.')}"]
    frozen = with_value(compose, "broker-1", "environment.KAFKA_MIN_INSYNC_REPLICAS", "7")
    assert wrong_settings(frozen, brokers) == ["1: min.insync.replicas"]


def test_the_memory_is_the_labs(compose):
    heap = [flag for flag in java.QUICK if flag.startswith("-Xm")]
    for number in (1, 2, 3):
        assert properties(compose, number, 3)["heap.opts"].split() == heap


def test_addresses(compose):
    assert wrong_addresses(compose) == []
    elsewhere = "CLIENT://broker-2:9092,INTERNAL://broker-2:9094"
    name = "environment.KAFKA_ADVERTISED_LISTENERS"
    assert len(wrong_addresses(with_value(compose, "broker-2", name, elsewhere))) == 1


def test_ports_are_published_on_loopback_only(compose):
    assert open_ports(compose) == []
    for port in ("29092:9092", "0.0.0.0:29092:9092", 9092, "[::]:29092:9092"):
        assert len(open_ports(with_value(compose, "broker-3", "ports", [port]))) == 1
    assert open_ports(with_value(compose, "aws", "network_mode", "host")) == ["aws"]


def test_no_secret(compose):
    assert secrets_in(compose) == []
    key, secret = aws.new_keys()
    for name, value in {
        "AWS_ACCESS_KEY_ID": key,
        "AWS_SECRET_ACCESS_KEY": "${LAB_SECRET_KEY:-" + secret + "}",
        "SMTP_HOST": secret,
    }.items():
        assert len(secrets_in(with_value(compose, "aws", f"environment.{name}", value))) == 1


def test_the_stand_in_and_the_registry_are_told_the_same(compose, monkeypatch, tmp_path):
    assert wrong_stand_in(compose, tmp_path) == []
    changed = with_value(compose, "aws", "environment.AUTH", "false")
    assert wrong_stand_in(changed, tmp_path) == ["AUTH"]
    assert wrong_registry(compose, monkeypatch, tmp_path) == []
    name = "APICURIO_RULES_GLOBAL_COMPATIBILITY"
    changed = with_value(compose, "registry", f"environment.{name}", "NONE")
    assert wrong_registry(changed, monkeypatch, tmp_path) == [name]
