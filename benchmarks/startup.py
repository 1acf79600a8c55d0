"""How much sooner than the naive way does a lab answer? Both side by side in one run, as JSON.

`python benchmarks/startup.py [--rounds 5] [--brokers 1 3]`

Naive: `kafka.tools.StorageTool format` for each broker, then `kafka.Kafka` with the JVM's default
flags and Kafka's default settings. Ours: what `start_lab` does, guard process included. Both from
nothing until every broker is in the metadata that a client is answered; fresh directories, warm
file cache. The rounds alternate, so that a noisy machine disturbs both alike. The quickest start of
each side counts: a busy machine only ever adds to one. The medians are there to compare.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

from helpers.local import java, prepare, storage
from helpers.local.aws import lab as stand_in
from helpers.local.kafka import Cluster
from helpers.local.metadata import known_brokers
from helpers.local.process import HOST, Guard, wait_until

LIMIT = 120  # seconds for one start


def wait_for_metadata(ports: list[int]) -> None:
    """Ask until every broker knows every other, as the lab itself asks."""

    def known() -> bool:
        servers = ({"bootstrap.servers": f"{HOST}:{port}"} for port in ports)
        return all(len(known_brokers(server)) == len(ports) for server in servers)

    if not wait_until(known, LIMIT):
        raise SystemExit(f"no answer on the ports {ports} within {LIMIT} s")


def naive(size: int) -> float:
    """Seconds that the documented way takes: format, then start with default flags."""
    guard = Guard()  # only to reserve ports
    folder = Path(tempfile.mkdtemp())
    classpath = java.classpath()
    ports = [guard.ports(2) for _ in range(size)]
    voters = ",".join(f"{n + 1}@{HOST}:{ports[n][1]}" for n in range(size))
    cluster = storage.new_id()
    brokers = []
    began = time.monotonic()
    try:
        for n, (client, controller) in enumerate(ports):
            properties = folder / f"{n}.properties"
            properties.write_text(
                f"process.roles=broker,controller\nnode.id={n + 1}\n"
                f"controller.quorum.voters={voters}\n"
                f"listeners=PLAINTEXT://{HOST}:{client},CONTROLLER://{HOST}:{controller}\n"
                f"advertised.listeners=PLAINTEXT://{HOST}:{client}\n"
                "controller.listener.names=CONTROLLER\n"
                f"log.dirs={folder / str(n)}\n"
            )
            tool = [java.executable(), "-cp", classpath, "kafka.tools.StorageTool", "format"]
            quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
            subprocess.run([*tool, "-t", cluster, "-c", str(properties)], check=True, **quiet)
            start = [java.executable(), "-cp", classpath, "kafka.Kafka", str(properties)]
            brokers.append(subprocess.Popen(start, **quiet))
        wait_for_metadata([client for client, _ in ports])
        return time.monotonic() - began
    finally:
        for broker in brokers:
            broker.kill()
            broker.wait()
        guard.end()
        shutil.rmtree(folder, ignore_errors=True)


def ours(size: int) -> float:
    """Seconds that a lab takes."""
    began = time.monotonic()
    guard = Guard()
    try:
        Cluster(
            guard, size
        ).start()  # returns when every broker has answered with all in its metadata
        return time.monotonic() - began
    finally:
        guard.end()


def memory_mb() -> dict[str, float]:
    """Resident MB of one broker, the AWS stand-in and the guard, at rest."""
    import psutil

    guard = Guard()
    try:
        cluster = Cluster(guard)
        aws, *_ = stand_in.service(guard)
        aws.launch()
        cluster.start()
        aws.wait_ready()
        parts = {
            "broker": cluster.brokers[1].service.memory_mb(),
            "aws": aws.memory_mb(),
            "guard": psutil.Process(guard.pid).memory_info().rss / 1e6,
        }
        return {name: round(mb, 1) for name, mb in parts.items()}
    finally:
        guard.end()


def compare(size: int, rounds: int) -> dict:
    pairs = [(naive(size), ours(size)) for _ in range(rounds)]
    sides = list(zip(*pairs, strict=True))
    slow, quick = map(min, sides)
    usual = [statistics.median(side) for side in sides]
    return {
        "brokers": size,
        "rounds": rounds,
        "naive_s": round(slow, 2),
        "lab_s": round(quick, 2),
        "times_sooner": round(slow / quick, 2),
        "times_sooner_median": round(usual[0] / usual[1], 2),
        "times_sooner_each": [round(a / b, 2) for a, b in pairs],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--brokers", type=int, nargs="+", default=[1, 3])
    args = parser.parse_args()
    prepare.kafka_ready()
    ours(1)  # the file cache is warm for both
    memory = memory_mb()
    result = {
        "java": java.version(),
        "startup": [compare(size, args.rounds) for size in args.brokers],
        "memory_mb": {**memory, "together": round(sum(memory.values()), 1)},
    }
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
