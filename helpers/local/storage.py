"""Format a broker's directory as `kafka-storage.sh format` does, without a JVM each time."""

from __future__ import annotations

import base64
import os
import secrets
import shutil
import subprocess
import uuid
from pathlib import Path

from helpers.errors import LabError
from helpers.local import fetch, java
from helpers.local.paths import home, locked
from helpers.local.process import HOST


def new_id() -> str:
    """A random id as Kafka writes them: 16 bytes in URL-safe base64, unpadded.

    Never with a dash in front, as Kafka's own: a command line would take it for an option.
    """
    while (name := base64.urlsafe_b64encode(uuid.uuid4().bytes).decode()[:22]).startswith("-"):
        continue
    return name


def format_directory(folder: Path, cluster_id: str, node: int) -> None:
    """Write identity (meta.properties) and feature levels (the bootstrap checkpoint)."""
    metadata = folder / "__cluster_metadata-0"
    metadata.mkdir(parents=True)
    shutil.copy(template(), metadata)
    lines = [f"cluster.id={cluster_id}", f"directory.id={new_id()}", f"node.id={node}", "version=1"]
    (folder / "meta.properties").write_text("\n".join(lines) + "\n")


def template() -> Path:
    """The bootstrap checkpoint that Kafka's own StorageTool writes (features, no identity), cached.

    It is the same for every broker of this Kafka version, so the tool (1.4 s) runs once per
    machine.
    """
    folder = home() / "templates" / fetch.lock()["kafka"]
    checkpoint = folder / "00000000000000000000-0000000000.checkpoint"
    if checkpoint.exists():
        return checkpoint
    with locked(home() / "templates" / ".lock", "formatting a broker"):
        if not checkpoint.exists():
            _format_once(folder, checkpoint.name)
    return checkpoint


def _format_once(folder: Path, name: str) -> None:
    scratch = folder.with_name(f".making-{secrets.token_hex(4)}")
    scratch.mkdir(parents=True)
    properties = scratch / "server.properties"
    properties.write_text(
        "process.roles=broker,controller\nnode.id=1\n"
        f"controller.quorum.voters=1@{HOST}:9093\n"
        f"listeners=CLIENT://{HOST}:9092,CONTROLLER://{HOST}:9093\n"
        "listener.security.protocol.map=CLIENT:PLAINTEXT,CONTROLLER:PLAINTEXT\n"
        "controller.listener.names=CONTROLLER\ninter.broker.listener.name=CLIENT\n"
        f"log.dirs={scratch / 'data'}\n"
    )
    tool = [java.executable(), *java.QUICK, "-cp", java.classpath(), "kafka.tools.StorageTool"]
    tool += ["format", "-t", new_id()]
    done = subprocess.run(
        [*tool, "-c", str(properties)], capture_output=True, text=True, timeout=120
    )
    made = scratch / "data" / "__cluster_metadata-0" / name
    if done.returncode or not made.exists():
        tail = (done.stderr or done.stdout).strip().splitlines()[-3:]
        raise LabError(
            f"Kafka's StorageTool failed with status {done.returncode}: {' / '.join(tail)}"
        )
    folder.mkdir(parents=True, exist_ok=True)
    os.replace(made, folder / name)
    shutil.rmtree(scratch, ignore_errors=True)
