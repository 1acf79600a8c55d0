"""What follows from one record of `estudiante-eventos`, and what is said about where it came from.

Nothing here talks to Kafka: a key and a value come in, an event, or Poison, comes out.
"""

from __future__ import annotations

import orjson
from confluent_kafka import Message

from helpers.pipeline.batch import Dead
from helpers.pipeline.dead_letters import headers
from helpers.pipeline.events import STUDENT_EVENTS, Event, notification_from
from helpers.pipeline.layout import is_hour
from helpers.pipeline.process import MAX_BYTES, Poison
from helpers.pipeline.validation import Invalid, Validator

_VALIDATOR = Validator(STUDENT_EVENTS)


_MARK = b"calificacion"


def notification_of(key: bytes | None, raw: bytes | None) -> Event | None:
    """What follows from one record of `estudiante-eventos`; None unless it is a calificacion.

    The same record always gives the same event. Raises Poison for a mark that cannot be used:
    too-large, not-json, schema, bad-key, bad-time, unknown-course. Other records are not derive's
    business, spoilt or not: the sink keeps those. What cannot be read counts as a mark when the
    word occurs in it.
    """
    if not raw or (_MARK not in raw and b"\\u" not in raw):  # the word may be written in escapes
        return None
    if len(raw) > MAX_BYTES:
        raise Poison("too-large", f"{len(raw)} bytes, {MAX_BYTES} are the limit")
    try:
        event, raw = _VALIDATOR.decode(raw)
    except Invalid as error:
        if _MARK not in raw:
            return None
        raise Poison(error.cause, error.detail) from None
    if type(event).__name__ != "calificacion":
        return None
    if key != event.student_id.encode():
        raise Poison("bad-key", f"the key is {key!r:.60}, not {event.student_id!r}")
    if not is_hour(event.timestamp[:13]):
        raise Poison("bad-time", f"{event.timestamp} is in no calendar")
    try:
        return notification_from(Event(STUDENT_EVENTS, event.student_id, orjson.loads(raw), 0))
    except KeyError:
        raise Poison("unknown-course", f"{event.course} is not in the catalogue") from None


def dead_letter(message: Message, poison: Poison, group: str) -> tuple[Dead, list]:
    """A record for the dead letters, and its headers: what `dead_letters` says, and `dlq.group`."""
    letter = Dead(
        offset=message.offset(),
        timestamp_ms=message.timestamp()[1],
        key=message.key(),
        value=message.value(),
        headers=[("dlq.group", group.encode()), *(message.headers() or [])],
        cause=poison.cause,
        detail=poison.detail,
    )
    return letter, headers(letter, message.topic(), message.partition())


def source_headers(message: Message) -> list[tuple[str, bytes]]:
    """The headers of a notification: where its calificacion is."""
    place = {"topic": message.topic(), "partition": message.partition(), "offset": message.offset()}
    return [(f"source.{name}", str(value).encode()) for name, value in place.items()]
