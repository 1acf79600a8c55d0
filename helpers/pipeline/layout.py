"""How the lake names things: which object holds what can be told from its name alone.

    <prefix>topic=<topic>/date=2026-03-02/hour=08/<topic>+<partition>+<first>+<last>.jsonl.gz
    <prefix>_plans/<topic>/<partition>/<descending>-<first>.json

Date and hour are the event's own, in UTC, in the style of Hive (`name=value` folders), which
Athena, DuckDB, Spark and pandas read as columns. `first` and `last` are the batch: every record of
the partition from `first` to `last` that belongs to that hour is in this object, and in no other.
A name that begins with `_` is not data for any of these readers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

LAST_OFFSET = 2**63 - 1  # offsets are signed 64-bit numbers in Kafka
EXTENSIONS = {"json": "jsonl.gz", "parquet": "parquet"}


@dataclass(frozen=True, slots=True)
class Named:
    """What the name of a data object says."""

    topic: str
    hour: str  # "2026-03-02T08"
    partition: int
    first: int
    last: int
    extension: str


_OBJECT = re.compile(
    r"topic=(?P<topic>[^/]+)/date=(?P<date>\d{4}-\d\d-\d\d)/hour=(?P<hour>\d\d)/"
    r"(?P=topic)\+(?P<partition>\d+)\+(?P<first>\d+)\+(?P<last>\d+)\.(?P<extension>[a-z.]+)"
)


def object_key(
    prefix: str, topic: str, hour: str, partition: int, first: int, end: int, extension: str
) -> str:
    """The key of the object with a batch's records of one hour. The batch is [first, end)."""
    name = f"{topic}+{partition}+{first:012d}+{end - 1:012d}.{extension}"
    return f"{prefix}topic={topic}/date={hour[:10]}/hour={hour[11:13]}/{name}"


def parse_key(key: str) -> Named | None:
    """What a key says, whatever the prefix; None when it is not one of a data object."""
    if not (found := _OBJECT.search(key)) or found.end() != len(key):
        return None
    return Named(
        topic=found["topic"],
        hour=f"{found['date']}T{found['hour']}",
        partition=int(found["partition"]),
        first=int(found["first"]),
        last=int(found["last"]),
        extension=found["extension"],
    )


def plan_folder(prefix: str, topic: str, partition: int) -> str:
    """Where the plans of a partition are. See `ledger`."""
    return f"{prefix}_plans/{topic}/{partition}/"


def plan_key(prefix: str, topic: str, partition: int, first: int) -> str:
    """The key of the plan of the batch that begins at `first`.

    S3 lists keys in ascending order only. Counting down in front makes the newest plan the first of
    the listing, so that finding it takes one request however many there are.
    """
    descending = f"{LAST_OFFSET - first:019d}"
    return f"{plan_folder(prefix, topic, partition)}{descending}-{first}.json"


def receipt_key(prefix: str, topic: str, partition: int, first: int) -> str:
    """An empty object that says: the dead letters of the batch that begins at `first` are out."""
    return f"{prefix}_plans/{topic}/dead-letters/{partition}/{first}"


def probe_key(prefix: str, topic: str) -> str:
    """An empty object that shows whether the store honours conditional writes."""
    return f"{prefix}_plans/{topic}/conditional-writes"


def is_hour(hour: str) -> bool:
    """Whether an hour such as "2026-02-30T08" is in the calendar (that one is not)."""
    try:
        datetime.strptime(hour, "%Y-%m-%dT%H")
    except ValueError:
        return False
    return True
