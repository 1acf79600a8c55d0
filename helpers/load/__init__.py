"""Load tests: records on a schedule, latencies from the time when they were due.

`open_loop` and `closed_loop` send and measure; `constant`, `step`, `spike` and `ramp` say when
records are due; `many` sends from several processes; `Reader` measures until a consumer has a
record; `report` writes it all down. `python -m helpers load` is the same as a command.
"""

from helpers.load.hdr import Histogram, histogram
from helpers.load.loops import closed_loop, open_loop
from helpers.load.processes import many
from helpers.load.reader import Reader
from helpers.load.report import report
from helpers.load.result import Result
from helpers.load.schedule import Schedule, constant, ramp, spike, step

__all__ = [
    "Histogram",
    "Reader",
    "Result",
    "Schedule",
    "closed_loop",
    "constant",
    "histogram",
    "many",
    "open_loop",
    "ramp",
    "report",
    "spike",
    "step",
]
