"""A real schema registry for the lessons: Apicurio Registry behind Confluent's REST API.

`confluent_kafka.schema_registry.SchemaRegistryClient` talks to its `/apis/ccompat/v7`. In memory;
it forgets everything when the lab ends. It takes the place of Confluent's, which is not free
software.
"""

from __future__ import annotations

import os
import secrets
import shutil
import tarfile
import urllib.error
import urllib.request
from pathlib import Path

from helpers.local import fetch, java
from helpers.local.paths import home, locked
from helpers.local.process import HOST, Guard, Service

FLAGS = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-XX:-UsePerfData", "-Xmx256m"]

SECONDS = 5  # for an answer; they take milliseconds


def unpacked() -> Path:
    """The registry's folder, fetched, checked and unpacked the first time."""
    version = fetch.lock()["apicurio"]
    folder = home() / f"registry-{version}"
    if (folder / ".complete").exists():
        return folder
    [archive] = fetch.ensure("registry")
    with locked(home() / "maven" / ".registry.lock", "unpacking the registry"):
        if not (folder / ".complete").exists():
            _unpack(archive, folder)
    return folder


def _unpack(archive: Path, folder: Path) -> None:
    scratch = folder.with_name(f".making-{secrets.token_hex(4)}")
    try:
        with tarfile.open(archive) as tar:
            tar.extractall(scratch, filter="data")
        (scratch / ".complete").touch()
        shutil.rmtree(folder, ignore_errors=True)
        os.replace(scratch, folder)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def service(guard: Guard) -> Service:
    """The registry as a process of the lab, not started yet; loopback only, management too."""
    folder = unpacked()
    port, management = guard.ports(2)
    jar = next(folder.rglob("quarkus-run.jar"))
    env = {
        "QUARKUS_HTTP_HOST": HOST,
        "QUARKUS_HTTP_PORT": str(port),
        # It listens on every address unless told otherwise.
        "QUARKUS_MANAGEMENT_HOST": HOST,
        "QUARKUS_MANAGEMENT_PORT": str(management),
        "APICURIO_STORAGE_KIND": "sql",
        # Confluent's default is BACKWARD, Apicurio's NONE.
        "APICURIO_RULES_GLOBAL_COMPATIBILITY": "BACKWARD",
        "APICURIO_APICURIO_DISABLE_UI": "true",
    }
    argv = [java.executable(), *FLAGS, *java.COMMON, "-jar", str(jar)]
    return Service(
        name="registry",
        argv=argv,
        guard=guard,
        port=port,
        env=env,
        ready=lambda: answers(port),
        version=f"Apicurio {fetch.lock()['apicurio']}",
    )


def client(port: int) -> dict[str, str | int]:
    """The configuration of `SchemaRegistryClient`.

    With a time limit, in seconds: Apicurio 3.3.3 leaves about one request in 3,000 without an
    answer (5 of 16,000 in a minute of asking), and a client without a limit waits for ever. After
    it the client asks again by itself.
    """
    return {"url": url(port), "timeout": SECONDS}


def url(port: int) -> str:
    """Where `SchemaRegistryClient` finds it."""
    return f"http://{HOST}:{port}/apis/ccompat/v7"


def answers(port: int) -> bool:
    """Whether the registry lists its subjects."""
    try:
        with urllib.request.urlopen(f"{url(port)}/subjects", timeout=2) as answer:
            return answer.status == 200
    except (urllib.error.URLError, OSError):
        return False
