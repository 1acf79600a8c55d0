"""Start servers so that they can be waited for, read, killed, and never left behind."""

from __future__ import annotations

import itertools
import json
import os
import random
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from helpers.errors import LabError
from helpers.local.paths import locked, new_run

HOST = "127.0.0.1"
GUARD = Path(__file__).with_name("guard.py")
# Below the range from which Linux and macOS take ports for outgoing connections, so that no client
# can be given the port that a server of ours is about to listen on.
PORTS = range(20_000, 32_000)


def listening(port: int) -> bool:
    """Whether something accepts connections on 127.0.0.1:`port`."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex((HOST, port)) == 0


def require_free(port: int, who: str, otherwise: str = "choose another port") -> None:
    """Raise LabError, saying how to find the culprit, when somebody listens on `port` already."""
    if listening(port):
        raise LabError(
            f"port {port} of {HOST} is taken, {who} cannot use it; see who has it "
            f"(ss -ltnp | grep {port}), stop that or {otherwise}"
        )


def wait_until(condition: Callable[[], bool], seconds: float, every: float = 0.02) -> bool:
    """Poll `condition` until it is true (True) or `seconds` have passed (False)."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(every)
    return True


class Guard:
    """The owner's end of `guard.py`: one guard per lab, with the lab's run directory.

    The servers die and the directory goes when this process closes the pipe, or dies in any way.
    """

    def __init__(self) -> None:
        self.run = new_run()
        self._turn = threading.Lock()
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(GUARD), str(self.run), str(os.getpid())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            # Ctrl-C and Jupyter's interrupt are for the kernel, not for brokers.
            start_new_session=True,
        )
        self.pid = self._process.pid
        self._heard = b""
        self._greeted = False  # it says "ready" first, which is read with the first answer

    def ports(self, count: int) -> list[int]:
        """Reserve `count` TCP ports of 127.0.0.1 for this lab.

        Other labs of this user do not get them while this one lives: they are written down in the
        run directory, and choosing is done under a lock.
        """
        mine = self.run / "ports"
        with locked(self.run.parent / ".ports.lock", "choosing ports"):
            taken = {
                int(port) for p in self.run.parent.glob("*/ports") for port in p.read_text().split()
            }
            candidates = random.sample([p for p in PORTS if p not in taken], 200 + count)
            free = itertools.islice((p for p in candidates if not listening(p)), count)
            chosen = list(free)
            with mine.open("a") as handle:
                handle.writelines(f"{port}\n" for port in chosen)
        return chosen

    def ask(self, op: str, patience: float = 30.0, **request) -> dict:
        """One request to the guard and its answer, which may take `patience` seconds.

        Raises:
            LabError: the guard has ended, does not answer, or could not do it.
        """
        with self._turn:
            try:
                self._process.stdin.write(json.dumps({"op": op, **request}).encode() + b"\n")
                self._process.stdin.flush()
                if not self._greeted:
                    self._read(patience)
                    self._greeted = True
                answer = self._read(patience)
            except (BrokenPipeError, ValueError) as error:
                raise LabError("this lab has ended; start it anew with start_lab()") from error
        if "error" in answer:
            raise LabError(f"could not {op} {request.get('name', '')}: {answer['error']}")
        return answer

    def _read(self, seconds: float) -> dict:
        """The next line that the guard wrote."""
        pipe = self._process.stdout.fileno()
        while b"\n" not in self._heard:
            if not select.select([pipe], [], [], seconds)[0]:
                raise LabError(
                    f"the lab's guard (process {self.pid}) has not answered for {seconds:.0f} s; "
                    f"kill it (kill -9 {self.pid}) and start the lab anew with start_lab()"
                )
            data = os.read(pipe, 1 << 16)
            if not data:
                raise LabError("the lab's guard process ended; start the lab anew with start_lab()")
            self._heard += data
        line, _, self._heard = self._heard.partition(b"\n")
        return json.loads(line)

    def end(self, patience: float = 30.0) -> None:
        """Stop every server and remove the run directory; returns when that is done.

        At once: nothing of a lab is kept, so there is nothing to shut down carefully.
        """
        if self._process.poll() is None:
            try:
                self._process.stdin.write(b'{"op": "end"}\n')
                self._process.stdin.close()
            except (BrokenPipeError, ValueError):
                pass
        try:
            self._process.wait(patience)
        except subprocess.TimeoutExpired:
            # Its servers die with it (see guard.py), and the next start sweeps its directory.
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()


@dataclass
class Service:
    """One server process of the lab.

    `ready` asks the server itself, cheaply, whether it answers. `port` is the one shown to
    learners.
    """

    name: str
    argv: list[str]
    guard: Guard = field(repr=False)
    port: int
    ready: Callable[[], bool] = field(repr=False)
    env: dict = field(default_factory=dict, repr=False)
    version: str = ""
    pid: int | None = None
    patience: float = 60.0  # seconds to become ready; a busy two-core machine needs some

    @property
    def logfile(self) -> Path:
        """Where what it writes goes."""
        return self.guard.run / f"{self.name}.log"

    def launch(self) -> None:
        """Start the process; does not wait. Refuses a port that somebody else holds."""
        require_free(self.port, self.name)
        answer = self.guard.ask(
            "spawn",
            name=self.name,
            argv=self.argv,
            env={**os.environ, **self.env},
            log=str(self.logfile),
            cwd=str(self.guard.run),
        )
        self.pid = answer["pid"]

    def wait_ready(self) -> None:
        """Wait until the server answers.

        Raises:
            LabError: it ended, or `patience` is over; names the log and quotes its last lines.
        """
        ended = []

        def settled() -> bool:
            if self.ready():
                return True
            ended[:] = [code for code in [self.code()] if code is not None]
            return bool(ended)

        if not wait_until(settled, self.patience):
            raise LabError(self._trouble(f"did not answer within {self.patience:.0f} s"))
        if ended:
            raise LabError(self._trouble(f"ended with status {ended[0]} while starting"))

    def _trouble(self, what: str) -> str:
        return f"{self.name} {what}; its log {self.logfile} ends with:\n{self.log(12)}"

    def code(self) -> int | None:
        """The exit status, -9 after SIGKILL; None while it runs."""
        return self.guard.ask("state").get(self.name)

    @property
    def alive(self) -> bool:
        """Whether the process runs (a paused one does)."""
        return self.pid is not None and self.code() is None

    def send(self, number: signal.Signals) -> None:
        """Send a signal; no effect on a process that has ended."""
        self.guard.ask("signal", name=self.name, number=int(number))

    def wait_end(self, seconds: float = 30.0) -> int:
        """Wait for the process to end; its exit status."""
        patience = seconds + 10
        code = self.guard.ask("wait", patience, name=self.name, seconds=seconds)["code"]
        if code is None:
            raise LabError(self._trouble(f"did not end within {seconds:.0f} s"))
        return code

    def log(self, lines: int = 20) -> str:
        """The last `lines` lines of what the process wrote."""
        try:
            text = self.logfile.read_text(errors="replace")
        except FileNotFoundError:
            return "(it wrote nothing)"
        return "\n".join(text.splitlines()[-lines:])

    def memory_mb(self) -> float:
        """Resident memory in MB (10^6 bytes); 0 when the process is gone."""
        try:
            return psutil.Process(self.pid).memory_info().rss / 1e6
        except (psutil.NoSuchProcess, TypeError):
            return 0.0
