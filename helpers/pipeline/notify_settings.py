"""What Notify is told: topics, bucket, limits. `notify_command` makes it from a command line."""

from __future__ import annotations

from dataclasses import dataclass, field

from helpers.errors import LabError
from helpers.pipeline.events import NOTIFICATIONS, SYSTEM_LOGS
from helpers.pipeline.notify_history import FOLDER
from helpers.pipeline.notify_texts import LEVELS


@dataclass(frozen=True)
class Settings:
    """Names are full names: with the prefix of a student, if there is one."""

    bucket: str
    sns_topic: str  # its ARN
    notifications: str = NOTIFICATIONS
    logs: str = SYSTEM_LOGS
    folder: str = FOLDER  # of the bucket; ends with /
    group: str = "notify"
    instance: str | None = None  # a name that stays: back at once after a kill
    min_severity: str = "CRITICAL"  # errors from this level on
    per_second: float = 5.0  # notifications of this process
    quiet_s: float = 300.0  # one page about a service in each such window; 0: about every error
    kafka: dict[str, str] = field(default_factory=dict)  # overrides for the consumer

    def __post_init__(self) -> None:
        if self.min_severity not in LEVELS:
            raise LabError(f"min-severity is one of {', '.join(LEVELS)}, not {self.min_severity}")
        if self.per_second <= 0 or self.quiet_s < 0:
            raise LabError("per-second is above 0, and quiet is 0 or above")

    def consumer(self, kafka: dict[str, str]) -> dict[str, str | int | bool]:
        """The consumer's configuration. What is stored as settled is committed every second."""
        own = {"group.instance.id": self.instance} if self.instance else {}
        return {
            **kafka,
            "group.id": self.group,
            "isolation.level": "read_committed",
            "enable.auto.commit": True,
            "auto.commit.interval.ms": 1000,
            "enable.auto.offset.store": False,
            "auto.offset.reset": "earliest",
            "partition.assignment.strategy": "cooperative-sticky",
            "fetch.queue.backoff.ms": 10,
            "queued.max.messages.kbytes": 8192,
            **own,
            **self.kafka,
        }
