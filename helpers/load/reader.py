"""How long until a consumer has a record? Measured in a process of its own."""

from __future__ import annotations

import base64
import queue
import time
from typing import Any

import numpy as np
from confluent_kafka import Consumer, KafkaException, TopicPartition

from helpers.errors import LabError
from helpers.load.child import Child
from helpers.load.hdr import Histogram
from helpers.load.values import STAMP

READY_S = 60.0
AT_ONCE = 1_000  # records of one call


class Reader:
    """Reads a topic from its end and measures from the stamp of each record to its arrival.

    The records must be stamped by this machine's clock: `open_loop(…, stamp=True)`. A context
    manager: entered when the reader has its place in every partition; at the end it is gone.
    """

    def __init__(self, settings: dict[str, Any], topic: str) -> None:
        self._child = Child(__name__, {"settings": settings, "topic": topic})
        self.read = 0

    def __enter__(self) -> Reader:
        try:
            self._child.expect(READY_S)
        except BaseException:
            self._child.end()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._child.end()

    def until(self, records: int, seconds: float = 30.0) -> Histogram:
        """Wait until it has read so many in all, `seconds` at most: due → consumed, in µs.

        The histogram is that of all records so far; `read` says how many there are.
        """
        self._child.tell(until=records, seconds=seconds)
        message = self._child.expect(seconds + READY_S)
        self.read = message["read"]
        return Histogram.from_bytes(base64.b64decode(message["histogram"]))


def main(job: dict[str, Any], inbox: queue.Queue, tell) -> None:
    """In a process of its own: read, and answer when asked."""
    topic = job["topic"]
    own = {"group.id": f"{topic}-reader", "enable.auto.commit": False, "log_level": 0}
    consumer = Consumer({**job["settings"], **own})
    try:
        known = consumer.list_topics(topic, timeout=10).topics[topic].partitions
        places = [TopicPartition(topic, number) for number in known]
        for place in places:
            place.offset = consumer.get_watermark_offsets(place, timeout=10)[1]
    except KafkaException as error:
        raise LabError(f"cannot read {topic}: {error.args[0].str()}") from error
    consumer.assign(places)
    tell(ready=len(places))
    found, asked, until = Histogram(), None, 0.0
    while True:
        _take(consumer, found)
        if asked is None and not inbox.empty():
            asked = inbox.get()
            until = time.monotonic() + asked["seconds"]
        if asked and (found.count >= asked["until"] or time.monotonic() > until):
            data = base64.b64encode(found.to_bytes()).decode()
            tell(read=found.count, histogram=data)
            asked = None


def _take(consumer: Consumer, found: Histogram) -> None:
    """Record what has arrived. Not `consume(1000, 0.1)`: it would keep the first one waiting for
    the others, and its arrival is what we measure."""
    first = consumer.poll(0.05)
    if first is None:
        return
    now = time.time_ns()
    _record(found, [first], now)
    if rest := consumer.consume(AT_ONCE, 0):
        _record(found, rest, time.time_ns())


def _record(found: Histogram, records: list, now: int) -> None:
    values = [record.value() for record in records if record.error() is None]
    stamps = b"".join(value[:STAMP] for value in values if value and len(value) >= STAMP)
    due = np.frombuffer(stamps, ">i8").astype(np.int64)
    found.record_many(np.maximum(now - due, 0) // 1_000)
