"""Make the event of a moment: its id, its topic, its key, and the check against its schema."""

from __future__ import annotations

import secrets
import time
from datetime import UTC, datetime
from functools import cache
from typing import Any

from helpers.pipeline.events import STUDENT_EVENTS, SYSTEM_LOGS, Event
from helpers.pipeline.validation import Validator


def now_ms() -> int:
    """Milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def iso(at: int) -> str:
    """2026-03-02T08:00:30.333Z, as the schemas want it; `at` in ms since 1970."""
    seconds, ms = divmod(at, 1000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{ms:03d}Z"


def made(kind: str, fields: dict[str, Any], now: int) -> Event:
    """The event of type `kind` that happens `now`. Raises Invalid when it fits no schema."""
    head = {"event_id": _uuid7(now), "type": kind, "timestamp": iso(now)}
    value = {**head, **fields}
    if "due" in fields:
        value["due"] = iso(fields["due"])
    topic, key = (SYSTEM_LOGS, "service") if kind == "error" else (STUDENT_EVENTS, "student_id")
    return checked(Event(topic, value[key], value, now))


def moved(event: Event, now: int) -> Event:
    """A generated event as if it happened `now`, with an id of its own."""
    value = {**event.value, "event_id": _uuid7(now), "timestamp": iso(now)}
    return checked(Event(event.topic, event.key, value, now))


def checked(event: Event) -> Event:
    """The event itself, or Invalid: nothing leaves the portal that its readers would refuse."""
    validator(event.topic).decode(event.value_bytes)
    return event


@cache
def validator(topic: str) -> Validator:
    """The topic's validator, the one that the sink uses. `topic` is without prefix."""
    return Validator(topic)


def _uuid7(at: int) -> str:
    """RFC 9562, version 7: 48 bits of time in ms, the rest random but for version and variant."""
    rest = secrets.randbits(74)
    a, b = 0x7000 | rest >> 62, 0x8000 | rest >> 48 & 0x3FFF
    return f"{at >> 16:08x}-{at & 0xFFFF:04x}-{a:04x}-{b:04x}-{rest & (1 << 48) - 1:012x}"
