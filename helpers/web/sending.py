"""Hand events to Kafka from an event loop, and say what became of each.

`AIOProducer` as lesson 05 found it: one record at a time handed on at once (`batch_size=1`), its
own timer off (`buffer_timeout=0`), and a small task that polls for the delivery reports.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.aio import AIOProducer

from helpers.pipeline.events import Event
from helpers.pipeline.producer import SAFE

# SAFE, and what is different when a person waits for the answer.
PATIENT = {**SAFE, "delivery.timeout.ms": 10_000, "linger.ms": 0}
MOST_WAITING = 400  # events without an answer; more are refused, so memory is bounded
POLL_S = 0.1


class NotStored(Exception):
    """The event was not acknowledged. `perhaps`: it may be in the topic all the same."""

    def __init__(self, text: str, perhaps: bool = False) -> None:
        super().__init__(text)
        self.text, self.perhaps = text, perhaps


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the broker acknowledged, and how long that took in ms."""

    topic: str
    partition: int
    offset: int
    ms: float


class Sender:
    """An idempotent producer with acks=all. Make it, `send`, and `close` it in one event loop."""

    def __init__(self, kafka: dict[str, Any], prefix: str = "", **config: Any) -> None:
        self.waiting = self.acknowledged = self.unconfirmed = 0
        self._prefix = prefix
        self._config = {**PATIENT, "log_level": 0, **kafka, **config}
        self._closing = asyncio.Event()
        self._all: list[tuple[AIOProducer, asyncio.Task]] = []
        self._start()

    def _start(self) -> None:
        # It changes the dict that it gets, hence the copy.
        self._producer = AIOProducer(dict(self._config), batch_size=1, buffer_timeout=0)
        reports = asyncio.create_task(self._serve(self._producer))
        self._all.append((self._producer, reports))

    async def _serve(self, producer: AIOProducer) -> None:
        while not self._closing.is_set() and (producer is self._producer or len(producer)):
            await producer.poll(POLL_S)

    async def send(self, event: Event) -> Receipt:
        """Send one event and wait for the broker's word; raises NotStored.

        Do not cancel it: the report would find nobody. Await a task of it through `shield`.
        """
        if self.waiting >= MOST_WAITING:
            busy = f"{self.waiting} eventos esperan respuesta de Kafka; prueba en unos segundos"
            raise NotStored(busy)
        begun, producer = time.perf_counter(), self._producer
        with self._counted():
            try:
                topic = self._prefix + event.topic
                future = await producer.produce(topic, value=event.value_bytes, key=event.key_bytes)
                record = await future
            except KafkaException as error:
                if error.args[0].fatal() and producer is self._producer:
                    self._start()  # the old one can send no more
                raise _explained(error.args[0]) from error
        self.acknowledged += 1
        ms = 1000 * (time.perf_counter() - begun)
        return Receipt(record.topic(), record.partition(), record.offset(), round(ms, 1))

    @contextmanager
    def _counted(self) -> Iterator[None]:
        self.waiting += 1
        try:
            yield
        except NotStored:
            self.unconfirmed += 1
            raise
        finally:
            self.waiting -= 1

    async def close(self) -> None:
        """Wait until every event has its answer, `delivery.timeout.ms` at most."""
        self._closing.set()
        for producer, reports in self._all:
            await reports
            await producer.close()


def _explained(error: KafkaError) -> NotStored:
    said = error.str().strip()
    if error.code() == KafkaError._MSG_TIMED_OUT:
        words = "Kafka no ha confirmado el evento: puede estar guardado o no"
        return NotStored(f"{words} ({said})", perhaps=True)
    return NotStored(f"Kafka no ha guardado el evento ({said})")
