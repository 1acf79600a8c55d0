"""What a result depends on: versions and the machine. No names of hosts, users or folders."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version

import confluent_kafka
import psutil


def versions() -> dict[str, str]:
    """Of everything that takes part."""
    from helpers.local import fetch

    return {
        "confluent-kafka": version("confluent-kafka"),
        "librdkafka": confluent_kafka.libversion()[0],
        "Python": platform.python_version(),
        "numpy": version("numpy"),
        "Kafka of the local lab": fetch.lock()["kafka"],
    }


def machine() -> dict[str, str]:
    """Processors, memory, operating system, and how busy it is."""
    known = {
        "processors": f"{os.cpu_count()} ({platform.machine()})",
        "memory": f"{psutil.virtual_memory().total / 2**30:.1f} GiB",
        "operating system": f"{platform.system()} {platform.release()}",
    }
    if hasattr(os, "getloadavg"):
        known["load average, 1 and 5 minutes"] = "{:.1f}, {:.1f}".format(*os.getloadavg()[:2])
    return known
