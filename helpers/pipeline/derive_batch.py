"""The records of Derive's next transaction: only what is this process's, and each of them once."""

from __future__ import annotations

from collections.abc import Iterable

from confluent_kafka import Consumer, Message, TopicPartition

__all__ = ["Taken"]


class Taken:
    """What was read and is not committed, of the partitions that the group gave to this process.

    librdkafka 2.16 can deliver other records: a question for a partition's first offset that is
    under way when the group gives the client up is asked again later, and fetching begins at the
    answer, be the partition no longer assigned, or its committed offset another by now. So each
    record is compared with the one expected next, and the first ones of a partition that was taken
    over with the committed offset (`compare`).
    """

    def __init__(self, topic: str) -> None:
        self.messages: list[Message] = []
        self._topic = topic
        self._next: dict[int, int] = {}  # by partition that is ours: the offset to come, at least
        self._unsure: set[int] = set()  # of these: not yet compared

    def assigned(self, partitions: Iterable[int]) -> None:
        """These are ours now."""
        new = set(partitions)
        self._next |= dict.fromkeys(new, 0)
        self._unsure |= new

    def gone(self, partitions: Iterable[int]) -> None:
        """Whoever has them now begins at the committed offset: forget what is not committed."""
        gone = set(partitions)
        self.messages = [m for m in self.messages if m.partition() not in gone]
        self._next = {p: offset for p, offset in self._next.items() if p not in gone}
        self._unsure -= gone

    def add(self, message: Message) -> None:
        """Keep it, if it is ours and was not had before."""
        partition, offset = message.partition(), message.offset()
        if offset >= self._next.get(partition, offset + 1):
            self._next[partition] = offset + 1
            self.messages.append(message)

    @property
    def unsure(self) -> bool:
        """Whether `compare` has to be called before these records are acted on."""
        return any(m.partition() in self._unsure for m in self.messages)

    def compare(self, consumer: Consumer, timeout_s: float) -> None:
        """Drop what the group has committed already. Raises KafkaException, and drops nothing."""
        asked = {m.partition() for m in self.messages}
        if not asked:
            return
        places = [TopicPartition(self._topic, p) for p in asked]
        ends = {p.partition: p.offset for p in consumer.committed(places, timeout_s)}
        self.messages = [m for m in self.messages if m.offset() >= ends[m.partition()]]
        self._unsure -= asked

    def ends(self) -> list[TopicPartition]:
        """The offsets to commit."""
        ends = {m.partition(): m.offset() + 1 for m in self.messages}
        return [TopicPartition(self._topic, p, end) for p, end in ends.items()]

    def clear(self) -> None:
        """They are committed, or it is over."""
        self.messages = []

    def __len__(self) -> int:
        return len(self.messages)
