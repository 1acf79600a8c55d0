"""A service of the pipeline as a process of its own, with nothing but its own variables."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager

from helpers.config import ROOT


class Service:
    """`python -m helpers ARGV`, and what it wrote."""

    def __init__(self, argv: list[str], environment: dict[str, str]):
        self.out = tempfile.TemporaryFile("w+")  # noqa: SIM115
        self.process = subprocess.Popen(
            [sys.executable, "-u", "-m", "helpers", *argv],
            cwd=ROOT,
            env=environment,
            stdout=self.out,
            stderr=subprocess.STDOUT,
        )

    @property
    def text(self) -> str:
        return os.pread(self.out.fileno(), 1 << 20, 0).decode(errors="replace")

    def until(self, condition, seconds: float = 60.0):
        """The condition's first true value, while the process lives."""
        deadline = time.monotonic() + seconds
        while not (value := condition()):
            assert self.process.poll() is None, self.text
            assert time.monotonic() < deadline, f"{condition()}\n{self.text}"
            time.sleep(0.1)
        return value

    def finish(self) -> int:
        """SIGTERM; the exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)


@contextmanager
def running(argv: list[str], environment: dict[str, str]) -> Iterator[Service]:
    service = Service(argv, environment)
    try:
        yield service
    finally:
        service.process.kill()
        service.process.wait()
        service.out.close()
