"""What a lab's brokers are told, and how that differs from Kafka's own defaults.

Two kinds of difference, printed by `Cluster.changed()` and listed in lesson 18: what Confluent
Cloud does too, and what is lowered so that a lesson can watch within a minute what takes a broker
hours.
"""

from __future__ import annotations

# name: (the lab's value, Kafka 4.4's default, why)
LIKE_CLOUD = {
    "auto.create.topics.enable": (
        "false",
        "true",
        "as on Confluent Cloud: a typing error is an error",
    ),
    "num.partitions": ("6", "1", "as on Confluent Cloud"),
}
LOWERED = {
    "log.retention.check.interval.ms": ("1000", "300000", "retention acts within a second"),
    "log.initial.task.delay.ms": ("500", "30000", "retention and cleaning begin at once"),
    "log.segment.delete.delay.ms": ("1000", "60000", "deleted segment files go within a second"),
    "log.cleaner.backoff.ms": ("500", "15000", "compaction looks for work twice a second"),
    "log.cleaner.dedupe.buffer.size": ("8388608", "134217728", "less memory, as for small topics"),
    "group.initial.rebalance.delay.ms": ("0", "3000", "a group starts without waiting for company"),
    "group.consumer.heartbeat.interval.ms": ("500", "5000", "KIP-848 groups react at once"),
    "group.consumer.min.heartbeat.interval.ms": ("500", "5000", "allows the line above"),
    "group.consumer.min.session.timeout.ms": ("6000", "45000", "a dead KIP-848 member can be seen"),
    "group.share.heartbeat.interval.ms": ("500", "5000", "share groups react at once"),
    "group.share.min.heartbeat.interval.ms": ("500", "5000", "allows the line above"),
    "group.share.min.record.lock.duration.ms": ("1000", "15000", "a lost share lock can be seen"),
    "group.share.min.session.timeout.ms": ("6000", "45000", "a dead share member can be seen"),
    "broker.session.timeout.ms": ("3000", "9000", "a killed broker is noticed within 3 s"),
    "broker.heartbeat.interval.ms": ("200", "2000", "brokers report to the controller sooner"),
    "controller.quorum.append.linger.ms": ("0", "25", "metadata are written without delay"),
    "controller.quorum.election.timeout.ms": ("300", "1000", "three brokers agree sooner"),
    "controller.quorum.election.backoff.max.ms": ("200", "1000", "three brokers agree sooner"),
    "controller.quorum.fetch.timeout.ms": ("1000", "2000", "a lost controller is noticed sooner"),
    "offsets.topic.num.partitions": (
        "4",
        "50",
        "a laptop needs no 50 partitions for group offsets",
    ),
    "transaction.state.log.num.partitions": ("4", "50", "nor for transactions"),
    "share.coordinator.state.topic.num.partitions": ("4", "50", "nor for share groups"),
}


COPIES = {  # Kafka's defaults; Kafka's internal topics want three replicas, a smaller lab has fewer
    "default.replication.factor": "1",
    "min.insync.replicas": "1",
    "offsets.topic.replication.factor": "3",
    "transaction.state.log.replication.factor": "3",
    "transaction.state.log.min.isr": "2",
    "share.coordinator.state.topic.replication.factor": "3",
    "share.coordinator.state.topic.min.isr": "2",
}


def internal_replication(brokers: int) -> dict[str, str]:
    """How many copies a cluster of that many brokers keeps, and how many must be in sync."""
    copies, in_sync = str(min(3, brokers)), str(2 if brokers >= 3 else 1)
    return {name: copies if name.endswith("factor") else in_sync for name in COPIES}


def changed(brokers: int, extra: dict[str, str]) -> dict[str, tuple[str, str, str]]:
    """Every setting that differs from Kafka's default: name → (the lab's, Kafka's, why)."""
    why = f"a cluster of {brokers}: as many copies as it can hold, up to three"
    copies = {
        name: (value, COPIES[name], why) for name, value in internal_replication(brokers).items()
    }
    table = {**LIKE_CLOUD, **LOWERED, **copies}
    here = {name: (extra.get(name, lab), kafka, why) for name, (lab, kafka, why) in table.items()}
    return {name: row for name, row in here.items() if row[0] != row[1]}


def defaults(brokers: int) -> dict[str, str]:
    """Every setting of the lab but listeners and identity, for a cluster of that many brokers."""
    lab = {name: value for name, (value, _, _) in {**LIKE_CLOUD, **LOWERED}.items()}
    return {**lab, **internal_replication(brokers)}
