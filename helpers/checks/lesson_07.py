"""Lesson 07: a worker that loses nothing when it is killed; a key that recognises duplicates."""

from __future__ import annotations

import json
import signal
import sqlite3
from collections import Counter
from collections.abc import Callable
from typing import Any

from helpers import worker
from helpers.checks.topic import read
from helpers.errors import LabError
from helpers.exercises import Verdict, blank, exercise, right, wrong

SECONDS = 40
TASK_1 = "def my_worker(kafka, source, output, group, last, crash_at): ..."
TASK_2 = "def key_of(record): ... returns what tells one notification from another"


@exercise("07.1")
def nothing_lost(answer: Any, *, job: dict, sent: list[dict], crash_at: int) -> Verdict:
    """Run the learner's worker in a process, kill it at `crash_at`, restart it, read its output."""
    if answer is None or answer is ...:
        return blank(TASK_1)
    if not isinstance(answer, Callable):
        return wrong(f"my_worker is a {type(answer).__name__}; define a function of that name")
    try:
        first = worker.run(answer, seconds=SECONDS, crash_at=crash_at, **job)
        second = worker.run(answer, seconds=SECONDS, crash_at=None, **job)
    except LabError as error:
        return wrong(str(error))
    if first.status != -signal.SIGKILL:
        said = (first.errors.strip().splitlines() or ["it said nothing"])[-1]
        return wrong(f"it did not reach crash_at, it ended with status {first.status}: {said}")
    if second.status:
        said = (second.errors.strip().splitlines() or ["it said nothing"])[-1]
        return wrong(f"the restarted worker ended with status {second.status}: {said}")
    told = (json.loads(record.value()) for record in read(job["kafka"], job["output"]))
    found = Counter(notification["source_event_id"] for notification in told)
    lost = [entry["offset"] for entry in sent if not found[entry["event_id"]]]
    twice = found.total() - len(found)
    if lost:
        return wrong(
            f"{len(lost)} of {len(sent)} marks are lost, the first at offset {lost[0]}: their "
            "offsets were committed while the notifications were still in the producer's memory"
        )
    return right(f"killed at offset {crash_at}: 0 of {len(sent)} marks lost, {twice} duplicated")


@exercise("07.2")
def one_row_each(answer: Any, *, records: list) -> Verdict:
    """Fill a table keyed by the learner's function, some records twice; compare with the events."""
    if answer is None or answer is ...:
        return blank(TASK_2)
    if not isinstance(answer, Callable):
        return wrong(f"key_of is a {type(answer).__name__}; define a function of that name")
    database = sqlite3.connect(":memory:")
    database.execute("create table notification (key primary key, event_id text)")
    for record in [*records, *records[:10]]:
        key, event_id = answer(record), json.loads(record.value())["event_id"]
        if not isinstance(key, str | bytes | int):
            key = repr(key)
        database.execute("insert or ignore into notification values (?, ?)", (key, event_id))
    wanted = {json.loads(record.value())["event_id"] for record in records}
    stored = [event_id for (event_id,) in database.execute("select event_id from notification")]
    database.close()
    told = f"{len(records) + 10} deliveries of {len(wanted)} notifications, {len(stored)} rows"
    if missing := len(wanted - set(stored)):
        return wrong(f"{told}: {missing} are missing, for another one has the same key")
    if len(stored) > len(wanted):
        return wrong(f"{told}: some are there twice; their records differ in what you took as key")
    return right(f"{told}: one for each")
