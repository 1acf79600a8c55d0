"""`python -m helpers up --docker`, with a program that plays docker, and Kafka's own container code.

What is real here: Kafka's image configures itself with kafka.docker.KafkaDockerWrapper, which is in
the jars that we have. It is run on the variables of docker/compose.yaml.
"""

from __future__ import annotations

import json
import os
import runpy
import stat
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from helpers.__main__ import main
from helpers.errors import LabError
from helpers.lab import Lab
from helpers.local import containers, java, settings, shared
from helpers.local.process import listening
from helpers.run import ROOT
from tests.aws.support import free_port
from tests.test_containers import filled, variables

FAKE = Path(__file__).with_name("fake_docker.py")


class Docker:
    """The played docker's notes."""

    def __init__(self, notes: Path) -> None:
        self._notes = notes

    def calls(self, word: str) -> list[dict]:
        lines = self._notes.read_text().splitlines() if self._notes.exists() else []
        return [call for call in map(json.loads, lines) if word in call["argv"]]


@pytest.fixture
def docker(tmp_path, monkeypatch):
    """A docker of ours on the PATH, a home of ours, and ports that nobody uses."""
    program = tmp_path / "bin" / "docker"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{FAKE}" "$@"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=os.pathsep)
    monkeypatch.setenv("FAKE_DOCKER_NOTES", str(tmp_path / "notes"))
    monkeypatch.setenv("AWS_CONFLUENT_HOME", str(tmp_path / "home"))
    text = containers.COMPOSE.read_text("utf-8")
    for port in containers.published().values():
        text = text.replace(str(port), str(free_port()))
    moved = tmp_path / "compose.yaml"
    moved.write_text(text)
    monkeypatch.setattr(containers, "COMPOSE", moved)
    # The listeners that play the servers do not speak their protocols.
    monkeypatch.setattr(containers, "ready", lambda ports: all(map(listening, ports.values())))
    monkeypatch.setattr(containers, "STARTING", 1)
    yield Docker(tmp_path / "notes")
    containers.down()


def test_up_is_found_by_lessons_and_down_ends_it(docker, capsys):
    assert main(["up", "--docker"]) == 0
    assert "docker" in capsys.readouterr().out
    state = shared.find()
    assert len(state["ports"]) == 3
    assert stat.S_IMODE(shared.file().stat().st_mode) == 0o600
    assert stat.S_IMODE(containers.folder().stat().st_mode) == 0o700
    lab = Lab("local", "")
    lab._attach(state, registry=True, aws=True)
    ports = containers.published()
    assert lab.kafka == {"bootstrap.servers": f"127.0.0.1:{ports['broker-1']}"}
    url = f"http://127.0.0.1:{ports['registry']}/apis/ccompat/v7"
    assert lab.registry == {"url": url, "timeout": 5}
    assert os.environ["AWS_ENDPOINT_URL"] == f"http://127.0.0.1:{ports['aws']}"
    lab.stop()
    assert containers.up() == state, "found, not started anew"
    assert len(docker.calls("up")) == 1
    assert main(["down"]) == 0
    assert shared.find() is None
    assert not containers.folder().exists()
    assert not any(map(listening, state["ports"]))
    assert main(["down"]) == 0, "nothing to end is not an error"


def test_keys_travel_in_the_environment_only(docker):
    state = containers.up()
    [call] = docker.calls("up")
    for name in ("LAB_ACCESS_KEY", "LAB_SECRET_KEY"):
        assert call["env"][name] in state["aws"].values()
        assert call["env"][name] not in " ".join(call["argv"])
    expected = ["up", "--detach", "--wait", "--wait-timeout", "1", "--build"]
    start = call["argv"].index("up")
    assert call["argv"][start:] == [*expected, "broker-1", "registry", "aws"]
    containers.down()
    again = containers.up()
    assert again["aws"]["AWS_ACCESS_KEY_ID"] != state["aws"]["AWS_ACCESS_KEY_ID"]


def test_three_brokers(docker):
    state = containers.up(3, ["kafka"])
    [call] = docker.calls("up")
    assert call["argv"][-3:] == ["broker-1", "broker-2", "broker-3"]
    assert call["argv"][call["argv"].index("--profile") + 1] == "three"
    assert call["env"]["LAB_COPIES"] == "3"
    assert state["kafka"]["bootstrap.servers"].count(",") == 2
    assert state["aws"] is state["registry"] is None


def test_whose_files_they_are(docker, monkeypatch):
    containers.up()
    assert docker.calls("up")[0]["env"]["LAB_USER"] == f"{os.getuid()}:{os.getgid()}"
    containers.down()
    monkeypatch.setenv("FAKE_DOCKER", "rootless")
    containers.up()
    assert docker.calls("up")[1]["env"]["LAB_USER"] == "0:0"


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("no compose", "no compose plugin"),
        ("no engine", "does not answer (Cannot connect to the Docker daemon)"),
        ("fails", "ended with status 17"),
        ("silent", "did not become ready"),
    ],
)
def test_faults_are_said_and_nothing_stays(docker, monkeypatch, capsys, fault, said):
    monkeypatch.setenv("FAKE_DOCKER", fault)
    assert main(["up", "--docker"]) == 1
    error = capsys.readouterr().err
    assert said in error
    if fault in ("fails", "silent"):
        assert error.rstrip().endswith("broker-1 | exited: no room")
        assert len(docker.calls("down")) == 1
    else:
        assert error.count("\n") == 1
    assert shared.find() is None
    assert not containers.folder().exists()


def test_no_docker_at_all(docker, monkeypatch):
    monkeypatch.setenv("PATH", os.devnull)
    with pytest.raises(LabError, match="docker is not installed"):
        containers.up()


def test_two_brokers_are_refused(docker):
    with pytest.raises(LabError, match="one broker or three, not 2"):
        containers.up(2)


def test_a_taken_port_is_named(docker, tmp_path):
    port = containers.published()["registry"]
    holder = (
        "import socket, sys; s = socket.create_server(('127.0.0.1', int(sys.argv[1]))); input()"
    )
    argv = [sys.executable, "-c", holder, str(port)]
    with subprocess.Popen(argv, stdin=subprocess.PIPE) as process:
        try:
            assert containers.wait_until(lambda: listening(port), 10)
            with pytest.raises(LabError, match=f"port {port} of 127.0.0.1 is taken, registry"):
                containers.up()
        finally:
            process.kill()
    assert docker.calls("up") == []


def test_a_lab_of_processes_is_not_disturbed(docker, monkeypatch):
    monkeypatch.setattr(shared, "find", lambda: {"pid": 1})
    with pytest.raises(LabError, match="without containers is up already"):
        containers.up()


def test_a_lab_whose_containers_ended_is_not_found(docker):
    state = containers.up()
    subprocess.run(["docker", "compose", "down"], check=True)  # somebody else did
    assert shared.find() is None
    again = containers.up()
    assert again["ports"] == state["ports"]
    assert len(docker.calls("up")) == 2


@pytest.mark.parametrize("brokers", [1, 3])
def test_kafkas_image_understands_the_settings(brokers, tmp_path):
    """Its own program writes server.properties from the variables, and formats the disk."""
    compose = filled(yaml.safe_load(containers.COMPOSE.read_text("utf-8")), variables(brokers))
    given = compose["services"]["broker-1"]["environment"]
    given |= {"KAFKA_LOG_DIRS": str(tmp_path / "data"), "CLUSTER_ID": "A" * 22}
    folders = {name: tmp_path / name for name in ("default", "mounted", "final")}
    for folder in folders.values():
        folder.mkdir()
    for name in ("server.properties", "log4j2.yaml", "tools-log4j2.yaml"):
        (folders["default"] / name).touch()
    argv = [java.executable(), *java.QUICK, "-cp", java.classpath()]
    argv += ["kafka.docker.KafkaDockerWrapper", "setup"]
    for name, folder in folders.items():
        argv += [f"--{name}-configs-dir", str(folder)]
    done = subprocess.run(argv, env=given, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    lines = (folders["final"] / "server.properties").read_text().splitlines()
    written = dict(line.split("=", 1) for line in lines if "=" in line)
    assert settings.defaults(brokers).items() <= written.items()
    assert (tmp_path / "data" / "meta.properties").exists()


def test_the_stand_ins_packages_are_the_locks():
    lock = runpy.run_path(str(ROOT / "docker" / "lock.py"))
    text = (ROOT / "requirements.lock").read_text("utf-8")
    ours = (ROOT / "docker" / "aws.lock").read_text("utf-8")
    assert ours == lock["subset"](text), "requirements.lock has changed: run python docker/lock.py"
    changed = ours.replace("ministack==", "ministack==0.")
    assert changed != lock["subset"](text)


def test_only_what_the_image_needs_is_sent_to_docker():
    dockerfile = (ROOT / "docker" / "aws.Dockerfile").read_text("utf-8")
    copied = [line.split()[1] for line in dockerfile.splitlines() if line.startswith("COPY")]
    ignore = (ROOT / "docker" / "aws.Dockerfile.dockerignore").read_text("utf-8").splitlines()
    rules = [line for line in ignore if not line.startswith("#")]
    assert rules == ["*", *[f"!{path}" for path in copied], "**/__pycache__"]
    assert dockerfile.count("FROM python:3.11-slim\n") == 1
    assert "--require-hashes" in dockerfile
