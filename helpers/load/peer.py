"""Kafka's own load generator, `org.apache.kafka.tools.ProducerPerformance`, to compare with.

It runs on the lab's Java with the jars of the lab's Kafka and Kafka's own tools. Its source:
https://github.com/apache/kafka/blob/4.4.0/tools/src/main/java/org/apache/kafka/tools/ProducerPerformance.java
"""

from __future__ import annotations

import os
import re
import subprocess
from typing import Any, NamedTuple

from helpers.errors import LabError
from helpers.local import fetch, java

CLASS = "org.apache.kafka.tools.ProducerPerformance"
HEAP = "-Xmx512m"  # what kafka-producer-perf-test.sh sets
LINE = re.compile(
    r"(?P<records>\d+) (?:steady state )?records sent, (?P<rate>[\d.,]+) records/sec "
    r"\((?P<mib>[\d.,]+) MB/sec\), (?P<mean>[\d.,]+) ms avg latency, (?P<longest>[\d.,]+) ms max "
    r"latency, (?P<p50>\d+) ms 50th, (?P<p95>\d+) ms 95th, (?P<p99>\d+) ms 99th, "
    r"(?P<p999>\d+) ms 99.9th"
)


class Peer(NamedTuple):
    """What ProducerPerformance printed. Latency from send() to the acknowledgement, in ms."""

    records: int
    rate: float  # records a second
    mib_per_s: float  # 2^20 bytes; it calls them MB
    mean_ms: float
    max_ms: float
    p50_ms: float
    p95_ms: float
    p99_ms: float
    p999_ms: float


def producer_performance(
    servers: str,
    topic: str,
    records: int,
    size: int = 200,
    settings: dict[str, Any] | None = None,
    throughput: float = -1,
    warmup: int = 0,
    seconds: float = 300.0,
) -> tuple[Peer, Peer]:
    """Send `records` values of `size` bytes; `settings` are those of Kafka's Java producer.

    `throughput`: records a second, -1 for as many as it can. Returns what it says of all records
    and of those after the first `warmup`, during which Java still compiles. Raises LabError when
    it fails or takes longer than `seconds`; `fetch.ensure`'s when the jars cannot be had.
    """
    jars = os.pathsep.join([*map(str, fetch.ensure("tools")), java.classpath()])
    words = [java.executable(), HEAP, *java.COMMON, "-cp", jars, CLASS]
    words += ["--topic", topic, "--num-records", str(records), "--record-size", str(size)]
    words += ["--throughput", str(throughput), "--bootstrap-server", servers]
    words += ["--warmup-records", str(warmup)] if warmup else []
    words += ["--command-property", "client.id=peer"]
    words += [f"{name}={value}" for name, value in (settings or {}).items()]
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=seconds, check=False)
    except subprocess.TimeoutExpired:
        raise LabError(f"ProducerPerformance had not ended after {seconds:g} s") from None
    found = parse(done.stdout)
    if done.returncode or len(found) != (2 if warmup else 1):
        why = _reason(done.stderr or done.stdout)
        raise LabError(f"ProducerPerformance ended with status {done.returncode}: {why}")
    return found[0], found[-1]


def parse(text: str) -> list[Peer]:
    """The summary lines of its output: of all records, then of the steady state, if asked."""
    # Java writes a decimal comma where the locale has one.
    return [Peer(*map(_number, line.groups())) for line in LINE.finditer(text)]


def _reason(text: str) -> str:
    """The line of Java's many that says most."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    wanted = [line for line in lines if "Exception: " in line] or lines or ["it said nothing"]
    return wanted[-1]


def _number(word: str) -> float | int:
    return float(word.replace(",", ".")) if re.search(r"[.,]", word) else int(word)
