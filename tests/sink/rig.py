"""What a test with real servers needs: a producer that knows what was acknowledged, sink processes,
and the proof that the bucket holds what was acknowledged, each record once."""

from __future__ import annotations

import itertools
import time
from collections import Counter
from contextlib import contextmanager

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import NewTopic

from tests.processes import Process
from tests.sink.support import events, look, s3_objects

_serial = itertools.count()
POISON_EVERY = 50
HASTE = {"session.timeout.ms": "6000", "heartbeat.interval.ms": "500"}


class Rig:
    def __init__(self, servers, topic: str, bucket: str):
        self.servers, self.topic, self.bucket = servers, topic, bucket
        self.good: set[tuple[int, int]] = set()  # acknowledged (partition, offset)
        self.bad: set[tuple[int, int]] = set()
        self._made = itertools.count()
        self._processes: list[Process] = []
        large = {"message.max.bytes": 16_777_216}
        self._producer = Producer(
            {**servers.kafka, **large, "linger.ms": 5, "enable.idempotence": True}
        )

    def produce(self, n: int, flush: bool = True) -> None:
        """`n` events, some of them poison."""
        for _ in range(n):
            number = next(self._made)
            event = events()[number % len(events())]
            poison = number % POISON_EVERY == POISON_EVERY - 1
            value = event.value_bytes[:-1] if poison else event.value_bytes
            self.send(event.key_bytes, value, poison)
        self._producer.poll(0)
        if flush:
            self.flush()

    def send(self, key: bytes, value: bytes, poison: bool = False) -> None:
        """One record, noted when it is acknowledged."""
        into = self.bad if poison else self.good

        def note(error, message):
            assert error is None, error
            into.add((message.partition(), message.offset()))

        while True:
            try:
                return self._producer.produce(self.topic, value, key, on_delivery=note)
            except BufferError:
                self._producer.poll(0.1)

    def flush(self) -> None:
        """Wait until all that was sent is acknowledged."""
        assert self._producer.flush(60) == 0

    def store_all(self, environment: dict[str, str] | None = None, **settings) -> Process:
        """Run one sink until it has stored all, and to its end."""
        sink = self.sink(environment, **settings)
        self.wait_until_stored()
        assert sink.finish() == 0, sink.text
        return sink

    def sink(self, environment: dict[str, str] | None = None, **settings) -> Process:
        settings = {
            "topic": self.topic,
            "bucket": self.bucket,
            "group": f"{self.topic}-sink",
            **settings,
            "kafka": settings.get("kafka", {}) or HASTE,
        }
        told = {"settings": settings, "kafka": self.servers.kafka}
        process = Process(
            "tests.sink.process", told, {**self.servers.environment, **(environment or {})}
        )
        self._processes.append(process)
        return process

    def committed(self) -> dict[int, int]:
        """What the group has committed, by partition."""
        reader = Consumer({**self.servers.kafka, "group.id": f"{self.topic}-sink"})
        try:
            asked = [TopicPartition(self.topic, p) for p in range(3)]
            return {t.partition: t.offset for t in reader.committed(asked, 30) if t.offset >= 0}
        except KafkaException as error:
            if error.args[0].code() != KafkaError.NOT_COORDINATOR:
                raise
            return {}  # a group's coordinator is found when it is asked for first
        finally:
            reader.close()

    def wait_until_stored(self, seconds: float = 60.0) -> None:
        """Until all that was acknowledged is committed."""
        want = Counter()
        for partition, offset in self.good | self.bad:
            want[partition] = max(want[partition], offset + 1)
        deadline = time.monotonic() + seconds
        while not all(self.committed().get(p, 0) >= end for p, end in want.items()):
            if time.monotonic() > deadline:
                logs = "\n".join(p.last_words() for p in self._processes[-2:])
                raise AssertionError(f"{self.committed()} of {want}\n{logs}")
            time.sleep(0.2)

    def objects(self) -> dict[str, bytes]:
        return s3_objects(self.servers.s3, self.bucket)

    def dead(self) -> list[dict]:
        """The dead letters, as a reader with read_committed finds them."""
        topic, found = f"{self.topic}-dlq", []
        reader = Consumer({**self.servers.kafka, "group.id": "look", "enable.partition.eof": True})
        reader.assign([TopicPartition(topic, 0, 0)])
        try:
            while True:
                for message in reader.consume(1000, 0.3):
                    if message.error() is None:
                        names = {k: v.decode() for k, v in message.headers()}
                        found.append({**names, "key": message.key(), "value": message.value()})
                    else:
                        assert message.error().code() == KafkaError._PARTITION_EOF
                        return found
        finally:
            reader.close()

    def prove(self) -> None:
        """Every acknowledged record once in the bucket, every poison once in the dead letters."""
        seen = look(self.objects())
        twice = {where: times for where, times in seen.items() if times > 1}
        assert not twice, twice
        assert set(seen) == self.good, (len(self.good - set(seen)), len(set(seen) - self.good))
        out = [(int(d["dlq.partition"]), int(d["dlq.offset"])) for d in self.dead()]
        assert sorted(out) == sorted(self.bad)

    def end(self) -> None:
        for process in self._processes:
            process.end()


@contextmanager
def rig_on(servers, **config):
    """A `Rig` with a topic (`config` is the topic's) and a bucket of its own."""
    name = f"t{next(_serial)}"
    topic = f"{name}-estudiante-eventos"
    # Events happen in March 2026: retention would take them at once.
    new = NewTopic(topic, num_partitions=3, config={"retention.ms": "-1", **config})
    servers.admin.create_topics([new])[topic].result(30)
    servers.s3.create_bucket(Bucket=f"{name}-lake")
    made = Rig(servers, topic, f"{name}-lake")
    try:
        yield made
    finally:
        made.end()
