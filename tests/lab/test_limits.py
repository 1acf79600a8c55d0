"""No wait without a limit, and what a failed or changed start must not leave behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from helpers import lab as door
from helpers.errors import LabError
from helpers.lab import start_lab
from helpers.local import paths
from helpers.local.process import Guard
from tests.lab.faults import one_line

HOLD = """
import sys
from pathlib import Path
from helpers.local.paths import locked
with locked(Path(sys.argv[1]), "holding"):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def held(tmp_path):
    """A lock that another process holds."""
    lock = tmp_path / "some.lock"
    argv = [sys.executable, "-c", HOLD, str(lock)]
    other = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert other.stdout.readline() == "held\n"
    yield lock, other
    other.kill()
    other.communicate()


def test_waiting_for_another_lab_is_said_and_has_a_limit(held, capsys):
    lock, _ = held
    with pytest.raises(LabError) as error, paths.locked(lock, "fetching", seconds=1.5):
        pytest.fail("the lock was given to two")
    assert "fetching" in one_line(error)
    assert str(lock) in str(error.value)
    assert "Waiting for another lab on this machine (fetching)" in capsys.readouterr().out


def test_the_lock_is_had_when_its_holder_is_killed(held):
    lock, other = held
    other.kill()
    with paths.locked(lock, "fetching", seconds=10):
        pass


def test_a_guard_that_does_not_answer_is_given_up_and_ended():
    guard = Guard()
    guard.ask("state")
    os.kill(guard.pid, signal.SIGSTOP)
    with pytest.raises(LabError) as error:
        guard.ask("state", patience=0.5)
    assert str(guard.pid) in one_line(error)
    guard.end(patience=0.5)
    assert guard._process.returncode == -signal.SIGKILL


def test_a_start_that_fails_restores_the_environment(monkeypatch):
    def refuse(self):
        raise LabError("no")

    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.setattr(door.Service, "wait_ready", refuse)
    monkeypatch.setattr(door.Lab, "_start", _export_then(door.Lab._start))
    with pytest.raises(LabError):
        start_lab(kafka=False, aws=True, own=True, quiet=True)
    assert "AWS_ENDPOINT_URL" not in os.environ


def _export_then(start):
    """As on the cloud, where the variables are set before the service is asked."""

    def early(self, *words):
        self.aws = {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}
        self._export()
        self.aws = None
        start(self, *words)

    return early


def test_a_lab_of_ones_own_is_not_mixed_with_the_shared_one(monkeypatch):
    state = {"kafka": {"bootstrap.servers": "127.0.0.1:9"}, "rows": [["shared", "-", "-", "-"]]}
    monkeypatch.setattr(door.shared, "find", lambda: state)
    attached = start_lab(quiet=True)
    assert attached.kafka == state["kafka"]
    own = start_lab(kafka=False, aws=True, own=True, quiet=True)
    assert own is not attached
    assert own.rows == []
    assert own.kafka == {}
    own.stop()
