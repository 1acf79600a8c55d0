"""The shared lab in containers: `python -m helpers up --docker` ... `python -m helpers down`.

`docker/compose.yaml` says what runs; the versions and settings are those of the lab of processes.
Keys are made anew at each start and handed over in the environment, never written into the compose
file nor put on a command line. What runs is noted where `shared.find` looks, so lessons find it.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import yaml

from helpers.errors import LabError
from helpers.local import aws, fetch, registry, settings, shared
from helpers.local.aws.server import MINISTACK
from helpers.local.metadata import known_brokers
from helpers.local.paths import PARTS, home, locked
from helpers.local.process import HOST, listening, require_free, wait_until

COMPOSE = Path(__file__).parents[2] / "docker" / "compose.yaml"
PROJECT = "aws-confluent"
REGION = "us-east-1"
# Seconds: to fetch and build images on a slow line, to become ready after that, to end
FETCHING, STARTING, ENDING = 1800, 120, 120


def up(brokers: int = 1, parts: list[str] | None = None) -> dict:
    """Start the lab in containers, one broker or three, or find it running; return its state.

    Raises:
        LabError: no Docker with compose, a lab of processes is up, a port is taken, or something
            did not start (quotes what it said; nothing is left running).
    """
    if brokers not in (1, 3):
        raise LabError(f"--docker offers one broker or three, not {brokers}: use --brokers 3")
    with locked(home() / ".up.lock", "starting a shared lab", FETCHING):
        if state := shared.find():
            if "ports" in state:
                return state
            raise LabError(
                "a lab without containers is up already; end it first: python -m helpers down"
            )
        user = _user()
        if folder().exists():  # its containers have ended, or half of them
            _remove()
        return _start(services(brokers, parts or PARTS), user)


def down() -> bool:
    """Remove the lab's containers, their data and their network; whether there was anything."""
    if not folder().exists():
        return False
    _user()
    _remove()
    return True


def alive(state: dict) -> bool:
    """Whether every port that the lab in `state` published is still answered; a millisecond."""
    return all(map(listening, state["ports"]))


def folder() -> Path:
    """What host and containers share: the inbox. It is there as long as containers may be."""
    return home() / "containers"


def services(brokers: int, parts: list[str] | tuple[str, ...]) -> list[str]:
    """The compose services for `parts`, brokers first."""
    kafka = [f"broker-{n}" for n in range(1, brokers + 1)] if "kafka" in parts else []
    return kafka + [part for part in ("registry", "aws") if part in parts]


def environment(brokers: int, user: str, key: str, secret: str) -> dict[str, str]:
    """The LAB_* variables that docker/compose.yaml asks for."""
    internal = settings.internal_replication(brokers)
    voters = ",".join(f"{n}@broker-{n}:9093" for n in range(1, brokers + 1))
    return {
        "LAB_COPIES": internal["default.replication.factor"],
        "LAB_IN_SYNC": internal["min.insync.replicas"],
        "LAB_VOTERS": voters,
        "LAB_FOLDER": str(folder()),
        "LAB_USER": user,
        "LAB_ACCESS_KEY": key,
        "LAB_SECRET_KEY": secret,
    }


def published() -> dict[str, int]:
    """The port of 127.0.0.1 on which each service is found, as the compose file says."""
    listed = yaml.safe_load(COMPOSE.read_text("utf-8"))["services"]
    return {name: int(entry["ports"][0].split(":")[1]) for name, entry in listed.items()}


def _start(names: list[str], user: str) -> dict:
    ports = {name: port for name, port in published().items() if name in names}
    for name, port in ports.items():
        require_free(port, name, f"change it in {COMPOSE}")
    key, secret = aws.new_keys()
    folder().mkdir(mode=0o700)
    (folder() / "aws" / "tmp").mkdir(parents=True)
    brokers = [name for name in names if name.startswith("broker-")]
    variables = environment(len(brokers) or 1, user, key, secret)
    log = home() / "containers.log"
    try:
        waiting = ["--wait", "--wait-timeout", str(STARTING)]
        done = _compose("up", "--detach", *waiting, "--build", *names, env=variables)
        good = done == 0 and wait_until(lambda: ready(ports), STARTING, every=0.2)
        if not good:
            why = "did not become ready" if done == 0 else f"ended with status {done}, see above"
            _compose("logs", "--no-color", "--tail", "50", env=variables, out=log)
            tail = "\n".join(log.read_text(errors="replace").splitlines()[-6:])
            raise LabError(f"docker compose up {why}; {log} ends with:\n{tail or '(nothing)'}")
        return _note(ports, key, secret)
    except BaseException:  # an interrupt, too, must not leave containers behind
        _remove()
        raise


def ready(ports: dict[str, int]) -> bool:
    """Whether each service itself answers, and every broker counts all of them in."""
    brokers = [port for name, port in ports.items() if name.startswith("broker-")]
    return (
        all(
            len(known_brokers({"bootstrap.servers": f"{HOST}:{port}"}, seconds=2)) == len(brokers)
            for port in brokers
        )
        and ("registry" not in ports or registry.answers(ports["registry"]))
        and ("aws" not in ports or aws.ready(ports["aws"]))
    )


def _note(ports: dict[str, int], key: str, secret: str) -> dict:
    """Write the state for `shared.find` and return it."""
    addresses = [f"{HOST}:{port}" for name, port in ports.items() if name.startswith("broker-")]
    versions = {"registry": f"Apicurio {fetch.lock()['apicurio']}", "aws": f"MiniStack {MINISTACK}"}
    kafka = fetch.lock()["kafka"]
    rows = [(n, f"{HOST}:{p}", versions.get(n, kafka), "docker") for n, p in ports.items()]
    state = {
        "ports": list(ports.values()),
        "kafka": {"bootstrap.servers": ",".join(addresses)} if addresses else {},
        "registry": registry.client(ports["registry"]) if "registry" in ports else None,
        "aws": None,
        "run": str(folder()),
        "rows": rows,
    }
    if "aws" in ports:
        state["aws"] = aws.client_environment(folder(), ports["aws"], key, secret, REGION)
    shared.write(state)
    return json.loads(json.dumps(state))  # as `find` will return it


def _remove() -> None:
    """Everything of the lab: containers of any profile, volumes, network, folder, state."""
    status = _compose("down", "--volumes", "--remove-orphans", env=environment(3, "0:0", "-", "-"))
    if status:
        raise LabError(
            f"docker compose down ended with status {status}, see above; "
            f"look at: docker ps --filter label=com.docker.compose.project={PROJECT}"
        )
    shutil.rmtree(folder(), ignore_errors=True)
    shared.file().unlink(missing_ok=True)


def _compose(*words: str, env: dict[str, str], out: Path | None = None) -> int:
    """One `docker compose` command, its progress in the terminal or in `out`; its exit status."""
    argv = ["docker", "compose", "--project-name", PROJECT, "--file", str(COMPOSE)]
    if env["LAB_COPIES"] == "3":
        argv += ["--profile", "three"]
    limit = FETCHING if words[0] == "up" else ENDING
    kept = out.open("wb") if out else None
    try:
        everything = {**os.environ, **env}
        return subprocess.run(
            [*argv, *words], env=everything, stdout=kept, stderr=kept, timeout=limit
        ).returncode
    except subprocess.TimeoutExpired as error:
        raise LabError(
            f"docker compose {words[0]} had not ended after {limit} s; "
            f"look at: docker ps --filter label=com.docker.compose.project={PROJECT}"
        ) from error
    finally:
        if kept:
            kept.close()


def _user() -> str:
    """Who the stand-in must be for its inbox to be ours: uid:gid. Checks Docker and compose first.

    Without root's privileges ("rootless") Docker maps the container's root to us.
    """
    if not shutil.which("docker"):
        raise LabError(
            "docker is not installed; install it with its compose plugin, or leave --docker out: "
            "the lab runs without containers"
        )
    if _ask("compose", "version")[0]:
        raise LabError("docker has no compose plugin; install it, or leave --docker out")
    status, said = _ask("info", "--format", "{{json .SecurityOptions}}")
    if status:
        raise LabError(f"docker does not answer ({said}); start it, or leave --docker out")
    return "0:0" if "rootless" in said else f"{os.getuid()}:{os.getgid()}"


def _ask(*words: str) -> tuple[int, str]:
    """A short question to docker: its exit status and the last line of what it said."""
    try:
        done = subprocess.run(
            ["docker", *words], stdout=-1, stderr=subprocess.STDOUT, text=True, timeout=20
        )
    except subprocess.TimeoutExpired:
        return 1, "no answer within 20 s"
    return done.returncode, (done.stdout.strip().splitlines() or ["no reason given"])[-1]
