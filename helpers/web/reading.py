"""Read the three topics back, beside everybody else: no group is joined, nothing is committed.

A thread, since the client blocks; what it reads goes to the event loop in batches.
"""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaException, Message, TopicPartition

from helpers.pipeline.topics import TOPICS
from helpers.pipeline.validation import Invalid
from helpers.web.feed import KEPT, Row
from helpers.web.making import validator

HISTORY = 10  # records of each partition that a page shows at first
BATCH, WAIT_S = 500, 0.1
LOOK_S = 3.0  # topics may be deleted and made again while the page is open
LONGEST = 2_000  # bytes of a value that are shown
READING = {
    "group.id": "portal",  # the client insists on a name; `assign` never uses it
    "enable.auto.commit": False,
    "auto.offset.reset": "earliest",  # a topic that was made again starts at 0
    "isolation.level": "read_committed",
    "fetch.queue.backoff.ms": 10,
    "statistics.interval.ms": 500,
    "log_level": 0,  # a broker that is away is said on the page
}


class Reader:
    """Reads until `close`. `publish(rows, counts, tasks)` is called from its thread.

    `up` is whether a connection to some broker stands. Raises KafkaException when nobody answers.
    """

    def __init__(self, kafka: dict[str, Any], prefix: str, publish: Callable) -> None:
        self.up = True
        self._prefix, self._publish = prefix, publish
        self._stopping = threading.Event()
        own = {**READING, "stats_cb": self._statistics, **kafka}
        self._consumer = Consumer(own)
        self._places: set[tuple[str, int]] = set()
        self._look(10.0, first=True)
        self._thread = threading.Thread(target=self._read, name="portal reader", daemon=True)

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def close(self) -> None:
        """End the thread; returns when it has ended."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(10)

    def _statistics(self, text: str) -> None:
        brokers = json.loads(text)["brokers"].values()
        self.up = any(broker["state"] == "UP" and broker["nodeid"] >= 0 for broker in brokers)

    def _read(self) -> None:
        looked = time.monotonic()
        try:
            while not self._stopping.is_set():
                records = self._consumer.consume(BATCH, WAIT_S)
                if good := [record for record in records if record.error() is None]:
                    self._pass_on(good)
                if self.up and time.monotonic() - looked > LOOK_S:
                    looked = time.monotonic()
                    self._look(1.0)
        finally:
            self._consumer.close()

    def _look(self, seconds: float, first: bool = False) -> None:
        """Read every partition that there is: of a new one, all; at first, its latest records."""
        try:
            topics = self._consumer.list_topics(timeout=seconds).topics
        except KafkaException:
            if first:
                raise
            return  # away for a moment; it is looked at again
        names = [self._prefix + name for name in TOPICS if self._prefix + name in topics]
        places = {(name, number) for name in names for number in topics[name].partitions}
        if places == self._places:
            return
        begin = [TopicPartition(*place, self._begin(place, first)) for place in places]
        kept = {(p.topic, p.partition): p for p in self._positions()}
        self._consumer.assign([kept.get((p.topic, p.partition), p) for p in begin])
        self._places = places

    def _begin(self, place: tuple[str, int], first: bool) -> int:
        if not first:
            return OFFSET_BEGINNING
        low, high = self._consumer.get_watermark_offsets(TopicPartition(*place), timeout=10)
        return max(low, high - HISTORY)

    def _positions(self) -> list[TopicPartition]:
        """Where reading goes on, of the partitions of which something has been read."""
        asked = [TopicPartition(*place) for place in self._places]
        return [p for p in self._consumer.position(asked) if p.offset >= 0] if asked else []

    def _pass_on(self, records: list[Message]) -> None:
        counts = Counter(record.topic().removeprefix(self._prefix) for record in records)
        rows = [self._row(record) for record in records[-KEPT:]]
        self._publish(rows, counts, [value for record in records if (value := self._task(record))])

    def _row(self, record: Message) -> Row:
        raw = record.value() or b""
        try:
            value = json.loads(raw) if len(raw) <= LONGEST else None
        except (ValueError, RecursionError):
            value = None
        return {
            "topic": record.topic().removeprefix(self._prefix),
            "partition": record.partition(),
            "offset": record.offset(),
            "key": (record.key() or b"").decode("utf-8", "replace")[:100],
            "at": record.timestamp()[1],
            "value": value if isinstance(value, dict) else None,
            "text": "" if isinstance(value, dict) else raw[:200].decode("utf-8", "replace"),
        }

    def _task(self, record: Message) -> dict[str, Any] | None:
        """The value, if it is a `tarea` that its schema accepts: a mark may be given to it."""
        raw = record.value() or b""
        if b'"tarea"' not in raw:
            return None
        topic = record.topic().removeprefix(self._prefix)
        try:
            return json.loads(validator(topic).decode(raw)[1])
        except Invalid:
            return None
