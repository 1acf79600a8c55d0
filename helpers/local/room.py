"""Is there room on this machine for what is about to start?"""

from __future__ import annotations

import psutil

from helpers.errors import LabError
from helpers.local.paths import home

BROKER_MB = 350  # what one broker may need before the machine starts to swap


def check(brokers: int) -> None:
    """Refuse to start what the machine cannot hold, before it swaps or fills its disk."""
    need, free = brokers * BROKER_MB, psutil.virtual_memory().available / 1e6
    if free < need:
        raise LabError(
            f"{brokers} broker(s) need {need} MB of memory, {free:.0f} MB are free; "
            "close other programs or other labs (python -m helpers down) and try again"
        )
    disk = psutil.disk_usage(str(home())).free / 1e6
    if disk < 300:
        raise LabError(
            f"the disk of {home()} has {disk:.0f} MB left, a lab wants 300; "
            "free some, or set AWS_CONFLUENT_HOME to another disk"
        )
