"""A Python that has imported what the commands import, and runs each in a fork of itself.

A command of its own starts in 0.5 s of computing, most of it imports; eighty of them would take a
minute on two cores. A fork is as separate, and there at once. Jobs come as JSON lines on stdin;
the answers are the process id and then the exit status, a line each.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import random
import runpy
import signal
import sys

MODULES = ["helpers.doctor", "helpers.infra", "helpers.kit", "helpers.lab", "helpers.run"]
MODULES += ["helpers.exercises", "helpers.cleanup", "helpers.local.containers", "helpers.web.app"]
MODULES += ["helpers.capstone.check", "helpers.pipeline.produce", "helpers.pipeline.sink_command"]
MODULES += [
    "helpers.pipeline.monitor_command",
    "helpers.pipeline.notify",
    "helpers.pipeline.derive",
]


def serve() -> dict:
    """Answer jobs; returns only in a fork, with its job."""
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            return json.loads(line)
        print(pid, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
    sys.exit(0)


def become(job: dict) -> None:
    """Be the command: its files, environment and words, a session of its own, Ctrl-C as usual."""
    os.setsid()
    for number, (path, flags) in enumerate(zip(job["files"], FLAGS, strict=True)):
        os.dup2(os.open(path, flags, 0o600), number)
    sys.stdin = open(0, closefd=False)  # noqa: SIM115
    sys.stdout.reconfigure(line_buffering=True)
    os.environ.clear()
    os.environ.update(job["env"])
    random.seed()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if job["python"]:
        sys.argv = ["-c"]
        exec(compile(job["words"][0], "<string>", "exec"), {"__name__": "__main__"})
    else:
        sys.argv = ["helpers", *job["words"]]
        runpy.run_module("helpers", run_name="__main__", alter_sys=True)


FLAGS = [os.O_RDONLY, *[os.O_WRONLY | os.O_CREAT | os.O_TRUNC] * 2]

if __name__ == "__main__":
    for module in MODULES:
        importlib.import_module(module)
    gc.freeze()
    become(serve())
