"""A service of the pipeline in a process of its own, and what it wrote: for tests that kill it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time

from helpers.config import ROOT


class Process:
    """`python -m MODULE JSON`, told what to do by JSON; its output goes to a file."""

    def __init__(self, module: str, told: dict, environment: dict[str, str]):
        self.out = tempfile.TemporaryFile("w+")  # noqa: SIM115
        self.process = subprocess.Popen(
            [sys.executable, "-u", "-m", module, json.dumps(told)],
            cwd=ROOT,
            env=environment,
            stdout=self.out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    @property
    def text(self) -> str:
        """All that it has written."""
        return os.pread(self.out.fileno(), 1 << 24, 0).decode(errors="replace")

    def wait_for(self, words: str, seconds: float = 40.0) -> float:
        """Seconds until it writes `words`."""
        begun = time.monotonic()
        while words not in self.text:
            waited = time.monotonic() - begun
            assert waited < seconds, f"no {words!r}:\n{self.text}"
            assert self.process.poll() is None or words in self.text, self.text
            time.sleep(0.02)
        return time.monotonic() - begun

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def finish(self, number: signal.Signals | None = signal.SIGTERM, seconds: float = 60) -> int:
        """Send a signal, if any, and wait for the end; the exit status."""
        if number is not None:
            self.send(number)
        return self.process.wait(seconds)

    def last_words(self) -> str:
        """What it wrote last and, if it runs and can tell, where its threads are."""
        if self.process.poll() is None:
            self.send(signal.SIGUSR1)
            time.sleep(0.5)
        return self.text[-6000:]

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        self.out.close()
