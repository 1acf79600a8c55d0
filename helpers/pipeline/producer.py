"""Send events and lose none unnoticed. Lesson 05 builds this in view; 09, 12 and 13 use it.

    with EventProducer(lab.kafka, prefix) as producer:
        for due, event in paced(generate(seed=7), rate=200, seconds=10, wait=producer.wait):
            producer.send(event, due)
    print(producer.account.acknowledged)

Every event that is sent ends in its `account`: acknowledged, failed with the reason, or waiting.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from operator import attrgetter
from types import TracebackType
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from helpers.errors import LabError
from helpers.pipeline.events import Event
from helpers.pipeline.pacing import STEP_S, clock

# Written out although `acks` is the default: what the promise rests on should be read here.
SAFE: dict[str, Any] = {
    "acks": "all",
    "enable.idempotence": True,
    "delivery.timeout.ms": 30_000,
    "linger.ms": 20,
    "compression.type": "zstd",
}
FULL_LIMIT_S = 35.0  # a little longer than a record may take: then something else is wrong
FINENESS = 1.02  # of the histogram: a percentile is at most 2 percent too large


@dataclass
class Account:
    """What became of the events: numbers by full topic name. It never forgets one."""

    sent: Counter[str] = field(default_factory=Counter)
    acknowledged: Counter[str] = field(default_factory=Counter)
    failed: Counter[tuple[str, str]] = field(default_factory=Counter)  # (topic, what Kafka says)
    _times: Counter[int] = field(default_factory=Counter)

    @property
    def waiting(self) -> int:
        """Events without an answer: after a flush, those that nobody can say anything about."""
        return self.sent.total() - self.acknowledged.total() - self.failed.total()

    def answered(self, topic: str, error: str, seconds: float) -> None:
        """Enter one delivery report; `error` is "" for an acknowledgement."""
        if error:
            self.failed[topic, error] += 1
            return
        self.acknowledged[topic] += 1
        self._times[math.ceil(math.log(max(seconds, 1e-6), FINENESS))] += 1

    def percentile(self, percent: float) -> float:
        """Seconds from due to acknowledged that `percent` of the events did not exceed; else nan.

        Nearest rank over a histogram whose bounds grow by 2 percent, so of constant size.
        """
        rank = math.ceil(self._times.total() * percent / 100)
        for bound in sorted(self._times):
            rank -= self._times[bound]
            if rank <= 0:
                return FINENESS**bound
        return math.nan


class EventProducer:
    """A `Producer` that keeps account, with back-pressure when its queue is full.

    `kafka` is the clients' configuration, `config` overrides `SAFE`; `serialize` makes an event's
    value bytes; `on_ack(event, record)` is called for each acknowledged one, from `send`, `wait` or
    `close`. Not for use from several threads.
    """

    def __init__(
        self,
        kafka: dict[str, Any],
        prefix: str = "",
        *,
        serialize: Callable[[Event], bytes] = attrgetter("value_bytes"),
        on_ack: Callable[[Event, Message], None] | None = None,
        full_limit_s: float = FULL_LIMIT_S,
        **config: Any,
    ) -> None:
        self.account = Account()
        self.errors: list[KafkaError] = []  # what concerns no single record: brokers down, ...
        self._prefix, self._serialize, self._on_ack = prefix, serialize, on_ack
        self._full_limit_s = full_limit_s
        self._broken: BaseException | None = None
        quiet = {"log_level": 0, "error_cb": self.errors.append}
        self._producer = Producer({**SAFE, **quiet, **kafka, **config})

    def __enter__(self) -> EventProducer:
        return self

    def __exit__(
        self, kind: type | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def send(self, event: Event, due: float | None = None) -> None:
        """Hand one event over; wait while the queue is full. `due` is its moment on `clock`.

        Raises:
            LabError: the queue stays full for `full_limit_s`, or the client can send no more.
        """
        due = clock() if due is None else due
        topic = self._prefix + event.topic
        report = partial(self._report, event, due)
        record = {"key": event.key_bytes, "value": self._serialize(event), "on_delivery": report}
        try:
            if not self._accepted(topic, record):
                self._wait_for_room(topic, record)
            self.account.sent[topic] += 1
        except KafkaException as refused:  # known at once: too large, an unknown partition
            error = refused.args[0]
            if error.fatal():
                raise LabError(f"the producer can send no more: {error.str()}") from refused
            self.account.sent[topic] += 1
            self.account.answered(topic, error.str(), 0)
        self.wait(0)

    def _accepted(self, topic: str, record: dict[str, Any]) -> bool:
        """Whether the queue had room. Raises KafkaException for a record that can never be sent."""
        try:
            self._producer.produce(topic, **record)
        except BufferError:
            return False
        return True

    def _wait_for_room(self, topic: str, record: dict[str, Any]) -> None:
        """A place becomes free when a delivery report has been served: poll, do not sleep."""
        deadline = clock() + self._full_limit_s
        while not self._accepted(topic, record):
            if clock() > deadline:
                raise LabError(
                    f"the producer's queue has been full for {self._full_limit_s:g} s"
                    f" ({self.account.waiting:,} events without an answer{self.last_error});"
                    " look whether the brokers are up, or send fewer events a second"
                )
            self.wait(STEP_S)

    def wait(self, seconds: float) -> None:
        """Serve delivery reports for as long as `seconds`, or until some came.

        Raises whatever `on_ack` raised: not inside the report, where the client could not pass it
        on, but here.
        """
        self._producer.poll(seconds)
        if self._broken:
            broken, self._broken = self._broken, None
            raise broken

    def close(self, seconds: float = -1) -> int:
        """Wait until every event has its answer, for ever if `seconds` is -1; return how many not.

        It does end: `delivery.timeout.ms` after the last `send` at the latest, each has failed.
        """
        self._producer.flush(seconds)
        self.wait(0)
        return self.account.waiting

    def topics(self) -> set[str]:
        """The names of all topics of the cluster. Raises KafkaException if nobody answers in 10 s.

        Without a name in it, the request creates no topic on a broker that would do so.
        """
        return set(self._producer.list_topics(timeout=10).topics)

    @property
    def last_error(self) -> str:
        """The latest error that concerns no single record, ready to be appended to a sentence."""
        return f"; last heard: {self.errors[-1].str().strip()}" if self.errors else ""

    def _report(self, event: Event, due: float, error: KafkaError | None, record: Message) -> None:
        self.account.answered(record.topic(), error.str() if error else "", clock() - due)
        if error is None and self._on_ack and self._broken is None:
            try:
                self._on_ack(event, record)
            except Exception as broken:  # noqa: BLE001 (kept for `wait`, which raises it)
                self._broken = broken
