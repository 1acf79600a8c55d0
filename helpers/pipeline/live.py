"""What the demo's dashboard is fed with: the topics' records as they come, and what AWS holds.

Both only look: the reader joins no group, the questions to AWS change nothing.
"""

from __future__ import annotations

import json
import threading
import time
from collections import Counter, defaultdict, deque
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import boto3
from botocore.exceptions import BotoCoreError, ClientError
from confluent_kafka import Consumer, KafkaException, Message, TopicPartition

from helpers.pipeline.monitor_lag import LagReader

LATEST, HISTORY = 5, 60  # lines of a list; seconds of a curve
NEWS_S = 1.0  # how often it asks: a second is what a high-resolution metric can show


class Line(NamedTuple):
    """A record in the console: when it came, its key, the event's type, and what else it says."""

    at: str
    key: str
    kind: str
    rest: str


class Topics(threading.Thread):
    """Follows topics from their ends: `seen` (records a topic), `latest`, `rates` (a second)."""

    def __init__(self, kafka: dict, topics: list[str], groups: dict[str, str]) -> None:
        super().__init__(name="dashboard topics", daemon=True)
        quiet = {"enable.auto.commit": False, "log_level": 0}  # a lab that ends is no news
        self._reader = Consumer({**kafka, **quiet, "group.id": "dashboard"})
        self._lag = {group: LagReader(kafka, [topic]) for group, topic in groups.items()}
        self.seen: Counter[str] = Counter()
        self.latest: dict[str, deque[Line]] = defaultdict(lambda: deque(maxlen=LATEST))
        self.rates: deque[float] = deque([0.0] * HISTORY, maxlen=HISTORY)
        self.lags: dict[str, deque[int]] = {name: deque(maxlen=HISTORY) for name in groups}
        self.trouble = ""
        self.stopping = threading.Event()
        # Here and not in the thread: what comes from now on is shown.
        self._reader.assign([self._end(at) for name in topics for at in self._partitions(name)])

    def run(self) -> None:
        """Read until `stopping` is set."""
        counted, due = 0, time.monotonic() + NEWS_S
        while not self.stopping.is_set():
            for record in self._reader.consume(1_000, 0.1):
                if record.error() is None:
                    self.seen[record.topic()] += 1
                    self.latest[record.topic()].append(line(record))
            if (late := time.monotonic() - due) >= 0:
                self.rates.append((self.seen.total() - counted) / (NEWS_S + late))
                counted, due = self.seen.total(), time.monotonic() + NEWS_S
                self._measure_lag()
        for client in (self._reader, *self._lag.values()):
            client.close()

    def _measure_lag(self) -> None:
        self.trouble = ""
        try:
            for group, reader in self._lag.items():
                self.lags[group].append(sum(reader.read(group).values()))
        except KafkaException as error:
            self.trouble = f"Kafka: {error.args[0].str()}"

    def _partitions(self, topic: str) -> list[TopicPartition]:
        found = self._reader.list_topics(topic, timeout=10).topics[topic]
        if found.error:
            raise KafkaException(found.error)
        return [TopicPartition(topic, number) for number in found.partitions]

    def _end(self, at: TopicPartition) -> TopicPartition:
        _, end = self._reader.get_watermark_offsets(at, timeout=5)
        return TopicPartition(at.topic, at.partition, end)


class Cloud(threading.Thread):
    """Asks AWS each second: `objects` of a bucket, `alarms` by name, `percentiles` of a metric."""

    def __init__(self, bucket: str, folder: str, alarms: str, latency: dict[str, Any]) -> None:
        super().__init__(name="dashboard AWS", daemon=True)
        self._bucket, self._folder, self._prefix, self._latency = bucket, folder, alarms, latency
        self._s3, self._cloudwatch = boto3.client("s3"), boto3.client("cloudwatch")
        self.objects: list[tuple[str, int]] = []  # key, bytes; oldest first
        self.alarms: dict[str, str] = {}
        self.percentiles: dict[str, deque[float]] = {
            name: deque(maxlen=HISTORY) for name in ("p50", "p99")
        }
        self.trouble = ""
        self.stopping = threading.Event()

    def run(self) -> None:
        """Ask until `stopping` is set."""
        while not self.stopping.is_set():
            try:
                self._ask()
                self.trouble = ""
            except (BotoCoreError, ClientError) as error:
                self.trouble = f"AWS: {error}"
            self.stopping.wait(NEWS_S)

    def _ask(self) -> None:
        pages = self._s3.get_paginator("list_objects_v2")
        pages = pages.paginate(Bucket=self._bucket, Prefix=self._folder)
        found = [each for page in pages for each in page.get("Contents", ())]
        found.sort(key=lambda each: each["LastModified"])
        self.objects = [(each["Key"], each["Size"]) for each in found]
        told = self._cloudwatch.describe_alarms(AlarmNamePrefix=self._prefix)["MetricAlarms"]
        self.alarms = {each["AlarmName"]: each["StateValue"] for each in told}
        now = datetime.now(UTC)
        answer = self._cloudwatch.get_metric_data(
            StartTime=now - timedelta(seconds=HISTORY),
            EndTime=now + timedelta(seconds=NEWS_S),
            ScanBy="TimestampAscending",
            MetricDataQueries=[
                {"Id": name, "MetricStat": {"Metric": self._latency, "Period": 5, "Stat": name}}
                for name in self.percentiles
            ],
        )
        for result in answer["MetricDataResults"]:
            self.percentiles[result["Id"]] = deque(result["Values"], maxlen=HISTORY)


def line(record: Message) -> Line:
    """A record as the console shows it; what is no JSON object is shown as it is."""
    key = (record.key() or b"").decode("utf-8", "replace")
    rest = (record.value() or b"").decode("utf-8", "replace")
    at, kind = datetime.now().strftime("%H:%M:%S"), ""
    try:
        fields = json.loads(rest)
    except ValueError:
        fields = None
    if isinstance(fields, dict):
        kind = str(fields.pop("type", ""))
        wanted = ("course", "title", "grade", "level", "message", "device")
        rest = ", ".join(str(fields[name]) for name in wanted if name in fields)
    return Line(at, key, kind, rest)
