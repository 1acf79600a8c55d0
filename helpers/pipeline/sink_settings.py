"""What a sink is told: topic, bucket, limits. `sink_command` makes it from a command line."""

from __future__ import annotations

from dataclasses import dataclass, field

from helpers.pipeline.batch import Limits
from helpers.pipeline.filters import Drop
from helpers.pipeline.process import MAX_BYTES


@dataclass(frozen=True)
class Settings:
    """What a sink does. Names are full names: with the prefix of a student, if there is one."""

    topic: str
    bucket: str
    prefix: str = ""  # of the keys; ends with / if it is to be a folder
    schema: str = "estudiante-eventos"  # what the values are, see `schemas`
    group: str = "s3-sink"
    instance: str | None = None  # group.instance.id: back at once after a kill
    format: str = "json"  # or parquet
    limits: Limits = field(default_factory=Limits)
    drops: tuple[Drop, ...] = ()
    roster: str | None = None  # topic; without it, events are not enriched with the student
    dead_letters: str | None = None  # topic; default: <topic>-dlq
    max_bytes: int = MAX_BYTES  # of a record's value; longer ones are dead letters
    held_mb: float = 48.0  # compressed and waiting, in MB; the client's queue comes on top
    threads: int = 4  # uploads at the same time
    kafka: dict[str, str] = field(default_factory=dict)  # overrides for the consumer

    @property
    def dead_letter_topic(self) -> str:
        """Where poison records go."""
        return self.dead_letters or f"{self.topic}-dlq"

    def consumer(self, kafka: dict[str, str]) -> dict[str, str | int | bool]:
        """The consumer's configuration."""
        own = {"group.instance.id": self.instance} if self.instance else {}
        usual = {"partition.assignment.strategy": "cooperative-sticky"}
        if self.kafka.get("group.protocol") == "consumer":
            usual = {}  # the broker assigns (KIP-848), and the client refuses to be told how
        return {
            **kafka,
            "group.id": self.group,
            "enable.auto.commit": False,
            "enable.auto.offset.store": False,
            "auto.offset.reset": "earliest",  # when retention took what the bucket lacks
            "enable.partition.eof": True,
            **usual,
            "fetch.queue.backoff.ms": 10,  # the default of 1 s starves a reader this quick
            "queued.max.messages.kbytes": 8_192,
            "max.partition.fetch.bytes": 524_288,  # compressed; a larger record still comes
            **own,
            **self.kafka,
        }
