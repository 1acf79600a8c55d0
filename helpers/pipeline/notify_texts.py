"""What a person is told: subject, e-mail, SMS, and the attributes that filter policies look at.

From a `notificacion` (a mark) or an `error`, both as dicts that their schemas have accepted. The
same record always gives the same notice.

- A subject is ASCII, without line ends, shorter than 100 characters. AWS's pages disagree about
  letters beyond ASCII (older ones refuse them); an accent less is better than a mail that is
  refused. The e-mail itself has its accents.
- An SMS has one part if all its characters are in the GSM alphabet, which has é, ñ, ü but neither
  á nor ó; with one that is not in it the limit falls from 160 to 70 (Amazon SNS API Reference,
  Publish). So those lose their accents, and the rest is cut.
"""

from __future__ import annotations

import unicodedata
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from helpers.pipeline.campus import COURSES

SUBJECT = 99  # characters: "less than 100"
SMS = 140  # characters; Publish's documentation names 140 and 160, the lower one holds always
LEVELS = ("WARN", "ERROR", "CRITICAL")  # of an error, mildest first
# GSM 03.38's alphabet without its Greek letters and without what takes two places.
GSM = frozenset(
    "@£$¥èéùìòÇ\nØøÅå_ÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)


@dataclass(frozen=True, slots=True)
class Notice:
    """One notification. `event_id` is that of what happened, by which it is claimed."""

    event_id: str
    type: str  # of the event it tells of: calificacion or error
    date: str  # on which that happened, UTC: "2026-03-02"
    source: str  # whom repeats are counted by: the student, or the service
    at_ms: int  # when it happened, since 1970
    subject: str
    body: str
    sms: str
    attributes: dict[str, str | tuple[str, ...]]  # texts, and lists of texts

    def to_dict(self) -> dict[str, Any]:
        """As it is written into the history."""
        return asdict(self)

    @classmethod
    def from_dict(cls, fields: dict[str, Any]) -> Notice:
        """Back from the history."""
        told = {name: fields[name] for name in cls.__dataclass_fields__}
        lists = {name: tuple(v) for name, v in told["attributes"].items() if isinstance(v, list)}
        return cls(**{**told, "attributes": {**told["attributes"], **lists}})


def of_mark(notification: dict[str, Any]) -> Notice:
    """The notice that a `notificacion` asks for. Raises ValueError for a day in no calendar."""
    at = _moment(notification["timestamp"])
    known = COURSES.get(notification["course"])
    course = known.name if known else notification["course"]
    return _notice(
        notification["source_event_id"],
        "calificacion",
        at,
        source=notification["student_id"],
        subject=notification["subject"],
        body=f"{notification['message']}\n\nAsignatura: {course}\n"
        f"Estudiante: {notification['student_id']}\nHora: {at:%d/%m/%Y %H:%M} UTC\n"
        f"Referencia: {notification['source_event_id']}",
        sms=f"{course}. {notification['message']}",
        attributes={
            "type": "calificacion",
            "severity": "INFO",
            "channels": tuple(notification["channels"]),
            "course": notification["course"],
            "student_id": notification["student_id"],
        },
    )


def of_error(error: dict[str, Any], more: int = 0) -> Notice:
    """The notice about an `error`; `more` were held back since the last one about its service.

    Raises ValueError for a day in no calendar.
    """
    at = _moment(error["timestamp"])
    held = f"\n\nDesde el aviso anterior, sin enviar: {more}" if more else ""
    return _notice(
        error["event_id"],
        "error",
        at,
        source=error["service"],
        subject=f"{error['level']} en {error['service']} ({error['code']})",
        body=f"{error['message']}\n\nServicio: {error['service']}\nGravedad: {error['level']}\n"
        f"Código: {error['code']}\nHora: {at:%d/%m/%Y %H:%M:%S} UTC\n"
        f"Referencia: {error['event_id']}{held}",
        sms=f"{error['level']} {error['service']} {error['code']}: {error['message']}",
        attributes={
            "type": "error",
            "severity": error["level"],
            "channels": ("email", "sms") if error["level"] == "CRITICAL" else ("email",),
            "service": error["service"],
        },
    )


def _notice(event_id, kind, at, *, source, subject, body, sms, attributes) -> Notice:
    return Notice(
        event_id=event_id,
        type=kind,
        date=f"{at:%Y-%m-%d}",
        source=source,
        at_ms=round(at.timestamp() * 1000),
        subject=_cut(_only(_ASCII, _plain(subject)), SUBJECT),
        body="\n".join(map(_plain, body.split("\n"))),
        sms=_cut(_only(GSM, _plain(sms)), SMS),
        attributes={**attributes, "event_id": event_id},
    )


_ASCII = frozenset(map(chr, range(32, 127)))


def _moment(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)


def _plain(text: str) -> str:
    """One line without control characters, composed (NFC)."""
    text = unicodedata.normalize("NFC", text)
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _only(alphabet: frozenset[str], text: str) -> str:
    """What is not in the alphabet loses its accent, or becomes a question mark."""
    return "".join(c if c in alphabet else _base(c, alphabet) for c in text)


def _base(character: str, alphabet: frozenset[str]) -> str:
    plain = unicodedata.normalize("NFKD", character)[0]
    return plain if plain in alphabet else "?"


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: length - 3]}..."
