"""What the monitor is told. `monitor_command` makes it from a command line."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from helpers.errors import LabError
from helpers.pipeline.schemas import TOPICS

NAMESPACE, LOG_GROUP = "AulaStreaming", "aula/eventos"
GROUPS = {"s3-sink": (), "derive": (), "notify": ()}
RETENTION_DAYS = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1827, 3653)


@dataclass(frozen=True)
class Settings:
    """How a monitor works. `prefix` is put in front of every name: topics, groups, namespace, log
    group. Without a `log_group` no lines are sent.

    Raises LabError for a value that cannot be.
    """

    prefix: str = ""
    namespace: str = NAMESPACE
    log_group: str | None = None
    topics: tuple[str, ...] = tuple(TOPICS)
    group: str = "monitor"
    instance: str | None = None  # group.instance.id: back at once after a kill
    groups: dict[str, tuple[str, ...]] = field(default_factory=dict)  # whose lag → topics
    every_s: float = 10.0  # a window: one data point of each metric
    resolution: int = 60  # or 1: CloudWatch keeps seconds instead of minutes, for three hours
    log_all: bool = False  # a line for every record, not only for errors and malformed ones
    retention_days: int = 14  # of a log group that has to be created
    give_up_s: float = 3600.0  # without any success
    kafka: dict[str, str] = field(default_factory=dict)  # overrides for the consumer

    def __post_init__(self):
        if self.resolution not in (1, 60):
            raise LabError(f"the resolution is 1 or 60 seconds, not {self.resolution}")
        if not 1 <= self.every_s <= 3600:
            raise LabError(f"every is a number of seconds from 1 to 3600, not {self.every_s:g}")
        unknown = [topic for topic in self.topics if topic not in TOPICS]
        if unknown or not self.topics:
            raise LabError(f"the topics to watch are of {', '.join(TOPICS)}; not {unknown}")
        if self.retention_days not in RETENTION_DAYS:
            raise LabError(f"CloudWatch Logs keeps lines for one of {RETENTION_DAYS} days")
        name = self.prefix + self.namespace
        if name.startswith("AWS/") or not re.fullmatch(r"[A-Za-z0-9._/#-]{1,255}", name):
            raise LabError(f"{name!r} cannot be a namespace: letters, digits and . _ / # - can")

    @property
    def names(self) -> dict[str, str]:
        """Full name → schema of the topics."""
        return {self.prefix + topic: topic for topic in self.topics}

    @property
    def watched(self) -> dict[str, tuple[str, ...]]:
        """Full names of the groups whose lag is measured → full names of topics."""
        return {
            self.prefix + group: tuple(self.prefix + topic for topic in topics)
            for group, topics in self.groups.items()
        }

    def consumer(self, kafka: dict[str, str]) -> dict[str, str | int | bool]:
        """The consumer's configuration."""
        own = {"group.instance.id": self.instance} if self.instance else {}
        return {
            **kafka,
            "group.id": self.prefix + self.group,
            "enable.auto.commit": False,
            "enable.auto.offset.store": False,
            "auto.offset.reset": "earliest",
            "partition.assignment.strategy": "cooperative-sticky",
            "fetch.queue.backoff.ms": 10,
            "topic.metadata.refresh.interval.ms": 10_000,  # new topics and partitions are seen soon
            "queued.max.messages.kbytes": 16_384,
            **own,
            **self.kafka,
        }
