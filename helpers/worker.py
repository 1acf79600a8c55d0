"""Run a function of a notebook in a Python process of its own, where it can be killed.

The process gets the function's source with all that it uses: functions, imports, plain constants.
No file is written; arguments (API keys, perhaps) go over a pipe. It ends with its parent.
"""

from __future__ import annotations

import builtins
import contextlib
import dis
import inspect
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import weakref
from collections.abc import Callable
from types import CodeType, FunctionType, ModuleType
from typing import IO, Any, NamedTuple

from helpers.errors import LabError
from helpers.local.guard import die_with_guard

BOOT = """import json, sys; job = json.loads(sys.stdin.buffer.readline())
sys.path[:] = job["path"]; import helpers.worker; helpers.worker.work(job)"""
PYTHON = [sys.executable, "-I", "-u", "-c", BOOT]
PLAIN = (bool, int, float, str, bytes, type(None), list, tuple, dict, set)


class Ended(NamedTuple):
    """How a process ended: exit status (-9: SIGKILL), its printed lines (JSON), its stderr."""

    status: int
    printed: list[Any]
    errors: str


class Working:
    """A process that works: `start` makes it, `stop`, `kill` or `wait` end it."""

    def __init__(self, function: Callable, arguments: dict[str, Any]) -> None:
        self.name = function.__name__
        job = {"path": sys.path, "parent": os.getpid(), "source": source(function)}
        job |= {"call": self.name, "arguments": arguments}
        self._out = tempfile.TemporaryFile()  # noqa: SIM115 - as long as this object; has no name
        self._err = tempfile.TemporaryFile()  # noqa: SIM115
        own = {"stdout": self._out, "stderr": self._err, "start_new_session": True}
        self._child = subprocess.Popen(PYTHON, stdin=subprocess.PIPE, **own)  # no Ctrl-C for it
        weakref.finalize(self, _end, self._child)  # nobody could stop it any more
        with contextlib.suppress(BrokenPipeError):  # one that ends at once: its stderr says why
            self._child.stdin.write(json.dumps(job).encode() + b"\n")
            self._child.stdin.flush()

    def __repr__(self) -> str:
        return f"{self.name}, {'working' if self.alive else 'ended'}"

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._child.poll() is None

    @property
    def printed(self) -> list[Any]:
        """What it has printed so far, line by line; not a line that it is still writing."""
        whole = [line for line in _all(self._out).splitlines(True) if line.endswith("\n")]
        return [json.loads(line) for line in whole]

    @property
    def errors(self) -> str:
        """What it has written to stderr so far."""
        return _all(self._err)

    def wait(self, seconds: float = 60.0) -> Ended:
        """Wait for its end. Raises LabError, and kills it, when that takes longer."""
        try:
            status = self._child.wait(seconds)
        except subprocess.TimeoutExpired:
            late = f"{self.name} had not ended after {seconds:g} s and was killed"
            raise LabError(f"{late}; look for what it waits for, then run it again") from None
        finally:
            _end(self._child)
        return Ended(status, self.printed, self.errors)

    def stop(self, seconds: float = 60.0) -> Ended:
        """SIGTERM: ask it to finish, and wait until it has."""
        self._child.send_signal(signal.SIGTERM)
        return self.wait(seconds)

    def kill(self) -> Ended:
        """SIGKILL: it ends in the middle of whatever it was doing."""
        self._child.kill()
        return self.wait()


def start(function: Callable, **arguments: Any) -> Working:
    """Call `function(**arguments)` in a new process, and go on. Keep the answer: it ends with it.

    Arguments, and each line that it prints, must be what JSON can carry. Raises LabError when it
    uses something that cannot be taken along.
    """
    return Working(function, arguments)


def run(function: Callable, *, seconds: float = 60.0, **arguments: Any) -> Ended:
    """`start` it and wait for its end. Raises LabError when it ran longer than `seconds`, too."""
    return start(function, **arguments).wait(seconds)


def _end(child: subprocess.Popen) -> None:
    """Kill it, without effect on one that has ended, and leave nothing of it."""
    child.kill()
    child.wait()
    child.stdin.close()


def _all(file: IO[bytes]) -> str:
    """All of a file that another process may be writing; its position is not moved."""
    return os.pread(file.fileno(), os.fstat(file.fileno()).st_size, 0).decode(errors="replace")


def source(function: Callable) -> str:
    """The program that the process runs: the function, after everything that it needs."""
    parts: dict[str, str] = {}
    _collect(function.__name__, function, parts)
    return "\n".join(parts.values())


def _collect(name: str, value: Any, parts: dict[str, str]) -> None:
    """Add the lines that define `name`, after those of the names that it needs."""
    if isinstance(value, FunctionType) and value.__module__ == "__main__":
        if value.__closure__ or not name.isidentifier():
            raise LabError(f"{name} cannot go to another process; define it outside any other")
        space, parts[name] = value.__globals__, ""  # "": a function may call itself
        for needed in _globals(value.__code__):
            if needed in space.keys() - parts.keys() - vars(builtins).keys():
                _collect(needed, space[needed], parts)
        parts[name] = f"{parts.pop(name)}\n{inspect.getsource(value)}"
    elif isinstance(value, ModuleType):
        known = value.__name__
        parts[name] = f"import {known}" if known == name else f"import {known} as {name}"
    elif isinstance(value, PLAIN):
        parts[name] = f"{name} = {value!r}"
    else:
        home = str(getattr(value, "__module__", "")).replace("cimpl", "confluent_kafka")
        if getattr(sys.modules.get(home), name, None) is not value:
            raise LabError(f"{name} cannot go to another process; pass its content as plain data")
        parts[name] = f"from {home} import {name}"


def _globals(code: CodeType) -> list[str]:
    """The global names that a piece of code and the functions in it read."""
    names = [step.argval for step in dis.get_instructions(code) if step.opname == "LOAD_GLOBAL"]
    return sum([_globals(part) for part in code.co_consts if isinstance(part, CodeType)], names)


def work(job: dict) -> None:
    """In the new process: call the function. Dies with the parent, even if that is killed."""
    if sys.platform == "linux":
        die_with_guard()
    if os.getppid() != job["parent"]:  # died before we asked to die with it
        os._exit(1)
    # The pipe ends with the parent. Not sys.stdin, whose lock would hold up Python's own end.
    end = lambda: os.read(0, 1) or os.kill(os.getpid(), signal.SIGKILL)  # noqa: E731
    threading.Thread(target=end, daemon=True).start()
    space = {"__name__": "worker"}
    exec(compile(job["source"], "<functions of the lesson>", "exec"), space)
    space[job["call"]](**job["arguments"])
