"""Bad input and bad weather: one clear line that says what happened and what to do, nothing lost."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections import namedtuple

import psutil
import pytest

from helpers import config
from helpers.__main__ import main
from helpers.errors import LabError
from helpers.lab import start_lab
from helpers.local import cloudcheck, fetch, kafka, shared
from helpers.local.paths import home
from helpers.local.process import Guard, Service

JARS = fetch.jars("kafka")


def one_line(error: pytest.ExceptionInfo) -> str:
    text = str(error.value)
    assert "\n" not in text, text
    assert len(text) < 500, text
    return text


@pytest.fixture
def empty_home(tmp_path, monkeypatch):
    """An empty per-user folder, and no network: the repository is a port nobody listens on."""
    monkeypatch.setenv("AWS_CONFLUENT_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("AWS_CONFLUENT_MAVEN", "http://127.0.0.1:9")
    return tmp_path / "home"


@pytest.fixture
def mirror(tmp_path, empty_home, monkeypatch):
    """An empty per-user folder, and a local folder that has Kafka's jars."""
    folder = tmp_path / "mirror"
    folder.mkdir()
    with monkeypatch.context() as real:
        real.delenv("AWS_CONFLUENT_HOME")
        for jar in JARS:
            os.link(jar.local, folder / jar.local.name) if _same_disk(jar.local, folder) else (
                shutil.copy(jar.local, folder)
            )
    monkeypatch.setenv("AWS_CONFLUENT_MAVEN", str(folder))
    return folder


def _same_disk(one, other) -> bool:
    return one.stat().st_dev == other.stat().st_dev


# -- downloads --------------------------------------------------------------------------------


def test_no_network_and_an_empty_cache(empty_home):
    with pytest.raises(LabError) as error:
        fetch.ensure("kafka")
    assert "no network" in one_line(error)
    assert "README" in str(error.value)
    assert not list(empty_home.rglob("*.jar"))


def test_a_start_with_a_full_cache_needs_no_network(mirror, monkeypatch):
    fetch.ensure("kafka")
    monkeypatch.setenv("AWS_CONFLUENT_MAVEN", "http://127.0.0.1:9")
    assert len(fetch.ensure("kafka")) == len(JARS)


def test_a_truncated_jar_is_fetched_anew(mirror):
    first = fetch.ensure("kafka")[0]
    first.write_bytes(first.read_bytes()[:1000])
    fetch.ensure("kafka")
    assert fetch.sha256(first) == JARS[0].sha256


def test_an_altered_jar_is_refused_and_removed(mirror):
    first = fetch.ensure("kafka")[0]
    data = bytearray(first.read_bytes())
    data[500] ^= 1
    first.unlink()
    first.write_bytes(data)
    with pytest.raises(LabError) as error:
        fetch.ensure("kafka")
    assert "altered" in one_line(error)
    assert first.name in str(error.value)
    fetch.ensure("kafka")  # "run the same again": it does mend it
    assert fetch.sha256(first) == JARS[0].sha256


def test_a_mirror_that_serves_something_else_is_refused(mirror):
    victim = mirror / JARS[3].local.name
    data = bytearray(victim.read_bytes())
    data[-1] ^= 1
    victim.unlink()
    victim.write_bytes(data)
    with pytest.raises(LabError) as error:
        fetch.ensure("kafka")
    assert "not the locked file" in one_line(error)
    assert not JARS[3].local.exists()
    assert not list(home().rglob(".part-*"))


def test_a_disk_without_room_is_said_before_fetching(mirror, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(fetch.shutil, "disk_usage", lambda _: usage(10, 9, 1_000_000))
    with pytest.raises(LabError) as error:
        fetch.ensure("kafka")
    assert "MB are free" in one_line(error)
    assert "AWS_CONFLUENT_HOME" in str(error.value)


def test_a_disk_that_fills_up_while_fetching_keeps_nothing_half_written(mirror, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(fetch.os, "replace", full)
    with pytest.raises(LabError) as error:
        fetch.ensure("kafka")
    assert "disk filled up" in one_line(error)
    assert not list(home().rglob(".part-*"))


FETCH = "from helpers.local import prepare; prepare.kafka_ready(); print('ready', flush=True)"


def test_two_labs_that_fetch_at_once_share_one_download(mirror):
    """Both start from an empty cache; the lock lets one fetch and the other find it done."""
    argv = [sys.executable, "-c", FETCH]
    both = [subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    said = [p.communicate(timeout=120)[0] for p in both]
    assert [p.returncode for p in both] == [0, 0], said
    assert sum("Fetching kafka" in text for text in said) == 1, said
    assert sum("Preparing a quick start" in text for text in said) == 1, said


def test_a_killed_download_leaves_nothing_half_written(mirror, kernel):
    """SIGKILL in the middle; the next start fetches the rest and finds every jar right."""
    slow = (
        "import time\nfrom helpers.local import fetch\nreal = fetch._chunks\n"
        "def chunks(*a):\n    for c in real(*a):\n        yield c[:1000]; time.sleep(0.3); yield c[1000:]\n"
        "fetch._chunks = chunks\nprint('go', flush=True)\nfetch.ensure('kafka')\n"
    )
    started = kernel(slow)
    started.wait_for("go")
    started.wait_for("Fetching")
    started.kill()
    assert all(fetch.sha256(j.local) == j.sha256 for j in JARS if j.local.exists())
    assert len(fetch.ensure("kafka")) == len(JARS)


# -- starting ---------------------------------------------------------------------------------


def test_a_taken_port_is_named():
    guard = Guard()
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        service = Service("broker-1", ["true"], guard, port, ready=lambda: True)
        with pytest.raises(LabError) as error:
            service.launch()
    guard.end()
    assert f"port {port}" in one_line(error)
    assert "taken" in str(error.value)


def test_two_labs_never_choose_the_same_port():
    first, second = Guard(), Guard()
    ports = [*first.ports(50), *second.ports(50)]
    assert len(set(ports)) == 100
    first.end()
    second.end()


def test_too_little_memory_is_said_before_starting(monkeypatch):
    memory = namedtuple("memory", "available")
    monkeypatch.setattr(psutil, "virtual_memory", lambda: memory(200e6))
    with pytest.raises(LabError) as error:
        start_lab(own=True)
    assert "200 MB are free" in one_line(error)


def test_a_full_disk_is_said_before_starting(monkeypatch):
    disk = namedtuple("disk", "free")
    monkeypatch.setattr(psutil, "disk_usage", lambda _: disk(5e6))
    with pytest.raises(LabError) as error:
        start_lab(own=True)
    assert "5 MB left" in one_line(error)


def test_a_broker_that_refuses_its_settings_says_so_with_its_log():
    with pytest.raises(LabError) as error:
        start_lab(broker_config={"num.partitions": "many"})
    text = str(error.value)
    assert "broker-1 ended with status 1" in text
    assert "broker-1.log" in text
    assert "num.partitions" in text


def test_a_server_that_never_answers_is_given_up_with_its_log():
    guard = Guard()
    code = "print('thinking', flush=True); import time; time.sleep(60)"
    port = guard.ports(1)[0]
    service = Service(
        "sleeper", [sys.executable, "-c", code], guard, port, ready=lambda: False, patience=1
    )
    service.launch()
    with pytest.raises(LabError, match=r"(?s)did not answer within 1 s.*sleeper.log.*thinking"):
        service.wait_ready()
    guard.end()


@pytest.mark.parametrize(
    ("arguments", "word"),
    [({"target": "clowd"}, "clowd"), ({"brokers": 0}, "0"), ({"brokers": 99}, "99")],
)
def test_wrong_arguments_of_start_lab(arguments, word):
    with pytest.raises(LabError) as error:
        start_lab(**arguments)
    assert word in one_line(error)


# -- configuration ----------------------------------------------------------------------------


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


def test_secrets_are_masked():
    shown = config.masked({"sasl.password": "s3", "basic.auth.user.info": "k:s3", "client.id": "x"})
    assert shown == {
        "sasl.password": "********",
        "basic.auth.user.info": "********",
        "client.id": "x",
    }


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
    assert cloudcheck.kafka(secured.client())[2] == "1 brokers"


def test_a_wrong_secret_is_told_from_an_unreachable_server(secured):
    with pytest.raises(LabError) as error:
        cloudcheck.kafka(secured.client(secret="wrong"))
    assert "refused the API key" in one_line(error)
    assert "wrong" not in str(error.value)


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


# -- the command line -------------------------------------------------------------------------


@pytest.mark.parametrize("version", [(3, 10, 0), (3, 14, 0)])
def test_an_unsupported_python(monkeypatch, capsys, version):
    monkeypatch.setattr(sys, "version_info", version)
    assert main(["doctor"]) == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_down_without_a_lab(capsys):
    if shared.find():
        pytest.skip("somebody's shared lab is running on this machine; not ours to end")
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
