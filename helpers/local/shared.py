"""A lab that outlives one notebook: `python -m helpers up` … `down`.

A holder process owns the lab's guard, so the lab lives as long as the holder. What runs is written
to `<home>/shared.json` (readable by its owner only); `start_lab` finds it there. A lab in
containers (`helpers.local.containers`) is written there too, with `ports` in place of a holder.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil

from helpers.errors import LabError
from helpers.local.paths import PARTS, home, locked
from helpers.local.process import wait_until


def file() -> Path:
    """Where the shared lab's state is written."""
    return home() / "shared.json"


def find() -> dict | None:
    """The shared lab's state if it is alive, else None (a stale file is removed)."""
    try:
        state = json.loads(file().read_text())
        if "ports" in state:
            from helpers.local import containers

            alive = containers.alive(state)
        else:
            alive = psutil.Process(state["pid"]).create_time() == state["since"]
    except (FileNotFoundError, ValueError, TypeError, KeyError, psutil.NoSuchProcess):
        alive = False
    if not alive:
        file().unlink(missing_ok=True)
        return None
    return state


def need() -> dict:
    """The shared lab's state. Raises LabError when none is running."""
    if state := find():
        return state
    raise LabError("no shared lab is running; start one first: python -m helpers up")


def write(state: dict) -> None:
    """Note what runs, for `find`: at once and readable by its owner only."""
    scratch = file().with_suffix(".new")
    scratch.touch(mode=0o600)
    scratch.write_text(json.dumps(state))
    os.replace(scratch, file())


def hold(brokers: int, parts: list[str]) -> None:
    """Be the holder, a process of its own: start the lab, write the state, stay until SIGTERM."""
    from helpers.lab import start_lab

    want = {part: part in parts for part in PARTS}
    lab = start_lab(**want, brokers=brokers, own=True)
    state = {
        "pid": os.getpid(),
        "since": psutil.Process().create_time(),
        "kafka": lab.kafka,
        "registry": lab.registry,
        "aws": lab.aws,
        "run": str(lab._guard.run),
        "rows": list(lab._rows()),
    }
    write(state)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    while True:
        signal.pause()


def up(brokers: int = 1, parts: list[str] | None = None) -> dict:
    """Start the shared lab, or find it running; return its state.

    Raises:
        LabError: it did not come up; quotes what it said.
    """
    with locked(home() / ".up.lock", "starting a shared lab"):
        if state := find():
            return state
        log = home() / "shared.log"
        argv = [sys.executable, "-m", "helpers", "hold", "--brokers", str(brokers)]
        argv += ["--parts", *(parts or PARTS)]
        with log.open("wb") as out:
            holder = subprocess.Popen(
                argv,
                cwd=Path(__file__).parents[2],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        # A first start downloads 200 MB, on a slow line; the holder says so in the log if it fails.
        try:
            wait_until(lambda: find() or holder.poll() is not None, 900, every=0.1)
            state = find()
        except BaseException:  # an interrupt: what was begun in the background must not stay
            holder.kill()
            holder.wait()
            raise
        if not state:
            holder.kill()
            raise LabError(f"the shared lab did not come up; {log} ends with:\n{_tail(log)}")
        return state


def _tail(log: Path, lines: int = 6) -> str:
    """The end of what the holder said, without the progress of a download."""
    said = log.read_text(errors="replace").splitlines()
    return "\n".join([line for line in said if line.strip() and "%|" not in line][-lines:])


def down() -> bool:
    """End the shared lab; whether there was one. Returns when nothing of it is left."""
    from helpers.local import containers

    if containers.down():
        return True
    state = find()
    if not state:
        return False
    holder = psutil.Process(state["pid"])
    family = [holder, *holder.children(recursive=True)]
    holder.terminate()
    _, left = psutil.wait_procs(family, timeout=10)
    for process in left:
        process.kill()
    file().unlink(missing_ok=True)
    return True
