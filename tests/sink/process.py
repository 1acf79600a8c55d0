"""A sink in a process of its own, told by JSON: `python -m tests.sink.process JSON`."""

from __future__ import annotations

import faulthandler
import json
import logging
import signal
import sys

from helpers.errors import LabError
from helpers.local.guard import die_with_guard
from helpers.pipeline.filters import drop
from helpers.pipeline.sink_command import Limits, Settings, run


def main(told: dict) -> int:
    if sys.platform == "linux":
        die_with_guard()
    faulthandler.register(signal.SIGUSR1)  # where all threads are: for a test that waits in vain
    logging.basicConfig(level=logging.INFO, format="%(relativeCreated)d %(message)s")
    limits = Limits(**told["settings"].pop("limits", {}))
    drops = tuple(map(drop, told["settings"].pop("drops", ())))
    try:
        sink = run(Settings(**told["settings"], limits=limits, drops=drops), told["kafka"])
    except LabError as error:
        print(f"STOPPED {error}", flush=True)
        return 1
    print(f"DONE {sink.stored}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(json.loads(sys.argv[1])))
