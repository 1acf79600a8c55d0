"""What these tests share: topics, bucket and SNS topic of one test, processes, and the counting."""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from collections.abc import Callable
from functools import cache
from itertools import islice

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition

from helpers.pipeline.events import Event, generate, notification_from
from helpers.pipeline.notify_history import Bucket, History
from tests.aws.support import Queue
from tests.processes import Process

PARTITIONS = 3
HASTE = {"session.timeout.ms": "6000", "heartbeat.interval.ms": "500"}
MAIL, PHONE = "docente@example.com", "+15550100100"


@cache
def marks(n: int = 400) -> list[Event]:
    """Of seed 7."""
    return list(islice((e for e in generate(7) if e.value["type"] == "calificacion"), n))


@cache
def errors(n: int = 40) -> list[Event]:
    """CRITICAL ones: those of one outage share service and minutes."""
    return list(islice((e for e in generate(7) if e.value.get("level") == "CRITICAL"), n))


def until(true, seconds: float = 40.0, *told) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "\n".join(str(getattr(t, "text", t)) for t in told)
        time.sleep(0.05)


class Rig:
    def __init__(self, servers, name: str):
        self.servers, self.name, self.bucket = servers, name, f"{name}-lake"
        self.source, self.output, self.logs = (
            f"{name}-{t}" for t in ("estudiante-eventos", "notificaciones", "sistema-logs")
        )
        self.arn = servers.client("sns").create_topic(Name=name)["TopicArn"]
        servers.client("s3").create_bucket(Bucket=self.bucket)
        self._producer = Producer({**servers.kafka, "linger.ms": 5})
        self._processes: list[Process] = []

    # -- people -------------------------------------------------------------------------------

    def subscribe(self, protocol: str, to: str) -> None:
        """Somebody who gets what is meant for this channel, confirmed."""
        policy = json.dumps({"channels": [protocol]})
        self.servers.client("sns").subscribe(
            TopicArn=self.arn, Protocol=protocol, Endpoint=to, Attributes={"FilterPolicy": policy}
        )
        if protocol == "email":
            sns = self.servers.client("sns")
            url = self.servers.inbox.confirmation_url(to)
            token = url.split("Token=")[1].split("&")[0]
            sns.confirm_subscription(TopicArn=self.arn, Token=token)

    def mailed(self, to: str, at_least: int) -> Counter:
        """How often each event was mailed, by the reference in the mails' text."""
        until(lambda: len(self.servers.inbox.mails(to)) > at_least)  # one asked to confirm
        texts = [mail["body"] for mail in self.servers.inbox.mails(to)]
        return Counter(re.findall(r"^Referencia: (\S+)$", "\n".join(texts), re.MULTILINE))

    def queue(self) -> Callable[[], Counter]:
        """Somebody who hears everything; a function: how often each event was heard of so far."""
        queue = Queue(self.servers.client("sqs"), self.name)
        self.servers.client("sns").subscribe(TopicArn=self.arn, Protocol="sqs", Endpoint=queue.arn)

        def heard() -> Counter:
            told = [json.loads(body)["MessageAttributes"] for body in queue.receive()]
            return Counter(attributes["event_id"]["Value"] for attributes in told)

        return heard

    # -- records ------------------------------------------------------------------------------

    def produce(self, topic: str, records) -> None:
        """(key, value) or events, acknowledged."""
        for record in records:
            is_event = isinstance(record, Event)
            key, value = (record.key_bytes, record.value_bytes) if is_event else record
            self._producer.produce(topic, value, key, on_delivery=_insist)
        assert self._producer.flush(60) == 0

    def notifications(self, some) -> list[Event]:
        return [notification_from(mark) for mark in some]

    def read(self, topic: str, partitions: int = PARTITIONS) -> list:
        """All records of a topic that a reader with read_committed finds."""
        reader = Consumer({**self.servers.kafka, "group.id": "look", "enable.partition.eof": True})
        reader.assign([TopicPartition(topic, p, 0) for p in range(partitions)])
        found, open_ = [], set(range(partitions))
        try:
            while open_:
                for message in reader.consume(1000, 0.3):
                    if message.error() is None:
                        found.append(message)
                    else:
                        assert message.error().code() == KafkaError._PARTITION_EOF
                        open_.discard(message.partition())
        finally:
            reader.close()
        return found

    def lag(self, topic: str, group: str) -> int:
        """Records that the group has not committed."""
        reader = Consumer({**self.servers.kafka, "group.id": f"{self.name}-{group}"})
        try:
            places = reader.committed([TopicPartition(topic, p) for p in range(PARTITIONS)], 30)
            ends = [reader.get_watermark_offsets(p, timeout=30)[1] for p in places]
            return sum(end - max(p.offset, 0) for p, end in zip(places, ends, strict=True))
        except KafkaException as error:
            if error.args[0].code() != KafkaError.NOT_COORDINATOR:
                raise
            return 1 << 30  # a group's coordinator is found when it is asked for first
        finally:
            reader.close()

    # -- services -----------------------------------------------------------------------------

    def derive(self, kill: dict | None = None, **settings) -> Process:
        return self._start("derive", kill, {"topic": self.source, "output": self.output}, settings)

    def notify(self, kill: dict | None = None, environment=None, **settings) -> Process:
        own = {
            "bucket": self.bucket,
            "sns_topic": self.arn,
            "notifications": self.output,
            "logs": self.logs,
            "per_second": 1000,
        }
        return self._start("notify", kill, own, settings, environment)

    def _start(self, what, kill, own, settings, environment=None) -> Process:
        own = {"group": f"{self.name}-{what}", "kafka": HASTE, **own, **settings}
        told = {"what": what, "settings": own, "kafka": self.servers.kafka}
        told |= {"kill": kill} if kill else {}
        process = Process(
            "tests.notify.process", told, {**self.servers.environment, **(environment or {})}
        )
        self._processes.append(process)
        return process

    def caught_up(self, topic: str, what: str, seconds: float = 60) -> None:
        """Until the group has committed all; the last process started is at work by then."""
        if self._processes:
            self._processes[-1].wait_for("took over")
        until(lambda: self.lag(topic, what) == 0, seconds, *self._processes[-2:])

    # -- proofs -------------------------------------------------------------------------------

    def history(self) -> History:
        aws = self.servers.aws
        made = Bucket(
            self.bucket,
            endpoint_url=aws["AWS_ENDPOINT_URL"],
            aws_access_key_id=aws["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=aws["AWS_SECRET_ACCESS_KEY"],
            region_name=aws["AWS_DEFAULT_REGION"],
        )
        return History(made)

    def prove_derived(self, good: int) -> None:
        """Every calificacion's record has one notification, wherever it is."""
        wanted = Counter()
        for message in self.read(self.source):
            value = message.value() or b""
            if b'"type":"calificacion"' in value and value.endswith(b"}"):
                wanted[self.source, str(message.partition()), str(message.offset())] += 1
        found = Counter()
        for message in self.read(self.output):
            told = {name: value.decode() for name, value in message.headers()}
            found[tuple(told[f"source.{n}"] for n in ("topic", "partition", "offset"))] += 1
        missing, more = wanted - found, found - wanted
        told = "\n".join(process.text for process in self._processes)
        assert not missing, f"missing {missing}\n{told}"
        assert not more, f"too many {more}\n{told}"
        assert found.total() == good

    def end(self) -> None:
        for process in self._processes:
            process.end()


def _insist(error, _) -> None:
    if error is not None:
        raise KafkaException(error)
