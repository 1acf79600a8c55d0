"""A lab started in a process of its own, as a notebook kernel would, so that it can be killed."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import uuid

import psutil
import pytest

from helpers.local import prepare
from helpers.local.process import wait_until

ZOMBIE = psutil.STATUS_ZOMBIE
MARK = "AWS_CONFLUENT_TEST_MARK"  # inherited by whatever the kernel starts, however deep


class Kernel:
    """A Python process that runs `code` and is found, with all its offspring, by a mark."""

    def __init__(self, code: str, **env: str) -> None:
        self.mark = uuid.uuid4().hex
        self.process = subprocess.Popen(
            [sys.executable, "-u", "-c", code],
            env={**os.environ, MARK: self.mark, **env},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def wait_for(self, text: str, seconds: float = 90) -> str:
        """Read its output until a line with `text` comes; return all that was read."""
        read, limit = "", threading.Timer(seconds, self.end)
        limit.start()
        try:
            for line in self.process.stdout:
                read += line
                if text in line:
                    return read
        finally:
            limit.cancel()
        raise AssertionError(f"ended, or {seconds} s passed, without {text!r}:\n{read}")

    def end(self) -> None:
        """Kill it and all that it started, so that its output ends."""
        for process in [self.process, *self.offspring()]:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()

    def offspring(self) -> list[psutil.Process]:
        """Every living process that carries the mark, but the kernel itself."""
        found = []
        for process in psutil.process_iter():
            try:
                ours = process.environ().get(MARK) == self.mark
                if ours and process.pid != self.process.pid and process.status() != ZOMBIE:
                    found.append(process)
            except (psutil.NoSuchProcess, psutil.AccessDenied):
                continue
        return found

    def names(self) -> list[str]:
        """The names of the offspring: "java" is a broker."""
        return [name for name, _ in self._described()]

    def servers(self) -> list[tuple[str, str]]:
        """The offspring that are a guard or a broker: name and command line."""
        return [(n, line) for n, line in self._described() if n == "java" or "guard.py" in line]

    def _described(self) -> list[tuple[str, str]]:
        found = []
        for process in self.offspring():
            with contextlib.suppress(psutil.NoSuchProcess):  # it ended while we looked
                found.append((process.name(), " ".join(process.cmdline())))
        return found

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def gone_within(self, seconds: float) -> bool:
        return wait_until(lambda: not self.offspring(), seconds, every=0.1)


@pytest.fixture
def kernel():
    """A factory of kernels; whatever they leave is killed at the end, so that tests stay apart."""
    started = []

    def start(code: str, **env: str) -> Kernel:
        started.append(Kernel(code, **env))
        return started[-1]

    yield start
    for each in started:
        if each.process.poll() is None:
            each.kill()
        each.process.stdout.close()
        each.process.stdin.close()
        for process in each.offspring():
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()


@pytest.fixture(scope="session", autouse=True)
def _prepared():
    """Jars and AOT cache are there before anything is timed."""
    prepare.kafka_ready()
