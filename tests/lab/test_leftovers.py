"""After SIGKILL of the kernel at any moment, no child lives 5 s later and no file stays."""

from __future__ import annotations

import os
import random
import signal
import time
from pathlib import Path

import psutil
import pytest

from helpers.lab import start_lab
from helpers.local import paths
from helpers.local.process import wait_until

ALL = "from helpers.lab import start_lab; lab = start_lab(kafka=True, aws=True, own=True)"
READY = ALL + "; print('run', lab._guard.run, flush=True); input()"
SECONDS = 5


def run_of(said: str) -> Path:
    return Path(next(line for line in said.splitlines() if line.startswith("run ")).split()[1])


@pytest.mark.parametrize("after", [0.15, 0.3, 0.5, 0.8, 1.2, 1.8])
def test_sigkill_while_starting_leaves_nothing(kernel, after):
    started = kernel(ALL + "; input()")
    time.sleep(after)  # a moment of the start-up is what this test is about
    started.kill()
    assert started.gone_within(SECONDS), started.offspring()


def test_sigkill_when_ready_leaves_neither_process_nor_file(kernel):
    started = kernel(READY)
    run = run_of(started.wait_for("run "))
    assert "java" in started.names(), started.names()  # there was something to leave behind
    started.kill()
    assert started.gone_within(SECONDS), started.offspring()
    assert not run.exists()


def test_sigkill_of_the_guard_itself_takes_the_brokers_along(kernel):
    started = kernel(READY)
    run = run_of(started.wait_for("run "))
    guard = next(p for p in started.offspring() if "guard.py" in " ".join(p.cmdline()))
    guard.kill()
    assert wait_until(lambda: "java" not in started.names(), SECONDS)
    started.kill()
    paths.sweep(run.parent)  # nobody was left to remove it, but the next start does, whosever it is
    assert not run.exists()


def test_a_live_lab_is_not_swept(kernel):
    started = kernel(READY)
    run = run_of(started.wait_for("run "))
    assert run.name not in paths.sweep(run.parent)
    assert run.exists()


def test_sigkill_of_the_shared_labs_holder_leaves_nothing(kernel, tmp_path):
    code = "from helpers.local import shared; shared.hold(1, ['kafka'])"
    started = kernel(code)
    assert wait_until(lambda: "java" in started.names(), 60)
    started.kill()
    assert started.gone_within(SECONDS), started.offspring()


# As ipykernel does: a process that a script starts in the background inherits SIGINT as ignored.
HEARS_CTRL_C = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"


def test_an_interrupt_while_starting_leaves_nothing(kernel):
    tried = f"try:\n    {ALL}\nexcept KeyboardInterrupt:\n    print('stopped')\ninput()"
    code = HEARS_CTRL_C + tried
    started = kernel(code)
    assert wait_until(lambda: "java" in started.names(), 30)
    started.process.send_signal(signal.SIGINT)
    started.wait_for("stopped")
    assert started.gone_within(SECONDS), started.offspring()


def test_a_fork_of_the_kernel_does_not_keep_the_lab_alive(kernel):
    """multiprocessing forks inherit the pipe to the guard; the guard also watches the pid."""
    fork = "; import os, time\nif os.fork() == 0:\n    time.sleep(30)\nprint('run', lab._guard.run, flush=True); input()"
    started = kernel(ALL + fork)
    started.wait_for("run ")
    started.kill()

    gone = wait_until(lambda: not started.servers(), SECONDS)
    assert gone, started.servers()


def test_stop_leaves_neither_process_nor_file():
    lab = start_lab(aws=True, own=True, quiet=True)
    run, pids = lab._guard.run, [b.pid for b in lab.brokers.values()]
    assert all(psutil.pid_exists(pid) for pid in pids)
    lab.stop()
    assert not any(psutil.pid_exists(pid) for pid in pids)
    assert not run.exists()
    assert "AWS_ENDPOINT_URL" not in os.environ


@pytest.mark.soak
def test_sigkill_at_random_moments_leaves_nothing(kernel):
    chance = random.Random(20261124)
    for _ in range(15):
        started = kernel(ALL + "; input()")
        time.sleep(chance.uniform(0.0, 3.0))
        started.kill()
        assert started.gone_within(SECONDS), started.offspring()
