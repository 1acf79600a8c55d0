"""The topics of the student system, created on a real broker."""

from collections import Counter
from types import SimpleNamespace
from zlib import crc32

import pytest
from confluent_kafka import KafkaException, Producer
from confluent_kafka.admin import ConfigResource, ResourceType

from helpers.errors import LabError
from helpers.pipeline import topics
from helpers.pipeline.campus import SERVICES, students
from helpers.pipeline.schemas import TOPICS as SCHEMA_TOPICS
from helpers.pipeline.topics import TOPICS, create_topics


def test_topics_have_schemas_and_reasons():
    assert list(TOPICS) == list(SCHEMA_TOPICS)
    assert all(spec.why.endswith(".") for spec in TOPICS.values())


def test_generated_keys_leave_no_partition_empty():
    """librdkafka's default partitioner: CRC32 of the key, modulo the number of partitions."""
    keys = {"estudiante-eventos": [student.student_id for student in students()]}
    keys |= {"notificaciones": keys["estudiante-eventos"], "sistema-logs": SERVICES}
    for topic, spec in TOPICS.items():
        counts = Counter(crc32(key.encode()) % spec.partitions for key in keys[topic])
        assert len(counts) == spec.partitions
        assert max(counts.values()) <= 1.5 * min(counts.values())


def test_created_as_defined_and_ready_to_write(lab, admin):
    assert create_topics(admin, "a-") == ["a-" + name for name in TOPICS]
    producer = Producer(lab.kafka)
    reports = []
    for name, spec in TOPICS.items():
        metadata = admin.list_topics("a-" + name, timeout=10).topics["a-" + name]
        assert len(metadata.partitions) == spec.partitions
        resource = ConfigResource(ResourceType.TOPIC, "a-" + name)
        config = admin.describe_configs([resource])[resource].result()
        assert {key: config[key].value for key in spec.config} == spec.config
        for partition in range(spec.partitions):
            producer.produce(
                "a-" + name,
                b"x",
                partition=partition,
                on_delivery=lambda error, message: reports.append(error),
            )
    assert producer.flush(15) == 0
    assert reports == [None] * 12


def test_twice_is_fine_and_says_what_was_new(admin):
    assert create_topics(admin, "b-", names=["notificaciones"]) == ["b-notificaciones"]
    assert create_topics(admin, "b-", names=["notificaciones"]) == []
    assert create_topics(admin, "b-") == ["b-estudiante-eventos", "b-sistema-logs"]
    assert create_topics(admin, "b-", names=[]) == []


def test_an_existing_topic_is_left_as_it_is(admin, monkeypatch):
    small = topics.TopicSpec(partitions=1, config={}, why="")
    with monkeypatch.context() as patch:
        patch.setitem(topics.TOPICS, "sistema-logs", small)
        create_topics(admin, "c-", names=["sistema-logs"])
    assert create_topics(admin, "c-", names=["sistema-logs"]) == []
    assert (
        len(admin.list_topics("c-sistema-logs", timeout=10).topics["c-sistema-logs"].partitions)
        == 1
    )


def test_refusals_are_not_swallowed(admin):
    with pytest.raises(KafkaException, match=r"INVALID_REPLICATION_FACTOR|[Rr]eplication factor"):
        create_topics(admin, "d-", names=["sistema-logs"], replication=5)
    with pytest.raises(KafkaException, match=r"INVALID_TOPIC_EXCEPTION|Invalid topic|invalid"):
        create_topics(admin, "d/", names=["sistema-logs"])
    with pytest.raises(KeyError, match="pedidos"):
        create_topics(admin, "d-", names=["pedidos"])


class SlowElection:
    """An AdminClient whose topic gets the leader of its second partition at the n-th look."""

    def __init__(self, looks: int):
        self.looks, self.seen = looks, 0

    def create_topics(self, new, **_):
        return {topic.topic: SimpleNamespace(result=lambda: None) for topic in new}

    def list_topics(self, topic, timeout):
        self.seen += 1
        leaders = [1, 1 if self.seen >= self.looks else -1, 1]
        partitions = {i: SimpleNamespace(id=i, leader=leader) for i, leader in enumerate(leaders)}
        found = SimpleNamespace(error=None, partitions=partitions)
        return SimpleNamespace(topics={topic: found})


def test_waits_for_leaders():
    slow = SlowElection(looks=4)
    assert create_topics(slow, names=["sistema-logs"]) == ["sistema-logs"]
    assert slow.seen == 4


def test_gives_up_in_one_line_that_names_the_topic():
    with pytest.raises(
        LabError, match=r"sistema-logs .* partitions \[1\] have no leader"
    ) as caught:
        create_topics(SlowElection(looks=10**9), names=["sistema-logs"], limit_s=0.3)
    assert "\n" not in str(caught.value)
