"""What a test of the monitor needs: a ledger of what was produced, monitor processes, CloudWatch."""

from __future__ import annotations

import json
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import islice

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import NewTopic

from helpers.pipeline.events import generate, notification_from
from tests.processes import Process

HASTE = {"session.timeout.ms": "6000", "heartbeat.interval.ms": "500"}
TOPICS = ("estudiante-eventos", "sistema-logs", "notificaciones")
PARTITIONS = 3


def until(condition, seconds: float = 30.0):
    """What `condition` returns once it is true."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return found


class Rig:
    def __init__(self, servers, prefix: str):
        self.servers, self.prefix = servers, prefix
        self.processed: Counter = Counter()  # (topic, type) as acknowledged
        self.errors: Counter = Counter()  # (severity, service)
        self.malformed: Counter = Counter()  # topic
        self.ends: dict[tuple[str, int], int] = {}
        self._processes: list[Process] = []
        self._producer = Producer({**servers.kafka, "linger.ms": 5, "log_level": 0})
        self._events = generate(7)
        new = [NewTopic(prefix + t, num_partitions=PARTITIONS) for t in TOPICS]
        for future in servers.admin.create_topics(new).values():
            future.result(30)

    # -- producing ----------------------------------------------------------------------------

    def produce(self, n: int, poison: int = 0) -> None:
        """The next `n` events with the notifications that follow, and some that are no JSON."""
        for event in islice(self._events, n):
            self._send(event)
            if event.value["type"] == "calificacion":
                self._send(notification_from(event))
        for number in range(poison):
            topic = TOPICS[number % len(TOPICS)]
            self.send_raw(topic, b"key", b'{"type": "login"')
        assert self._producer.flush(60) == 0

    def send_raw(self, topic: str, key: bytes | None, value: bytes | None) -> None:
        def note(error, message):
            self._note(error, message)
            self.malformed[topic] += 1

        self._producer.produce(self.prefix + topic, value, key, on_delivery=note)

    def _send(self, event) -> None:
        def note(error, message):
            self._note(error, message)
            self.processed[event.topic, event.value["type"]] += 1
            if event.value["type"] == "error":
                self.errors[event.value["level"], event.value["service"]] += 1

        topic = self.prefix + event.topic
        self._producer.produce(topic, event.value_bytes, event.key_bytes, on_delivery=note)
        self._producer.poll(0)

    def _note(self, error, message) -> None:
        assert error is None, error
        place = message.topic(), message.partition()
        self.ends[place] = max(self.ends.get(place, 0), message.offset() + 1)

    # -- monitors -----------------------------------------------------------------------------

    def monitor(self, environment: dict[str, str] | None = None, **settings) -> Process:
        settings = {
            "prefix": self.prefix,
            "log_group": "eventos",
            "every_s": 1,
            **settings,
            "kafka": {**HASTE, **settings.get("kafka", {})},
        }
        told = {"settings": settings, "kafka": self.servers.kafka}
        process = Process(
            "tests.monitor.process", told, {**self.servers.environment, **(environment or {})}
        )
        self._processes.append(process)
        return process

    def committed(self, group: str = "monitor") -> dict[tuple[str, int], int]:
        reader = Consumer({**self.servers.kafka, "group.id": self.prefix + group})
        asked = [TopicPartition(self.prefix + t, p) for t in TOPICS for p in range(PARTITIONS)]
        try:
            found = reader.committed(asked, 30)
            return {(t.topic, t.partition): t.offset for t in found if t.offset >= 0}
        except KafkaException as error:
            if error.args[0].code() != KafkaError.NOT_COORDINATOR:
                raise
            return {}  # a group's coordinator is found when it is asked for first
        finally:
            reader.close()

    def wait_until_committed(self, seconds: float = 60.0) -> None:
        deadline = time.monotonic() + seconds
        while self.committed() != self.ends:
            texts = "\n".join(p.text[-2000:] for p in self._processes[-2:])
            assert time.monotonic() < deadline, f"{self.committed()} of {self.ends}\n{texts}"
            time.sleep(0.2)

    # -- CloudWatch ---------------------------------------------------------------------------

    def statistics(self, name: str, *stats: str, **dimensions: str) -> dict[str, float]:
        """Over all time, in one period of a hundred years; the stand-in counts them from 1970."""
        now = datetime.now(UTC)
        basic = [s for s in stats if not s.startswith("p")]
        percentiles = [s for s in stats if s.startswith("p")]
        found = self.servers.client("cloudwatch").get_metric_statistics(
            Namespace=f"{self.prefix}AulaStreaming",
            MetricName=name,
            Dimensions=[{"Name": k, "Value": v} for k, v in dimensions.items()],
            StartTime=now - timedelta(hours=1),
            EndTime=now + timedelta(hours=1),
            Period=100 * 365 * 86_400,
            **({"Statistics": basic} if basic else {}),
            **({"ExtendedStatistics": percentiles} if percentiles else {}),
        )["Datapoints"]
        return {**found[0], **found[0].get("ExtendedStatistics", {})} if found else {}

    def total(self, name: str, **dimensions: str) -> int:
        return round(self.statistics(name, "Sum", **dimensions).get("Sum", 0))

    def totals(self) -> tuple[Counter, Counter, Counter]:
        """What CloudWatch has, in the shape of the ledger."""
        processed = Counter()
        for topic, kind in self.processed:
            processed[topic, kind] = self.total("Processed", Topic=self.prefix + topic, Type=kind)
        errors = Counter()
        for severity, service in self.errors:
            dimensions = {"Severity": severity, "Service": service}
            errors[severity, service] = self.total("Errors", **dimensions)
        topics = {topic: self.prefix + topic for topic in self.malformed}
        malformed = Counter({t: self.total("Malformed", Topic=n) for t, n in topics.items()})
        return processed, errors, malformed

    def ledger(self) -> tuple[Counter, Counter, Counter]:
        """What was acknowledged."""
        return self.processed, self.errors, self.malformed

    def prove(self) -> None:
        """CloudWatch has counted each acknowledged record once."""
        assert self.totals() == self.ledger()

    def lines(self) -> list[dict]:
        """All lines of the log group, of all streams."""
        logs, group = self.servers.client("logs"), f"{self.prefix}eventos"
        pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group)
        return [json.loads(event["message"]) for page in pages for event in page["events"]]

    def end(self) -> None:
        for process in self._processes:
            process.end()
