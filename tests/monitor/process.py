"""A monitor in a process of its own, told by JSON: `python -m tests.monitor.process JSON`."""

from __future__ import annotations

import json
import logging
import sys

from helpers.errors import LabError
from helpers.local.guard import die_with_guard
from helpers.pipeline.monitor_command import Settings, run


def main(told: dict) -> int:
    if sys.platform == "linux":
        die_with_guard()
    logging.basicConfig(level=logging.INFO, format="%(relativeCreated)d %(message)s")
    try:
        monitor = run(Settings(**told["settings"]), told["kafka"])
    except LabError as error:
        print(f"STOPPED {error}", flush=True)
        return 1
    print(f"DONE {monitor.counted}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(json.loads(sys.argv[1])))
