"""The portal for a notebook: in a process of its own that dies with the kernel.

A process and not a thread: a cell that computes, or a kernel that is interrupted, does not hold the
portal up; a portal in trouble does not hold the kernel up. The lab's own guard starts it, so it
ends when the kernel does, even by SIGKILL.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
from http.client import HTTPConnection, HTTPException
from typing import Any

from helpers.config import ROOT
from helpers.errors import LabError
from helpers.local.process import HOST, Guard, Service
from helpers.web.command import check_topics

STOP_S = 20.0
_running: dict[str, WebApplication] = {}


class WebApplication:
    """A portal that runs. `url` ends with a slash; `stop` lets every event have its answer."""

    def __init__(self, kafka: dict[str, Any], prefix: str, producer: dict[str, Any]) -> None:
        check_topics(kafka, prefix)
        self._guard = Guard()
        try:
            port = self._guard.ports(1)[0]
            told = self._guard.run / "web.json"
            told.touch(mode=0o600)
            said = {"kafka": kafka, "prefix": prefix, "port": port, "producer": producer}
            told.write_text(json.dumps(said), "utf-8")
            paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
            self._service = Service(
                name="web",
                argv=[sys.executable, "-m", "helpers.web.serve", str(told)],
                guard=self._guard,
                port=port,
                env={"PYTHONPATH": os.pathsep.join(paths)},
                ready=lambda: _answers(port),
            )
            self._service.launch()
            self._service.wait_ready()
        except BaseException:  # also an interrupt: a half-started portal must not stay
            self._guard.end()
            raise
        self.url = f"http://{HOST}:{port}/"

    def __repr__(self) -> str:
        return f"the student portal, {'running' if self.alive else 'stopped'}"

    def _repr_html_(self) -> str:
        """The portal itself, in a frame: what a notebook shows for a cell that ends with it."""
        if not self.alive:
            return "<p>The portal has been stopped.</p>"
        style = "width: 100%; height: 560px; border: 1px solid #8a929a; border-radius: 8px"
        return f'<iframe src="{self.url}" title="Portal del estudiante" style="{style}"></iframe>'

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        with contextlib.suppress(LabError):
            return self._service.alive
        return False

    def stop(self) -> str:
        """End it as SIGTERM does; return its last line, which counts the events. Safe twice."""
        said = "stopped before"
        if self.alive:
            self._service.send(signal.SIGTERM)
            try:
                self._service.wait_end(STOP_S)
                said = self._service.log(1)
            finally:
                self._guard.end()
        return said


def start(kafka: dict[str, Any], prefix: str = "", **producer: Any) -> WebApplication:
    """Start the portal, or find the one that this kernel has started already.

    `kafka` is the clients' configuration, such as `lab.kafka`; `producer` overrides the producer's
    settings. The three topics must exist (`helpers.pipeline.topics.create_topics`).

    Raises:
        LabError: one line that says what is wrong and what to do next.
    """
    same = json.dumps([os.getpid(), kafka, prefix, producer], sort_keys=True)
    found = _running.get(same)
    if not (found and found.alive):
        _running[same] = found = WebApplication(kafka, prefix, producer)
    return found


def _answers(port: int) -> bool:
    connection = HTTPConnection(HOST, port, timeout=1)
    try:
        connection.request("GET", "/api/state")
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
