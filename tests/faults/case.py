"""One fault: how it is provoked, and the line that the user must see."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from helpers.config import ROOT
from helpers.local.process import wait_until

MARK = "AWS_CONFLUENT_FAULT"  # inherited by whatever a command starts, however deep


@dataclass
class Scene:
    """Where a case happens: a folder of its own, its words and its environment."""

    path: Path
    words: list[str]
    env: dict[str, str]
    said: Callable[[], str] = lambda: ""  # what it has written so far

    def write(self, name: str, content: bytes | str) -> Path:
        """A file in the folder."""
        file = self.path / name
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        return file


@dataclass(frozen=True)
class Case:
    """A fault that is provoked here. In `says` and `prints`, … stands for anything in one line."""

    name: str
    words: str  # after `python -m helpers`; {T} the case's folder, {B} the broker, {AWS} an address
    says: str  # all of stderr; of a usage error its last line
    happened: str
    do: str
    status: int = 1
    lab: bool = True  # whether a shared lab runs
    prints: str | None = ""  # all of stdout; None: whatever
    env: dict[str, str] = field(default_factory=dict)
    given: Callable[[Scene], None] | None = None
    interrupt: Callable[[Scene], bool] | None = None  # SIGINT as soon as this is true
    after: Callable[[Scene], None] | None = None
    python: bool = False  # `words` is a program and not a command
    slow: bool = False
    seconds: float = 40.0

    @property
    def area(self) -> str:
        """The command that it is about."""
        return "in Python" if self.python else self.words.split()[0]


@dataclass(frozen=True)
class Proven:
    """A fault that a test elsewhere provokes: `test` is its path and name."""

    area: str
    name: str
    says: str
    happened: str
    do: str
    test: str
    elsewhere: bool = False  # the line comes from Kafka, AWS or a lesson, not from helpers/


@dataclass
class Result:
    """What a case came to."""

    status: int | None
    out: str
    err: str
    left: list[str]
    scene: Scene


def matches(pattern: str, text: str) -> bool:
    """Whether a text is as a case says."""
    wanted = re.escape(pattern).replace("…", ".*")
    return re.fullmatch(wanted, text.strip()) is not None


def lines(stderr: str, status: int | None) -> str:
    """Stderr as it is compared: without progress, of a usage error the last line."""
    kept = [line for line in stderr.splitlines() if line.strip() and "%|" not in line]
    return "\n".join(kept[-1:] if status == 2 else kept)


class Runner:
    """Runs cases one after the other, each in a fork of one Python; see `zygote`."""

    def __init__(self) -> None:
        argv = [sys.executable, "-m", "tests.faults.zygote"]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        self._zygote = subprocess.Popen(argv, cwd=ROOT, text=True, **pipes)

    def close(self) -> None:
        self._zygote.stdin.close()
        self._zygote.wait(60)
        self._zygote.stdout.close()

    def run(self, case: Case, scene: Scene) -> Result:
        """Provoke it, wait for its end, look what it left."""
        if case.given:
            case.given(scene)
        mark = uuid.uuid4().hex
        files = [scene.path.with_suffix(kind) for kind in (".out", ".err")]
        scene.said = lambda: "".join(f.read_text(errors="replace") for f in files if f.exists())
        job = {"words": scene.words, "env": scene.env | {MARK: mark}, "python": case.python}
        job["files"] = [os.devnull, *map(str, files)]
        self._zygote.stdin.write(json.dumps(job) + "\n")
        self._zygote.stdin.flush()
        pid = int(self._zygote.stdout.readline())
        late = threading.Timer(case.seconds, os.kill, (pid, signal.SIGKILL))
        late.start()
        if case.interrupt:
            wait_until(lambda: case.interrupt(scene) or not psutil.pid_exists(pid), 30, 0.05)
            os.kill(pid, signal.SIGINT)
        status = int(self._zygote.stdout.readline())
        late.cancel()
        wait_until(lambda: not offspring(mark), 5, 0.2)
        said = [file.read_text(errors="replace") for file in files]
        return Result(None if status == -signal.SIGKILL else status, *said, offspring(mark), scene)


def offspring(mark: str) -> list[str]:
    """The command lines of what still runs of it."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(MARK) == mark and process.status() != psutil.STATUS_ZOMBIE:
                found.append(" ".join(process.cmdline()))
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return found


def scene_of(case: Case, folder: Path, homes: dict[bool, Path], places: dict[str, str]) -> Scene:
    """A folder, the words and the environment of a case; no other settings of this machine."""
    path = folder / re.sub(r"\W+", "-", f"{case.area} {case.name}")
    path.mkdir()

    def filled(text: str) -> str:
        for name, value in {**places, "T": str(path)}.items():
            text = text.replace(f"{{{name}}}", value)
        return text

    words = [filled(case.words)] if case.python else shlex.split(filled(case.words))
    plain = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
    env = plain | {"AWS_CONFLUENT_HOME": str(homes[case.lab])}
    env |= {"AWS_CONFLUENT_ENV": str(path / ".env")}
    return Scene(path, words, env | {name: filled(value) for name, value in case.env.items()})
