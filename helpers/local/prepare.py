"""What has to be done once per machine before a broker can start quickly."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic

from helpers.local import fetch, java, kafka, storage
from helpers.local.paths import drop_old, home, locked
from helpers.local.process import Guard


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
            drop_old(cache, "kafka-*.aot")  # for another Java, other jars, other flags: 70 MB each


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
