"""The topics of the student system, and how to create them. Lesson 02 builds this in view."""

import time
from collections.abc import Iterable
from dataclasses import dataclass

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient, NewTopic

from helpers.errors import LabError

DAY_MS = 86_400_000
LEADER_LIMIT_S = 30.0


@dataclass(frozen=True, slots=True)
class TopicSpec:
    """How a topic is made, and why so."""

    partitions: int
    config: dict[str, str]  # what differs from the broker's defaults, as Kafka names it
    why: str


# `compression.type` is left at `producer`: the broker keeps what the producer sent. Confluent Cloud
# lets nobody change it, so compression is set where it saves most, in the producer.
# `min.insync.replicas` and the replication factor are the cluster's to choose.
TOPICS: dict[str, TopicSpec] = {
    "estudiante-eventos": TopicSpec(
        partitions=6,
        config={"cleanup.policy": "delete", "retention.ms": str(7 * DAY_MS)},
        why=(
            "Every event is a fact worth keeping, so nothing is compacted. Keyed by student: each"
            " one's events stay in order. Six partitions feed 1, 2, 3 or 6 consumers evenly. Seven"
            " days let a consumer be down over a long weekend and still miss nothing."
        ),
    ),
    "sistema-logs": TopicSpec(
        partitions=3,
        config={"cleanup.policy": "delete", "retention.ms": str(3 * DAY_MS)},
        why=(
            "Keyed by service: each one's lines stay in order. Six services make two for each"
            " partition. Logs age fast and end in CloudWatch anyway: three days."
        ),
    ),
    "notificaciones": TopicSpec(
        partitions=3,
        config={"cleanup.policy": "delete", "retention.ms": str(3 * DAY_MS)},
        why=(
            "Keyed by student: messages arrive in the order of the marks. Compaction would keep"
            " only each student's last message. A mark told after three days is no news,"
            " and S3 has it."
        ),
    ),
}


def how_to_create(topic: str) -> str:
    """What to type for a topic that is missing; a prefix is what comes before a name we know."""
    known = next((name for name in TOPICS if topic.endswith(name)), topic)
    prefix = topic.removesuffix(known)
    words = f" --prefix {prefix}" if prefix else ""
    return f"create it: python -m helpers topics{words}"


def create_topics(
    admin: AdminClient,
    prefix: str = "",
    names: Iterable[str] | None = None,
    replication: int = -1,
    limit_s: float = LEADER_LIMIT_S,
) -> list[str]:
    """Creates the topics of `TOPICS` (or those in `names`, without prefix) that are not there yet.

    Returns the full names of those that it created; returns when every partition of all of them,
    old and new, has a leader. `replication=-1` takes the broker's default. Existing topics are left
    as they are. Raises KeyError for a name not in TOPICS, KafkaException when the broker refuses,
    LabError when a partition has no leader after `limit_s` seconds.
    """
    specs = {prefix + name: TOPICS[name] for name in (TOPICS if names is None else names)}
    if not specs:
        return []
    new = [
        NewTopic(
            full_name,
            num_partitions=spec.partitions,
            replication_factor=replication,
            config=spec.config,
        )
        for full_name, spec in specs.items()
    ]
    created = []
    for full_name, future in admin.create_topics(new, request_timeout=limit_s).items():
        try:
            future.result()
            created.append(full_name)
        except KafkaException as error:
            if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                raise
    deadline = time.monotonic() + limit_s
    for full_name in specs:
        wait_for_leaders(admin, full_name, deadline)
    return created


def wait_for_leaders(admin: AdminClient, topic: str, deadline: float) -> None:
    """Wait until each partition has a leader: a topic exists before it can be written to.

    Raises LabError when one has none at `deadline`, a moment of `time.monotonic()`.
    """
    while True:
        problem = _leaderless(admin, topic, max(1.0, deadline - time.monotonic()))
        if problem is None:
            return
        if time.monotonic() > deadline:
            raise LabError(
                f"topic {topic} was created but {problem};"
                " look whether all brokers are up, then run the cell again"
            )
        time.sleep(0.05)


def _leaderless(admin: AdminClient, topic: str, timeout_s: float) -> str | None:
    """What is still missing before `topic` can be used, or None."""
    metadata = admin.list_topics(topic, timeout=timeout_s).topics[topic]
    if metadata.error is not None:
        return f"the broker says {metadata.error.str()}"
    if not metadata.partitions:
        return "it has no partitions yet"
    waiting = sorted(p.id for p in metadata.partitions.values() if p.leader < 0)
    return f"partitions {waiting} have no leader" if waiting else None
