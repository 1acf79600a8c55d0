"""The student roster: a compacted topic read as a table, to its end at the start and on from there.

Each record's key is a student, its value what is known about them, the newest counts; a record
without a value removes them. `publish` writes the table, `Roster` reads it.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import asdict

import orjson
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, Producer, TopicPartition

from helpers.errors import LabError
from helpers.pipeline.campus import Student

TOPIC = "estudiantes"
CONFIG = {"cleanup.policy": "compact"}  # how the topic is to be created
LOAD_LIMIT_S = 120.0
FOLLOW = 2_000  # records taken in one go while following


def piece(name: str | None, programme: str | None, year: int | None) -> bytes:
    """What the roster adds to an event, as a piece of JSON."""
    known = {"student_name": name, "student_programme": programme, "student_year": year}
    return b"," + orjson.dumps(known)[1:-1]


UNKNOWN = piece(None, None, None)


def publish(producer: Producer, students: Iterable[Student], topic: str = TOPIC) -> int:
    """Write students into the roster and wait until all are acknowledged; how many.

    Raises LabError when the broker refuses one.
    """
    failed: list[KafkaError] = []
    count = 0
    for student in students:
        value = orjson.dumps(asdict(student))
        while True:
            try:
                producer.produce(
                    topic,
                    key=student.student_id,
                    value=value,
                    on_delivery=lambda error, _: failed.append(error) if error else None,
                )
                break
            except BufferError:
                producer.poll(0.1)
        count += 1
    waiting = producer.flush(60)
    if failed or waiting:
        raise LabError(f"the roster could not be written: {failed[0] if failed else 'no answer'}")
    return count


class Roster(dict):
    """student → piece of JSON. `load` reads to the end as of now; `follow` takes what is new.

    It is a consumer of its own that assigns all partitions to itself: every process needs the
    whole table, so no group shares it out.
    """

    def __init__(self, kafka: dict[str, str], topic: str = TOPIC):
        super().__init__()
        self.topic, self.refused = topic, 0
        self.version = 0  # counts changes
        self._kafka = kafka
        self._consumer: Consumer | None = None

    def load(self, limit_s: float = LOAD_LIMIT_S) -> Roster:
        """Read the whole topic. Raises LabError when there is none or `limit_s` seconds passed."""
        self._consumer = Consumer(
            {
                **self._kafka,
                "group.id": "roster",  # the client wants one; it is never joined
                "enable.auto.commit": False,
                "enable.auto.offset.store": False,
                "enable.partition.eof": True,
                "auto.offset.reset": "earliest",
                "queued.max.messages.kbytes": 8192,
                "fetch.queue.backoff.ms": 10,
            }
        )
        deadline = time.monotonic() + limit_s
        found = self._consumer.list_topics(self.topic, timeout=30).topics[self.topic]
        if found.error is not None:
            raise LabError(f"the roster {self.topic} cannot be read: {found.error.str()}")
        waiting = set(found.partitions)
        self._consumer.assign([TopicPartition(self.topic, p, OFFSET_BEGINNING) for p in waiting])
        while waiting:
            if time.monotonic() > deadline:
                raise LabError(f"the roster {self.topic} was not read to its end in {limit_s:g} s")
            waiting -= self._take(0.5)
        return self

    def follow(self) -> None:
        """Take what is new, without waiting."""
        if self._consumer is not None:
            self._take(0)

    def close(self) -> None:
        """Give the connection back."""
        if self._consumer is not None:
            self._consumer.close()
            self._consumer = None

    def _take(self, wait_s: float) -> set[int]:
        """Apply what has come; the partitions whose end was seen."""
        ended = set()
        for message in self._consumer.consume(FOLLOW, wait_s):
            error = message.error()
            if error is None:
                self._apply(message.key(), message.value())
            elif error.code() == KafkaError._PARTITION_EOF:
                ended.add(message.partition())
        return ended

    def _apply(self, key: bytes | None, value: bytes | None) -> None:
        self.version += 1
        student = (key or b"").decode(errors="replace")
        if value is None:
            self.pop(student, None)
            return
        try:
            row = orjson.loads(value)
            name, programme, year = row["name"], row["programme"], row["year"]
            if not (isinstance(name, str) and isinstance(programme, str) and type(year) is int):
                raise TypeError("not a row of the roster")
            self[student] = piece(name, programme, year)
        except (orjson.JSONDecodeError, KeyError, TypeError):
            self.refused += 1  # what was known before stays
