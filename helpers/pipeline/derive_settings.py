"""What Derive is told: topics, group, name. `derive_command` makes it from a command line."""

from __future__ import annotations

from dataclasses import dataclass, field

from helpers.pipeline.events import NOTIFICATIONS, STUDENT_EVENTS


@dataclass(frozen=True)
class Settings:
    """Names are full names: with the prefix of a student, if there is one."""

    topic: str = STUDENT_EVENTS
    output: str = NOTIFICATIONS
    group: str = "derive"
    dead_letters: str | None = None  # topic; default: <topic>-dlq
    instance: str | None = None  # a name that stays: back at once after a kill
    kafka: dict[str, str] = field(default_factory=dict)  # overrides for the consumer

    @property
    def dead_letter_topic(self) -> str:
        """Where poison records go."""
        return self.dead_letters or f"{self.topic}-dlq"

    def consumer(self, kafka: dict[str, str]) -> dict[str, str | int | bool]:
        """The consumer's configuration."""
        own = {"group.instance.id": self.instance} if self.instance else {}
        return {
            **kafka,
            "group.id": self.group,
            "isolation.level": "read_committed",
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
            "partition.assignment.strategy": "cooperative-sticky",
            "fetch.queue.backoff.ms": 10,
            "queued.max.messages.kbytes": 16_384,
            **own,
            **self.kafka,
        }

    def producer(self, kafka: dict[str, str], name: str) -> dict[str, str | int]:
        """The transactional producer's configuration; `name` is its transactional.id.

        The time-out is short because readers of committed records wait for it after a kill, unless
        a producer of the same name comes back before.
        """
        return {
            **kafka,
            "transactional.id": name,
            "transaction.timeout.ms": 15_000,
            "message.max.bytes": 16_777_216,  # the topic's limit decides about a large dead letter
            "compression.type": "zstd",
            "linger.ms": 5,
        }
