"""Lesson 15: a projection of one's own, to which a repeated event does no harm."""

from __future__ import annotations

import json
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path

from confluent_kafka import Message

from helpers.checks.topic import read
from helpers.exercises import Verdict, blank, exercise, right, wrong

AGAIN = 50  # records that come a second time, as after a restart
TABLES = """
create table passed (course text primary key, n integer);
create table seen (id text primary key);
"""
TASK = "define count_passed(database, record), which counts each passed mark once for its course"


@exercise("15.1")
def each_mark_once(count_passed, *, kafka: dict, topic: str) -> Verdict:
    """Give the learner's function the whole topic and some of it again; compare with the events."""
    if count_passed is None or count_passed is ...:
        return blank(TASK)
    if not isinstance(count_passed, Callable):
        return wrong(f"count_passed is a {type(count_passed).__name__}; define a function")
    records = read(kafka, topic)
    wanted = _passed(records)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "check.db")
        with closing(sqlite3.connect(path)) as database:
            database.executescript(TABLES)
            for record in [*records, *records[-AGAIN:]]:
                count_passed(database, record)
        with closing(sqlite3.connect(path)) as database:  # sees what was committed, only that
            found = Counter(dict(database.execute("select course, n from passed where n > 0")))
    return _judge(found, wanted, len(records) + AGAIN)


def _passed(records: Iterable[Message]) -> Counter[str]:
    """Course → passed marks, each event once, whatever number of records tell of it."""
    events = {event["event_id"]: event for event in (json.loads(r.value()) for r in records)}
    marks = [event for event in events.values() if event["type"] == "calificacion"]
    return Counter(mark["course"] for mark in marks if mark["grade"] >= 5)


def _judge(found: Counter[str], wanted: Counter[str], deliveries: int) -> Verdict:
    told = f"{deliveries} deliveries, {wanted.total()} passed marks in {len(wanted)} courses"
    if not found:
        return wrong("another connection sees an empty table: was the transaction committed?")
    if found == wanted:
        return right(f"{told}: each counted once")
    if found.total() > wanted.total():
        return wrong(
            f"{told}, and {found.total()} counted: what was delivered or published twice, "
            "counts twice; what names the event, and not its record?"
        )
    return wrong(f"{told}, and {found.total()} counted: look at grade >= 5, and at new courses")
