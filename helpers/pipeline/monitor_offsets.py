"""Offsets that may be committed, said to the group until it has confirmed them."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

log = logging.getLogger(__name__)

COMMIT_S = 0.5  # the shortest time between two commits
Place = tuple[str, int]


class Offsets:
    """Of the partitions that the group has given us, `ours`; `heard` is the client's on_commit."""

    def __init__(self) -> None:
        self.ours: set[Place] = set()
        self._ends: dict[Place, int] = {}  # what may be committed
        self._heard: dict[Place, int] = {}  # what the group has confirmed
        self._said = float("-inf")

    def take(self, partitions: Iterable[TopicPartition]) -> list[Place]:
        """They are ours now."""
        taken = [(each.topic, each.partition) for each in partitions]
        self.ours |= set(taken)
        return taken

    def give_up(self, partitions: Iterable[TopicPartition]) -> list[Place]:
        """They are not ours any more: whoever has them next says how far they are."""
        gone = [(each.topic, each.partition) for each in partitions]
        self.ours -= set(gone)
        for place in gone:
            self._ends.pop(place, None)
            self._heard.pop(place, None)
        return gone

    def add(self, ends: dict[Place, int]) -> None:
        """Everything before these offsets is in CloudWatch."""
        self._ends |= {place: end for place, end in ends.items() if place in self.ours}

    @property
    def confirmed(self) -> bool:
        """Whether the group knows all that may be committed."""
        return not self._unsaid()

    def _unsaid(self) -> list[tuple[Place, int]]:
        return [(at, end) for at, end in self._ends.items() if self._heard.get(at) != end]

    def commit(self, consumer: Consumer, asynchronous: bool) -> None:
        """Say what is not confirmed yet. The group may refuse while it is shared out anew."""
        now = time.monotonic()
        offsets = [TopicPartition(*place, end) for place, end in self._unsaid()]
        if not offsets or (asynchronous and now - self._said < COMMIT_S):
            return
        self._said = now
        try:
            if asynchronous:
                consumer.commit(offsets=offsets, asynchronous=True)
            else:
                self.heard(None, consumer.commit(offsets=offsets, asynchronous=False))
        except KafkaException as error:
            self.heard(error.args[0], [])

    def heard(self, error: KafkaError | None, offsets: list[TopicPartition]) -> None:
        """The group's answer. A refusal is no failure: it is asked again."""
        if error is not None:
            log.info("not committed yet: %s", error.str())
            return
        for each in offsets:
            if each.error is None and (each.topic, each.partition) in self.ours:
                self._heard[each.topic, each.partition] = each.offset
