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
    "group.initial.rebalance.delay.ms": ("0", "3000", "a group starts without waiting for company"),
    "group.consumer.heartbeat.interval.ms": ("500", "5000", "KIP-848 groups react at once"),
    "group.consumer.min.heartbeat.interval.ms": ("500", "5000", "allows the line above"),
    "group.consumer.min.session.timeout.ms": ("6000", "45000", "a dead KIP-848 member can be seen"),
    "group.share.heartbeat.interval.ms": ("500", "5000", "share groups react at once"),
    "group.share.min.heartbeat.interval.ms": ("500", "5000", "allows the line above"),
    "group.share.min.record.lock.duration.ms": ("1000", "15000", "a lost share lock can be seen"),
    "broker.session.timeout.ms": ("3000", "9000", "a killed broker is noticed within 3 s"),
    "broker.heartbeat.interval.ms": ("200", "2000", "brokers report to the controller sooner"),
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


def internal_replication(brokers: int) -> dict[str, str]:
    """Kafka's internal topics want three replicas; a smaller lab cannot hold them."""
    copies, in_sync = str(min(3, brokers)), str(2 if brokers >= 3 else 1)
    return {
        "default.replication.factor": copies,
        "min.insync.replicas": in_sync,
        "offsets.topic.replication.factor": copies,
        "transaction.state.log.replication.factor": copies,
        "transaction.state.log.min.isr": in_sync,
        "share.coordinator.state.topic.replication.factor": copies,
        "share.coordinator.state.topic.min.isr": in_sync,
    }


def defaults(brokers: int) -> dict[str, str]:
    """Every setting of the lab but listeners and identity, for a cluster of that many brokers."""
    changed = {name: value for name, (value, _, _) in {**LIKE_CLOUD, **LOWERED}.items()}
    return {**changed, **internal_replication(brokers)}
