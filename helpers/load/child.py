"""Processes that help a load test: they talk in JSON lines, and end with their parent.

Each has an interpreter of its own, and so a lock (GIL) of its own: a reader does not hold up the
generator, and several generators use several processors.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import weakref
from typing import Any

from helpers.errors import LabError
from helpers.local.guard import die_with_guard

BOOT = """import json, sys; job = json.loads(sys.stdin.buffer.readline())
sys.path[:] = job["path"]; import helpers.load.child; helpers.load.child.work(job)"""
PYTHON = [sys.executable, "-I", "-u", "-c", BOOT]


class Child:
    """A process that does `module.main(job, inbox, tell)`. Keep the object: it ends with it."""

    def __init__(self, module: str, job: dict[str, Any]) -> None:
        told = {"path": sys.path, "parent": os.getpid(), "module": module, "job": job}
        try:
            line = json.dumps(told).encode() + b"\n"
        except TypeError as error:
            raise LabError(
                f"settings and values for other processes are plain words and numbers ({error}); "
                "functions stay in this one"
            ) from error
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - as long as this object
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": self._errors}
        self._process = subprocess.Popen(PYTHON, start_new_session=True, **pipes)
        weakref.finalize(self, _end, self._process)
        self._heard: queue.Queue[dict | None] = queue.Queue()
        listen = (self._process.stdout, self._heard)
        threading.Thread(target=_listen, args=listen, daemon=True).start()
        self._write(line)

    def tell(self, **words: Any) -> None:
        """Send it a message; one that has ended does not hear it."""
        self._write(json.dumps(words).encode() + b"\n")

    def hear(self, seconds: float) -> dict[str, Any] | None:
        """Its next message; None when there is none within that time.

        Raises LabError when it has ended, with what it said.
        """
        try:
            message = self._heard.get(timeout=max(seconds, 0))
        except queue.Empty:
            return None
        if message is None or "error" in message:
            self._heard.put(message)  # whoever asks again hears the same
            raise LabError((message or {}).get("error") or self._last_words())
        return message

    def expect(self, seconds: float) -> dict[str, Any]:
        """Its next message. Raises LabError when it has ended or does not answer."""
        message = self.hear(seconds)
        if message is None:
            raise LabError(f"a process of the load test said nothing for {seconds:g} s; try again")
        return message

    def end(self) -> None:
        """Kill it, without effect on one that has ended."""
        _end(self._process)

    def _write(self, line: bytes) -> None:
        try:
            self._process.stdin.write(line)
            self._process.stdin.flush()
        except (BrokenPipeError, ValueError):
            pass  # it has ended: `hear` says so

    def _last_words(self) -> str:
        size = os.fstat(self._errors.fileno()).st_size
        lines = os.pread(self._errors.fileno(), size, 0).decode(errors="replace").splitlines()
        why = lines[-1] if lines else f"exit status {self._process.poll()}"
        return f"a process of the load test ended by itself: {why}"


def _listen(lines, heard: queue.Queue) -> None:
    for line in lines:
        heard.put(json.loads(line))
    heard.put(None)


def _end(process: subprocess.Popen) -> None:
    """Kill it and leave nothing of it."""
    process.kill()
    process.wait()
    process.stdin.close()


def work(told: dict[str, Any]) -> None:
    """In the new process: do the job. Dies with the parent, even if that is killed."""
    if sys.platform == "linux":
        die_with_guard()
    if os.getppid() != told["parent"]:  # died before we asked to die with it
        os._exit(1)
    inbox: queue.Queue[dict[str, Any]] = queue.Queue()
    threading.Thread(target=_receive, args=(inbox,), daemon=True).start()
    job = __import__(told["module"], fromlist=["main"]).main
    try:
        job(told["job"], inbox, _tell)
    except LabError as error:
        _tell(error=str(error))


def _receive(inbox: queue.Queue) -> None:
    """Messages of the parent; when the pipe ends, so do we. Not sys.stdin, whose lock would hold up
    Python's own end."""
    buffer = b""
    while data := os.read(0, 1 << 16):
        *lines, buffer = (buffer + data).split(b"\n")
        for line in lines:
            inbox.put(json.loads(line))
    os.kill(os.getpid(), signal.SIGKILL)


def _tell(**words: Any) -> None:
    os.write(1, json.dumps(words).encode() + b"\n")
