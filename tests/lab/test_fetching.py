"""Bad weather while fetching: one line that says what to do, nothing half-written, nothing altered."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections import namedtuple

import pytest

from helpers.errors import LabError
from helpers.local import fetch
from helpers.local.paths import home
from tests.lab.faults import one_line

JARS = fetch.jars("kafka")


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


# A slow line, so that both are at it at the same time.
FETCH = """
import time
from helpers.local import fetch, prepare
quick = fetch._chunks
def slow(*words):
    time.sleep(0.2)
    yield from quick(*words)
fetch._chunks = slow
prepare.kafka_ready()
"""


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
