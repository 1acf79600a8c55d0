"""Consumer lag: how many offsets of a partition a group has not committed yet.

    lag(lab.kafka, "s3-sink", ["estudiante-eventos"])  →  {("estudiante-eventos", 0): 12, …}

The end is the high watermark, the beginning what retention has left. A partition in which the group
has committed nothing counts from its beginning, where a group with `auto.offset.reset=earliest`
would start. Lag counts offsets: the markers of transactions and what compaction took are counted
too. So a group that commits the offset after the last record, as this project's do, stays at 1 in a
partition written by transactions; one that commits its position gets to 0.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable

from confluent_kafka import Consumer, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

log = logging.getLogger(__name__)

WAIT_S = 10.0
METADATA_S = 30.0  # how long the list of partitions is believed
SAMPLES = 1_000  # measurements that wait to be taken
SAID = 2  # failures in a row before a line: a new group's coordinator is only being found
Place = tuple[str, int]


def lag(kafka: dict[str, str], group: str, topics: Iterable[str]) -> dict[Place, int]:
    """(topic, partition) → records that `group` has not committed; topics not there are left out.

    Raises KafkaException when the brokers do not answer within 10 s.
    """
    reader = LagReader(kafka, topics)
    try:
        return reader.read(group)
    finally:
        reader.close()


class LagReader:
    """Asks again and again, with clients that stay. It joins no group."""

    def __init__(self, kafka: dict[str, str], topics: Iterable[str]):
        quiet = {**kafka, "log_level": 4}  # a partition more or less is no news for people
        self.topics = list(topics)
        self._kafka = quiet
        self._admin = AdminClient(quiet)
        self._readers: dict[str, Consumer] = {}
        self._known: list[Place] = []
        self._known_at = float("-inf")

    def read(self, group: str, named: Iterable[str] | None = None) -> dict[Place, int]:
        """(topic, partition) → lag, of the topics in which the group has committed something.

        Topics in `named` are there even if it has not; None names all of them.
        """
        known = self.places()
        committed = self._committed(group, known)
        named = set(self.topics if named is None else named)
        used = {topic for topic, _ in committed} | named
        places = [place for place in known if place[0] in used]
        begins, ends = self._offsets(places, OffsetSpec.earliest), self._offsets(places)
        return {
            place: max(0, ends[place] - max(committed.get(place, 0), begins[place]))
            for place in places
            if place in begins and place in ends
        }

    def places(self) -> list[Place]:
        """Every partition of the topics that exist."""
        if time.monotonic() - self._known_at > METADATA_S:
            found = self._admin.list_topics(timeout=WAIT_S).topics
            topics = (found[topic] for topic in self.topics if topic in found)
            self._known = [(topic.topic, p) for topic in topics for p in sorted(topic.partitions)]
            self._known_at = time.monotonic() if self._known else float("-inf")
        return self._known

    def close(self) -> None:
        """End the clients."""
        for reader in self._readers.values():
            reader.close()

    def _committed(self, group: str, places: list[Place]) -> dict[Place, int]:
        if group not in self._readers:
            self._readers[group] = Consumer({**self._kafka, "group.id": group})
        asked = [TopicPartition(*place) for place in places]
        found = self._readers[group].committed(asked, timeout=WAIT_S) if asked else []
        return {(t.topic, t.partition): t.offset for t in found if t.offset >= 0}

    def _offsets(
        self, places: list[Place], spec: Callable[[], OffsetSpec] = OffsetSpec.latest
    ) -> dict[Place, int]:
        asked = {TopicPartition(*place): spec() for place in places}
        if not asked:
            return {}
        futures = self._admin.list_offsets(asked, request_timeout=WAIT_S)
        offsets = {}
        for at, future in futures.items():
            with contextlib.suppress(
                KafkaException, TimeoutError
            ):  # a partition without leader: not this time
                offsets[at.topic, at.partition] = future.result(WAIT_S).offset
        return offsets


class LagWatch:
    """Measures the lag of some groups every `every_s` seconds in a thread, until `close`.

    `groups` maps each to the topics that count even before the group has committed anything.
    """

    def __init__(
        self,
        kafka: dict[str, str],
        groups: dict[str, tuple[str, ...]],
        topics: list[str],
        every_s: float,
    ):
        self.latest: dict[str, dict[Place, int]] = {}
        self._samples: deque[tuple[str, str, int]] = deque(maxlen=SAMPLES)
        self._groups, self._every_s = groups, every_s
        self._kafka, self._topics = kafka, topics
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="lag", daemon=True)

    def start(self) -> None:
        """Begin to measure."""
        if self._groups:
            self._thread.start()

    def take(self) -> list[tuple[str, str, int]]:
        """(group, topic, lag of all its partitions) as measured since last asked."""
        taken = []
        with contextlib.suppress(IndexError):
            while True:
                taken.append(self._samples.popleft())
        return taken

    def close(self) -> None:
        """Measure no more, and wait for the thread."""
        self._closed.set()
        if self._thread.is_alive():
            self._thread.join(2 * WAIT_S)

    def _run(self) -> None:
        reader, failures = LagReader(self._kafka, self._topics), Counter()
        while not self._closed.is_set():
            for group, named in self._groups.items():
                try:
                    found = reader.read(group, named)
                except KafkaException as error:
                    failures[group] += 1
                    if failures[group] == SAID:
                        log.warning("the lag of %s is not known: %s", group, error.args[0].str())
                    continue
                failures[group] = 0
                self.latest = {**self.latest, group: found}
                total: Counter[str] = Counter()
                for (topic, _), behind in found.items():
                    total[topic] += behind
                self._samples.extend((group, topic, behind) for topic, behind in total.items())
            self._closed.wait(self._every_s)
        reader.close()
