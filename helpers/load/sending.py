"""Send what has fallen due, in as few calls as the due times allow."""

from __future__ import annotations

import time

import numpy as np
from confluent_kafka import KafkaError, Producer

from helpers.load.ledger import Chunk, Ledger
from helpers.load.schedule import Schedule
from helpers.load.values import MOST, Values

clock = time.perf_counter_ns
TOGETHER_NS = 250_000  # records due within this time go into one call
AHEAD = 4_096  # due times that are worked out at once
NAP_NS = 250_000  # the shortest sleep: a busy loop would take the broker's processor


class Sender:
    """The sending half of an open loop: `turn` again and again until `done`."""

    def __init__(
        self,
        producer: Producer,
        topic: str,
        schedule: Schedule,
        values: Values,
        ledger: Ledger,
        partition: int | None,
    ) -> None:
        self._producer, self._topic, self._values = producer, topic, values
        self._schedule, self._ledger = schedule, ledger
        self._partition = {} if partition is None else {"partition": partition}
        self._left: tuple[int, np.ndarray, list[dict]] | None = None  # the client had no room
        self._count, self._next = schedule.count, 0
        self._most = 1 if ledger.places is not None else MOST
        self._due, self._first = np.empty(0, np.int64), 0

    @property
    def done(self) -> bool:
        """Whether every record has been handed to the client."""
        return self._next >= self._count and not self._left

    def turn(self) -> None:
        """Send one call's worth of what is due and take the reports; or wait, a moment at most."""
        if self._left:
            left, self._left = self._left, None
            self._send(*left)
            return
        place = self._next - self._first
        if place >= self._due.size:
            self._first, place = self._next, 0
            self._due = self._schedule.due(self._next, min(self._next + AHEAD, self._count))
        due = int(self._due[place])
        now = clock() - self._ledger.began
        if due > now:
            self._wait(due - now)
            return
        end = int(np.searchsorted(self._due, min(due + TOGETHER_NS, now), "right"))
        times = self._due[place : min(end, place + self._most)]
        first, self._next = self._next, self._next + times.size
        self._send(first, times, self._values.messages(first, times))

    def _wait(self, gap: int) -> None:
        """Until the next record is due or reports have come. poll() counts in whole ms."""
        if gap >= 2_000_000:
            self._poll(min(gap / 1e9 - 0.001, 0.1))
        else:
            self._poll(0)
            time.sleep(max(gap, NAP_NS) / 1e9)

    def _send(self, first: int, times: np.ndarray, messages: list[dict]) -> None:
        """One call of produce_batch. What finds no room in the client's queue stays for later."""
        chunk = Chunk(first, int(times[0]), clock() - self._ledger.began)
        report = self._ledger.reporter(chunk, len(messages))
        taken = self._producer.produce_batch(
            self._topic, messages, on_delivery=report, **self._partition
        )
        if taken == len(messages):
            self._ledger.add(chunk, taken, self._values.size(messages))
            self._poll(0)
            return
        # The client says in each message that it did not take why.
        errors = [message.pop("_error", None) for message in messages]
        good = [m for m, error in zip(messages, errors, strict=True) if error is None]
        if good:
            self._ledger.add(chunk, len(good), self._values.size(good))
        full = []
        for place, error in enumerate(errors):
            if error is not None and error.code() == KafkaError._QUEUE_FULL:
                full.append(place)
            elif error is not None:
                size = self._values.size(messages[place : place + 1])
                self._ledger.refused(error.name(), 1, size)
        if full:
            self._left = first + full[0], times[full], [messages[place] for place in full]
            self._poll(0.01)  # until the first report makes room

    def _poll(self, seconds: float) -> None:
        self._producer.poll(seconds)
        self._ledger.polled()
