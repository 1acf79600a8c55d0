"""Wrong configuration, wrong credentials, wrong words: one line that says which and what to do."""

from __future__ import annotations

import os
import sys

import boto3
import pytest

from helpers import config, doctor
from helpers.__main__ import main
from helpers.errors import LabError
from helpers.lab import start_lab
from helpers.local import cloudcheck, kafka, shared
from helpers.local.paths import home
from helpers.local.process import Guard
from tests.lab.faults import one_line


@pytest.fixture
def env_file(tmp_path, monkeypatch):
    for name in config.KNOWN:
        monkeypatch.delenv(name, raising=False)
    path = tmp_path / "env"
    monkeypatch.setenv("AWS_CONFLUENT_ENV", str(path))
    return path


def test_the_example_lists_every_variable():
    text = (config.ROOT / ".env.example").read_text()
    assert {
        line.split("=")[0] for line in text.splitlines() if "=" in line and line[0] != "#"
    } == set(config.KNOWN)


def test_no_env_file_at_all(env_file):
    with pytest.raises(LabError) as error:
        start_lab(target="cloud")
    assert "BOOTSTRAP_SERVERS" in one_line(error)
    assert ".env.example" in str(error.value)


def test_half_set_cloud_variables_name_what_is_missing(env_file):
    env_file.write_text("BOOTSTRAP_SERVERS=127.0.0.1:9\nKAFKA_API_KEY=K\n")
    with pytest.raises(LabError) as error:
        start_lab(target="cloud")
    text = one_line(error)
    assert "needs KAFKA_API_SECRET for Kafka (BOOTSTRAP_SERVERS, KAFKA_API_KEY set" in text


@pytest.mark.parametrize("content", [b"\xff\xfe\x00not text", b"BOOTSTRAP SERVERS 127.0.0.1\n"])
def test_an_unreadable_env_file_names_file_and_place(env_file, content):
    env_file.write_bytes(content)
    with pytest.raises(LabError) as error:
        config.variables()
    assert str(env_file) in one_line(error)


def test_an_env_file_that_is_a_folder(env_file):
    env_file.mkdir()
    with pytest.raises(LabError) as error:
        config.variables()
    assert "cannot read" in one_line(error)


def test_real_variables_win_over_the_file(env_file, monkeypatch):
    env_file.write_text("ALERT_EMAIL=a@example.com\nALERT_PHONE=+15550100100\n")
    monkeypatch.setenv("ALERT_EMAIL", "b@example.com")
    assert config.variables() == {"ALERT_EMAIL": "b@example.com", "ALERT_PHONE": "+15550100100"}


def test_a_local_labs_aws_is_not_taken_for_the_learners_own(env_file, monkeypatch):
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-south-2")
    lab = start_lab(kafka=False, aws=True, quiet=True)
    try:
        assert config.variables() == {"AWS_DEFAULT_REGION": "eu-south-2"}
        aws = {check.name: check for check in doctor.checks("cloud") if check.area == "AWS"}
        assert (aws["Account"].ok, aws["Account"].detail) == (False, "not configured")
        assert os.environ["AWS_ENDPOINT_URL"] == lab.aws["AWS_ENDPOINT_URL"]
        assert boto3.client("s3").list_buckets()["Buckets"] == []  # the lab's, as before
    finally:
        lab.stop()
    assert config.hidden == {}
    assert config.variables() == {"AWS_DEFAULT_REGION": "eu-south-2"}


def test_secrets_are_masked():
    secrets = {"sasl.password": "s3", "basic.auth.user.info": "k:s3", "AWS_SECRET_ACCESS_KEY": "s3"}
    assert set(config.masked(secrets).values()) == {"********"}
    keys = {"sasl.username": "ABCDEFGH", "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "client.id": "x"}
    assert list(config.masked(keys).values()) == ["ABCD…", "AKIA…", "x"]


def test_an_unreachable_bootstrap_server(monkeypatch):
    monkeypatch.setattr(cloudcheck, "SECONDS", 2)
    with pytest.raises(LabError) as error:
        cloudcheck.kafka({"bootstrap.servers": "127.0.0.1:9"})
    assert "nothing answers at 127.0.0.1:9" in one_line(error)


@pytest.fixture(scope="module")
def secured():
    guard = Guard()
    cluster = kafka.Cluster(guard, secure=True).start()
    yield cluster
    guard.end()


def test_a_right_key_is_let_in(secured):
    assert cloudcheck.kafka(secured.client())[2] == "1 broker(s)"


def test_a_wrong_secret_is_told_from_an_unreachable_server(secured):
    with pytest.raises(LabError) as error:
        cloudcheck.kafka(secured.client(secret="wrong"))
    assert "refused the API key" in one_line(error)
    assert "wrong" not in str(error.value)


def test_a_second_key_is_let_in_and_sees_nothing(secured):
    from confluent_kafka.admin import AdminClient, NewTopic

    admin = AdminClient(secured.client())
    admin.create_topics([NewTopic("t", 1)])["t"].result(20)
    app = AdminClient({**secured.app(), "log_level": 0})
    assert app.list_topics(timeout=10).topics == {}
    assert secured.app()["sasl.username"] != secured.key
    assert kafka.Cluster(secured.guard).app() == {}


def test_a_certificate_that_is_not_trusted(secured):
    config_without_authority = secured.client()
    del config_without_authority["ssl.ca.location"]
    with pytest.raises(LabError) as error:
        cloudcheck.kafka(config_without_authority)
    assert "TLS" in one_line(error)


def test_the_inner_listener_wants_a_password_too(secured):
    """No way around the authorizer: brokers' own port refuses who does not know their secret."""
    from confluent_kafka import KafkaException
    from confluent_kafka.admin import AdminClient

    inner = f"127.0.0.1:{secured.brokers[1].internal_port}"
    admin = AdminClient({"bootstrap.servers": inner, "log_level": 0})
    with pytest.raises(KafkaException):
        admin.list_topics(timeout=3)


def test_a_broker_takes_settings_of_its_own_until_they_are_taken_back(secured):
    from confluent_kafka.admin import AdminClient, ConfigResource

    broker, inner = secured.brokers[1], f"127.0.0.1:{secured.brokers[1].internal_port}"
    elsewhere = f"CLIENT://kafka-1.campus.invalid:9092,INTERNAL://{inner}"
    broker.stop().start({"advertised.listeners": elsewhere})
    known = AdminClient({**secured.client(), "log_level": 0}).list_topics(timeout=10).brokers
    assert known[1].host == "kafka-1.campus.invalid"
    broker.stop().start()
    assert broker.own
    broker.stop().start({})
    asked = ConfigResource(ConfigResource.Type.BROKER, "1")
    admin = AdminClient(secured.client())
    told = admin.describe_configs([asked])[asked].result(20)
    assert "campus" not in told["advertised.listeners"].value


@pytest.mark.parametrize("version", [(3, 10, 0), (3, 14, 0)])
def test_an_unsupported_python(monkeypatch, capsys, version):
    monkeypatch.setattr(sys, "version_info", version)
    assert main(["doctor"]) == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_down_without_a_lab(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("AWS_CONFLUENT_HOME", str(tmp_path))
    assert main(["down"]) == 0
    assert "no shared lab" in capsys.readouterr().out


def test_a_stale_shared_lab_is_forgotten(tmp_path, monkeypatch):
    monkeypatch.setenv("AWS_CONFLUENT_HOME", str(tmp_path))
    shared.file().write_text('{"pid": 1, "since": 0.0, "kafka": {}}')
    assert shared.find() is None
    assert not shared.file().exists()


def test_a_home_that_cannot_be_made(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("AWS_CONFLUENT_HOME", str(tmp_path / "file" / "home"))
    with pytest.raises(LabError) as error:
        home()
    assert "AWS_CONFLUENT_HOME" in one_line(error)
