"""The events of the student system, generated from a seed.

    from itertools import islice
    for event in islice(generate(seed=7), 1000):
        producer.produce(lab.name(event.topic), key=event.key_bytes, value=event.value_bytes)

A `login` opens a session; in it a student hands in work (`tarea`), gets marks (`calificacion`) and
now and then meets an `error`; a `logout` closes it. One session in eight is never closed: the
browser was shut. The campus clock is UTC. The same arguments give the same bytes on every Python
version and platform; `campus.Dice` says how, `simulation` what happens when.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from zlib import crc32

from helpers.pipeline.campus import COURSES, PROGRAMMES, Student, students
from helpers.pipeline.simulation import MINUTE, Simulation, login_fields

__all__ = ["START", "Event", "Student", "generate", "login_of", "notification_from", "students"]

STUDENT_EVENTS, SYSTEM_LOGS, NOTIFICATIONS = "estudiante-eventos", "sistema-logs", "notificaciones"
START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)  # a Monday in term, as the first lecture begins

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_HAND_MADE = 2**26 - 1  # stands where generated events have their seed
_to_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


@dataclass(frozen=True, slots=True)
class Event:
    """One record to be: where it goes, its key, its value, and when it happened (ms since 1970)."""

    topic: str  # without a prefix
    key: str
    value: dict[str, Any]
    timestamp_ms: int

    @property
    def key_bytes(self) -> bytes:
        """The key in UTF-8."""
        return self.key.encode()

    @property
    def value_bytes(self) -> bytes:
        """The value as compact JSON in UTF-8, its fields always in the same order."""
        return _to_json(self.value).encode()


def generate(seed: int = 7, *, start: datetime = START, students: int = 200) -> Iterator[Event]:
    """Events without end, in the order in which they happened, from `start` (whole minutes) on.

    200 students make about 4,000 events on a weekday; the number grows with `students`. `error`
    goes to `sistema-logs` keyed by its service, all else to `estudiante-eventos` keyed by student.
    Raises ValueError for a negative seed, a `start` without time zone, or a bad `students`.
    """
    happenings = Simulation(seed, students, _milliseconds(start)).run()
    return (
        _event(at, seed, number, kind, fields)
        for number, (at, kind, fields) in enumerate(happenings, start=1)
    )


def notification_from(event: Event) -> Event:
    """The record in `notificaciones` that follows from a `calificacion`.

    The same mark always gives the same notification with the same `event_id`, so a processor that
    crashes and does its work again makes a duplicate that can be recognised. A failed mark also
    goes out as SMS. Raises ValueError for any other type of event.
    """
    mark = event.value
    if mark["type"] != "calificacion":
        raise ValueError(f"a notification is made from a calificacion, not from {mark['type']!r}")
    passed = mark["grade"] >= 5
    grade = f"{mark['grade']:.1f}".replace(".", ",")
    course = COURSES[mark["course"]].name
    value = {
        "event_id": mark["event_id"][:14] + "8" + mark["event_id"][15:],  # UUID version 7 → 8
        "type": "notificacion",
        "timestamp": mark["timestamp"],
        "student_id": mark["student_id"],
        "source_event_id": mark["event_id"],
        "course": mark["course"],
        "channels": ["email"] if passed else ["email", "sms"],
        "subject": f"Nueva calificación en {course}",
        "message": f"{mark['title']}: {grade} ({'aprobado' if passed else 'suspenso'})",
    }
    return Event(NOTIFICATIONS, mark["student_id"], value, event.timestamp_ms)


def login_of(
    name: str,
    *,
    timestamp: datetime,
    student_id: str | None = None,
    programme: str = PROGRAMMES[0],
    device: str = "web",
) -> Event:
    """One `login` made by hand. The same arguments give the same event.

    Without a `student_id` one from E900000 to E999999 is derived from the name; the generator uses
    only smaller ones. Raises ValueError for an empty name or a `timestamp` without time zone.
    """
    if not name.strip():
        raise ValueError("name is empty; write the name that the login should carry")
    at = _milliseconds(timestamp)
    student_id = student_id or f"E9{crc32(name.encode()) % 100_000:05d}"
    student = Student(student_id, name, programme, year=1, email="", phone="")
    fields = login_fields(student, at, device, "192.0.2.1")
    return _event(at, _HAND_MADE, crc32(student_id.encode()), "login", fields)


def _event(at: int, seed: int, number: int, kind: str, fields: dict[str, Any]) -> Event:
    value = {"event_id": _event_id(at, seed, number), "type": kind, "timestamp": _iso(at), **fields}
    if kind == "tarea":
        value["due"] = _iso(fields["due"])
    if kind == "error":
        return Event(SYSTEM_LOGS, fields["service"], value, at)
    return Event(STUDENT_EVENTS, fields["student_id"], value, at)


def _event_id(at: int, seed: int, number: int) -> str:
    """A UUID of version 7 (RFC 9562): 48 bits of time; where others put random bits, the seed and
    the running number, so that it repeats and is still unique."""
    group_3, group_4 = 0x7000 | seed & 0xFFF, 0x8000 | seed >> 12 & 0x3FFF
    return f"{at >> 16:08x}-{at & 0xFFFF:04x}-{group_3:04x}-{group_4:04x}-{number:012x}"


def _iso(at: int) -> str:
    """2026-03-02T08:00:30.333Z"""
    minute, rest = divmod(at, MINUTE)
    return f"{_iso_minute(minute)}{rest // 1000:02d}.{rest % 1000:03d}Z"


@lru_cache(maxsize=1024)  # many events share a minute
def _iso_minute(minute: int) -> str:
    return (_EPOCH + timedelta(minutes=minute)).isoformat()[:17]


def _milliseconds(moment: datetime) -> int:
    if moment.tzinfo is None:
        raise ValueError(f"{moment} has no time zone; write datetime(..., tzinfo=UTC)")
    return (moment - _EPOCH) // timedelta(milliseconds=1)
