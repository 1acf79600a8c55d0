"""Derive or Notify in a process of its own, told by JSON: `python -m tests.notify.process JSON`.

`kill` names a place, {"where": "History.claim", "when": "after", "call": 3}: there the process ends
itself with SIGKILL.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import sys

from helpers.errors import LabError
from helpers.local.guard import die_with_guard
from helpers.pipeline import derive, notify, notify_history, notify_sns
from helpers.pipeline.service import until_signal

OWNERS = {
    "derive": derive,
    "Derive": derive.Derive,
    "History": notify_history.History,
    "Publisher": notify_sns.Publisher,
}


def kill_at(where: str, when: str, call: int) -> None:
    """Wrap a method or function so that its call number `call` is the last thing that happens."""
    owner, name = OWNERS[where.split(".")[0]], where.split(".")[1]
    original, calls = getattr(owner, name), 0

    def wrapped(*args, **kwargs):
        nonlocal calls
        calls += 1
        if when == "before" and calls == call:
            os.kill(os.getpid(), signal.SIGKILL)
        result = original(*args, **kwargs)
        if when == "after" and calls == call:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(owner, name, wrapped)


def main(told: dict) -> int:
    if sys.platform == "linux":
        die_with_guard()
    logging.basicConfig(level=logging.INFO, format="%(relativeCreated)d %(message)s")
    if "kill" in told:
        kill_at(**told["kill"])
    module = {"derive": derive, "notify": notify}[told["what"]]
    make = {"derive": derive.Derive, "notify": notify.Notify}[told["what"]]
    try:
        service = until_signal(make(module.Settings(**told["settings"]), told["kafka"]))
    except LabError as error:
        print(f"STOPPED {error}", flush=True)
        return 1
    print("DONE", dict(service.done) if told["what"] == "notify" else service.read, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(json.loads(sys.argv[1])))
