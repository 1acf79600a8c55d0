"""`start_lab`: one door, one lab, plain configuration, real clients."""

from __future__ import annotations

import os

import boto3
import pytest
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer
from confluent_kafka.admin import AdminClient, ConfigResource, NewTopic

from helpers.lab import start_lab
from helpers.local import settings
from helpers.local.process import wait_until


@pytest.fixture(scope="module")
def lab():
    lab = start_lab(aws=True, own=True, quiet=True)
    yield lab
    lab.stop()


def create(admin: AdminClient, *topics: NewTopic) -> None:
    for future in admin.create_topics(list(topics)).values():
        future.result(20)


def test_called_twice_it_is_the_same_lab(lab):
    pid = lab.brokers[1].pid
    assert start_lab(aws=True, own=True, quiet=True) is lab
    assert lab.brokers[1].pid == pid


def test_asked_for_more_it_adds_to_the_same_lab(lab):
    pid = lab.brokers[1].pid
    assert lab.registry is None
    assert start_lab(aws=True, own=True, registry=True, quiet=True) is lab
    assert lab.brokers[1].pid == pid
    from confluent_kafka.schema_registry import SchemaRegistryClient

    registry = SchemaRegistryClient(lab.registry)
    assert registry.get_subjects() == []
    assert registry.get_compatibility() == "BACKWARD"


def test_it_prints_what_runs_with_secrets_masked(lab, capsys):
    lab.show()
    said = capsys.readouterr().out
    for word in ("broker-1", "127.0.0.1:", "4.4.0", "MB", "bootstrap.servers="):
        assert word in said
    assert lab.aws["AWS_SECRET_ACCESS_KEY"] not in said


def test_the_clients_are_the_real_ones(lab):
    admin = AdminClient(lab.kafka)
    create(admin, NewTopic("hello", 1))
    producer = Producer(lab.kafka)
    producer.produce("hello", b"world")
    assert producer.flush(20) == 0
    consumer = Consumer({**lab.kafka, "group.id": "g", "auto.offset.reset": "earliest"})
    consumer.subscribe(["hello"])
    got = []
    wait_until(lambda: got.append(consumer.poll(1.0)) or any(got), 20)
    assert [m.value() for m in got if m] == [b"world"]
    consumer.close()
    boto3.client("s3").create_bucket(Bucket=lab.bucket_name("lake"))
    assert boto3.client("sts").get_caller_identity()["Account"] in lab.bucket_name("lake")


def test_every_changed_setting_acts_on_the_broker_and_differs_from_kafkas_default(lab):
    resource = ConfigResource(ConfigResource.Type.BROKER, "1")
    admin = AdminClient(lab.kafka)
    described = admin.describe_configs([resource])[resource].result(20)
    for name, (here, kafka, why) in lab.changed_settings.items():
        assert described[name].value == here, name
        synonyms = {s.value for s in described[name].synonyms.values() if s.source == 5}
        assert kafka in synonyms, (name, kafka, synonyms)
        assert why


def test_topics_are_not_created_by_a_typing_error(lab):
    # By default the client waits 30 s for a topic that may just have been created.
    quick = {"topic.metadata.propagation.max.ms": 500, "log_level": 0}
    producer = Producer({**lab.kafka, **quick})
    failed = []
    producer.produce("tipo", b"x", on_delivery=lambda error, _: failed.append(error))
    producer.flush(20)
    assert failed[0].code() == KafkaError.UNKNOWN_TOPIC_OR_PART


def test_kill_is_sigkill_and_start_brings_the_records_back(lab):
    admin = AdminClient({**lab.kafka, "log_level": 0})
    create(admin, NewTopic("kept", 1))
    producer = Producer({**lab.kafka, "log_level": 0})
    producer.produce("kept", b"1")
    assert producer.flush(20) == 0
    broker = lab.brokers[1]
    broker.kill()
    assert broker.service.code() == -9
    assert not broker.alive
    broker.start()
    assert "kept" in admin.list_topics(timeout=20).topics
    assert "started" in broker.log(500)


def test_pause_and_resume(lab):
    broker = lab.brokers[1]
    broker.pause()
    with pytest.raises(KafkaException):
        AdminClient({**lab.kafka, "log_level": 0}).list_topics(timeout=1)
    broker.resume()
    assert AdminClient(lab.kafka).list_topics(timeout=20).brokers


def test_names_carry_the_prefix():
    lab = start_lab(prefix="ana-", own=True, kafka=False, aws=True, quiet=True)
    assert lab.name("estudiante-eventos") == "ana-estudiante-eventos"
    assert lab.bucket_name("lago") == "ana-lago-000000000000"
    lab.stop()


def test_a_second_lab_has_its_own_keys_and_boto3_uses_them():
    for _ in range(2):
        lab = start_lab(own=True, kafka=False, aws=True, quiet=True)
        assert boto3.client("s3").list_buckets()["Buckets"] == []
        boto3.client("s3").create_bucket(Bucket="one")
        lab.stop()
    assert "AWS_ENDPOINT_URL" not in os.environ


def test_three_brokers_hold_three_copies_and_refuse_below_two():
    lab = start_lab(brokers=3, quiet=True)
    admin = AdminClient(lab.kafka)
    create(admin, NewTopic("t", 3))
    described = admin.list_topics("t", timeout=10).topics["t"].partitions
    assert all(len(p.replicas) == 3 for p in described.values())
    assert settings.internal_replication(3)["min.insync.replicas"] == "2"
    lab.stop()


def test_a_secure_lab_has_the_configuration_of_confluent_cloud_plus_one_line():
    lab = start_lab(secure=True, quiet=True)
    assert set(lab.kafka) - {"ssl.ca.location"} == {
        "bootstrap.servers",
        "security.protocol",
        "sasl.mechanisms",
        "sasl.username",
        "sasl.password",
    }
    admin = AdminClient(lab.kafka)
    create(admin, NewTopic("t", 1))
    assert admin.list_topics(timeout=10).brokers
    lab.stop()


def test_fault_only_local_says_so(lab, capsys):
    assert lab.only_local("files")
    lab_on_the_cloud = type(lab)("cloud", "")
    assert not lab_on_the_cloud.only_local("the files of a segment")
    assert "the files of a segment" in capsys.readouterr().out
