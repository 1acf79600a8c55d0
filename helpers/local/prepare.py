"""What has to be done once per machine before a broker can start quickly."""

from __future__ import annotations

import os
import secrets
import time
from contextlib import suppress
from pathlib import Path

from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic

from helpers.local import fetch, java, kafka, storage
from helpers.local.paths import home, locked
from helpers.local.process import Guard

OLD_S = 30 * 86_400  # so long caches for another Java, other jars or other flags are kept


def kafka_ready() -> None:
    """Fetch the jars, make the format template, train the AOT cache; quick when done.

    The jars' sha256 is checked where they are used, in `java.classpath`.

    Raises:
        LabError: as `fetch.ensure`.
    """
    fetch.obtain("kafka")
    storage.template()
    cache = java.aot_cache(java.QUICK)
    if cache.exists():
        return
    with locked(home() / "aot" / ".lock", "preparing a quick start"):
        if not cache.exists():
            print("Preparing a quick start for the brokers, once (about 10 s)")
            _train(cache)
            drop_old(cache)


def drop_old(cache: Path) -> None:
    """Remove what was trained long ago for what is no more: each has 70 MB."""
    for other in cache.parent.glob("kafka-*.aot"):
        with suppress(OSError):
            if other != cache and time.time() - other.stat().st_mtime > OLD_S:
                other.unlink()


def registry_ready() -> None:
    """Fetch and unpack the schema registry."""
    from helpers.local import registry

    registry.unpacked()


def streams_ready() -> None:
    """Install lesson 16's stream-processing library, in a folder of its own."""
    from helpers import streams

    streams.ready()


def _train(cache: Path) -> None:
    """Run a broker through its paces and let the JVM write down what it loaded.

    Should the JVM fail to write it, the broker is still right, only slower: it starts without.
    """
    scratch = cache.with_name(f".making-{secrets.token_hex(4)}")
    guard = Guard()
    try:
        cluster = kafka.Cluster(guard)
        broker = cluster.brokers[1]
        cluster.start(train=scratch)
        topic = "training"
        client = {**cluster.client(), "log_level": 0}  # it would report the broker's stop
        admin = AdminClient(client)
        admin.create_topics([NewTopic(topic, 1)])[topic].result(30)
        producer = Producer(client)
        producer.produce(topic, b"value", b"key")
        producer.flush(30)
        broker.stop(seconds=120)  # writing the cache takes longer than a stop
        if scratch.exists():
            os.replace(scratch, cache)
    finally:
        guard.end()
        scratch.unlink(missing_ok=True)
