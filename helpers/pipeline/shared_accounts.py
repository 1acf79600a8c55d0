"""The capstone's scenario: two logins of a student from two addresses, too soon for one person.

The rule, the events that are sent, and what must come out: the check and its tests share them.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import islice
from random import Random
from typing import Any

from helpers.pipeline.events import Event, generate

WINDOW_S = 30 * 60
EVENTS = 2_500
MADE = 12  # logins from elsewhere that are put in, besides what the campus does by itself
POISON = (b"not json", b"", b'{"type":"login"}', b"[]", b'{"type":"login","student_id":7}')


def stream(seed: int) -> list[tuple[bytes, bytes]]:
    """Keys and values of `estudiante-eventos` in the order of sending, poison among them."""
    dice, records = Random(seed), []
    for event in _events(seed):
        if dice.random() < 0.01:
            records.append((event.key_bytes, dice.choice(POISON)))
        records.append((event.key_bytes, event.value_bytes))
    return records


def expected_alerts(seed: int) -> dict[str, dict[str, Any]]:
    """alert_id → the alert, for what `stream(seed)` holds."""
    return {alert["alert_id"]: alert for alert in alerts(each.value for each in _events(seed))}


def alerts(events: Iterable[dict[str, Any]]) -> Iterable[dict[str, Any]]:
    """An alert for each login from another `ip` within WINDOW_S of the student's last login."""
    last: dict[str, tuple[datetime, str]] = {}
    for event in events:
        if event["type"] != "login":
            continue
        at, ip, student = (
            datetime.fromisoformat(event["timestamp"]),
            event["ip"],
            event["student_id"],
        )
        before, elsewhere = last.get(student, (at, ip))
        seconds = (at - before).total_seconds()
        if elsewhere != ip and seconds <= WINDOW_S:
            yield {
                "alert_id": event["event_id"],
                "student_id": student,
                "ips": [elsewhere, ip],
                "seconds": round(seconds),
            }
        last[student] = (at, ip)


def _events(seed: int) -> list[Event]:
    """What the campus does, without its errors, and logins from elsewhere put between."""
    dice = Random(seed)
    campus = (each for each in generate(seed) if each.topic == "estudiante-eventos")
    events = list(islice(campus, EVENTS))
    logins = [each for each in events if each.value["type"] == "login"]
    for number, login in enumerate(dice.sample(logins, MADE)):
        later = (3, 12, 29, 31, 90, 0.2)[number % 6]  # minutes; the window is 30
        events.append(_again(login, later, f"198.51.100.{number + 1}", number))
    return sorted(events, key=lambda each: each.timestamp_ms)


def _again(login: Event, minutes: float, ip: str, number: int) -> Event:
    """The same student once more, from `ip`."""
    at = login.timestamp_ms + int(minutes * 60_000)
    told = datetime.fromtimestamp(at / 1000, UTC)
    event_id = login.value["event_id"][:-4] + f"{number:04x}"
    session = f"{login.key}-{number:08x}"
    value = {**login.value, "event_id": event_id, "session_id": session, "ip": ip}
    value["timestamp"] = told.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return Event(login.topic, login.key, value, at)
