"""SIGKILL of kernels at random moments over all lessons: nothing stays, the next start works.

    python tools/kills.py 30            thirty, with the seed that a table below names
    python tools/kills.py 30 7          the same with another seed

Prints a table; the exit status is 1 if anything stayed or a lab did not start afterwards. It works
in a home of its own (with the downloads of this machine), so that nobody's lab is disturbed.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import nbformat
import psutil
from nbclient.exceptions import DeadKernelError

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from helpers.local.process import wait_until  # noqa: E402
from helpers.run import find_lessons, new_client  # noqa: E402
from tools.series import own_home  # noqa: E402

MARK = "AWS_CONFLUENT_STRESS"  # inherited by whatever a kernel starts, however deep
SECONDS_TO_GO = 10.0  # for everything that a killed kernel has started
START = """from helpers.lab import start_lab
start_lab(aws=True, own=True, quiet=True).stop()"""


@dataclass
class Kill:
    """One killed kernel: where, how much it had started, and what was left of it."""

    lesson: str
    cell: int
    after: float  # seconds into the cell
    processes: int
    seconds: float  # until all of it had gone
    left: list[str]


def kill(path: Path, home: Path, chance: random.Random) -> Kill:
    """Run a lesson, kill its kernel at a random moment, look what stays."""
    notebook = nbformat.read(path, as_version=4)
    code = [n for n, cell in enumerate(notebook.cells) if cell.cell_type == "code"]
    cell, after = chance.choice(code), chance.choice((0.0, 0.05, 0.3, 1.0, 2.0)) * chance.random()
    mark = os.environ[MARK] = uuid.uuid4().hex
    client, told = new_client(notebook), threading.Event()
    found: list[psutil.Process] = []
    ports: set[int] = set()
    seconds: list[float] = []  # until all was gone

    def strike() -> None:
        found.extend(marked(mark))
        ports.update(port for process in found for port in listening(process))
        began = time.monotonic()
        with contextlib.suppress(ProcessLookupError):
            os.kill(client.km.provisioner.pid, signal.SIGKILL)
        wait_until(lambda: not marked(mark), SECONDS_TO_GO, 0.05)
        seconds.append(time.monotonic() - began)
        told.set()

    def starts(cell_index: int, **_) -> None:
        if cell_index == cell:
            threading.Timer(after, strike).start()

    client.on_cell_start = starts
    with contextlib.suppress(DeadKernelError):
        client.execute()
    told.wait(60)
    left = [f"process {process.pid}" for process in marked(mark)]
    left += [f"port {port}" for port in sorted(ports & open_ports())]
    left += [f"directory {run.name}" for run in home.glob("run/*") if run.is_dir()]
    del os.environ[MARK]
    return Kill(path.stem, code.index(cell) + 1, after, len(found), *seconds, left)


def marked(mark: str) -> list[psutil.Process]:
    """Every process, alive, that a kernel with this mark has started, the kernel included."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            if process.environ().get(MARK) == mark and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


def listening(process: psutil.Process) -> list[int]:
    """The ports that it listens on."""
    with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
        all_of_it = process.net_connections("tcp")
        return [each.laddr.port for each in all_of_it if each.status == psutil.CONN_LISTEN]
    return []


def open_ports() -> set[int]:
    """All ports that somebody listens on."""
    everybody = psutil.net_connections("tcp")
    return {each.laddr.port for each in everybody if each.status == psutil.CONN_LISTEN}


def next_start() -> str:
    """ "" if a lab starts and ends in a new process, else what it said."""
    argv = [sys.executable, "-c", START]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, timeout=180)
    return "" if done.returncode == 0 else done.stderr.strip().splitlines()[-1]


def killed(number: int, seed: int, lessons: list[Path]) -> Iterator[Kill]:
    """So many kills, over the lessons in turn; after each a lab must start again."""
    chance = random.Random(seed)
    order = [lessons[n % len(lessons)] for n in range(number)]
    chance.shuffle(order)
    with own_home() as home:
        for path in order:
            one = kill(path, home, chance)
            if said := next_start():
                one.left.append(f"the next start: {said}")
            yield one


def kills(number: int, seed: int) -> int:
    """The command."""
    status = 0
    print(
        f"seed {seed}\n{'lesson':<30}{'cell':>5}{'after':>7}{'procs':>6}{'gone in':>8}  left behind"
    )
    for one in killed(number, seed, find_lessons()):
        status = 1 if one.left else status
        line = (
            f"{one.lesson:<30}{one.cell:>5}{one.after:>6.2f}s{one.processes:>6}{one.seconds:>7.1f}s"
        )
        print(f"{line}  {'; '.join(one.left) or 'nothing'}", flush=True)
    return status


if __name__ == "__main__":
    words = [int(word) for word in sys.argv[1:]]
    sys.exit(kills(*words, *(30, 20261124)[len(words) :]))
