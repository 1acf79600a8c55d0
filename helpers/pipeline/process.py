"""What happens to one record on its way: validated, filtered, transformed, enriched.

`Processor` knows neither Kafka nor S3: it is given a key and a value and says what becomes of them.
The event's own bytes are kept as they are; what is added is put before their last brace, from
pieces of JSON made beforehand, which is why it is quick.

Added are `student_name`, `student_programme` and `student_year` from the roster (null when it does
not know the student); to events with a course `course_name` from the catalogue (likewise); to a
`calificacion` what its grade means, `passed`; and `kafka_partition`, `kafka_offset` and
`kafka_timestamp` (ms), so that each line can be traced back to its record.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from helpers.pipeline.campus import COURSES
from helpers.pipeline.columns import column
from helpers.pipeline.filters import Drop, compiled
from helpers.pipeline.layout import is_hour
from helpers.pipeline.roster import UNKNOWN
from helpers.pipeline.validation import Invalid, Validator

MAX_BYTES = 256 * 1024  # of a value; the events have 270 bytes
KEY_FIELD = {"sistema-logs": "service"}  # all other topics are keyed by student
HOURS = 10_000  # judged hours remembered
PASS = 5

# Pieces of a line: what is added for a course, and for a mark.
NAMED = {c: b',"course_name":' + orjson.dumps(course.name) for c, course in COURSES.items()}
UNNAMED = b',"course_name":null'
JUDGED = (b',"passed":false', b',"passed":true')


class Poison(Exception):
    """A record for the dead letters.

    `cause` is one of empty, too-large, not-json, schema, bad-key, bad-time.
    """

    def __init__(self, cause: str, detail: str):
        super().__init__(f"{cause}: {detail}")
        self.cause, self.detail = cause, detail


class Dropped(Exception):
    """A valid record that a filter leaves out; `why` is the filter's reason."""

    def __init__(self, why: str):
        super().__init__(why)
        self.why = why


@dataclass(slots=True)
class Many:
    """What became of records in a row: of each its hour and the pieces of its line."""

    hours: list[str | None]  # None: dropped
    bodies: list[bytes]  # the event, without its braces
    abouts: list[bytes]
    extras: list[bytes]
    dropped: dict[int, str]  # position → why


class Processor:
    """Processes the values of a topic, by the name of its schema ("estudiante-eventos").

    `roster` maps a student to the piece of JSON to add, see `roster.Roster`.
    """

    def __init__(
        self,
        schema: str,
        drops: list[Drop] | None = None,
        roster: Mapping[str, bytes] | None = None,
        max_bytes: int = MAX_BYTES,
    ):
        self.validator = Validator(schema)
        self._roster = {} if roster is None else roster
        self._max = max_bytes
        self._hours: set[str] = set()
        self._owners = column(KEY_FIELD.get(schema, "student_id"))
        self._students = column("student_id")
        self._starts = column("timestamp[:13]")
        self._steps = {  # by the event's class: the filter, what is added
            self.validator.classes[kind]: (compiled(drops or [], kind, has), _extras(kind, has))
            for kind, has in self.validator.fields.items()
        }

    def process(self, key: bytes | None, raw: bytes | None) -> tuple[str, bytes, bytes, bytes]:
        """The hour it belongs to ("2026-03-02T08") and three pieces of its line, to be joined.

        What is missing yet are the braces around them and where it came from; the sink adds both.
        Raises Poison or Dropped.
        """
        if not raw or len(raw) > self._max:
            if not raw:
                raise Poison("empty", "the record has no value")
            raise Poison("too-large", f"{len(raw)} bytes, {self._max} are the limit")
        try:
            event, raw = self.validator.decode(raw)
        except Invalid as error:
            raise Poison(error.cause, error.detail) from None
        one = [event]
        owner = self._owners(one)[0]
        if key != owner.encode():
            raise Poison("bad-key", f"the key is {key!r:.60}, not {owner!r}")
        hour = self._starts(one)[0]
        if not self._known(hour):
            raise Poison("bad-time", f"{hour} is in no calendar")
        reasons, extras = self._steps[type(event)]
        if reasons is not None and (why := reasons(one)):
            raise Dropped(why[0])
        about = self._roster.get(event.student_id, UNKNOWN)
        return hour, raw.lstrip()[1:-1], about, extras(one)[0] if extras else b""

    def process_all(self, keys: list[bytes | None], raws: list[bytes | None]) -> Many | None:
        """The same for records in a row, in a third of the time; None when one is not as usual.

        Then each has to be processed alone.
        """
        if None in raws or None in keys or not raws or max(map(len, raws)) > self._max:
            return None
        decoded = self.validator.decode_all(raws)
        if decoded is None:
            return None
        events, bodies, groups = decoded
        owners = "\n".join(self._owners(events)).encode()
        if b"\n".join(keys) != owners or owners.count(b"\n") != len(keys) - 1:
            return None
        hours = self._starts(events)
        if not all(map(self._known, set(hours))):
            return None
        abouts = [self._roster.get(student, UNKNOWN) for student in self._students(events)]
        many = Many(hours, bodies, abouts, [b""] * len(events), {})
        for kind, (where, some) in groups.items():
            self._refine(many, kind, where, some)
        return many

    def _refine(self, many: Many, kind: type, where: list[int], events: list[Any]) -> None:
        """Filters and extras of the events of one class, which stand at `where`."""
        reasons, extras = self._steps[kind]
        if reasons is not None:
            for at, why in reasons(events).items():
                many.hours[where[at]], many.dropped[where[at]] = None, why
        if extras is not None:
            for at, extra in zip(where, extras(events), strict=True):
                many.extras[at] = extra

    def _known(self, hour: str) -> bool:
        """Whether it is in the calendar; asked once for each."""
        if hour not in self._hours:
            if not is_hour(hour):
                return False
            if len(self._hours) >= HOURS:
                self._hours.clear()
            self._hours.add(hour)
        return True


def _extras(kind: str, fields: tuple[str, ...]) -> Callable[[list[Any]], list[bytes]] | None:
    """What events of a type get beyond the roster."""
    if kind == "calificacion":
        return lambda events: [
            NAMED.get(event.course, UNNAMED) + JUDGED[event.grade >= PASS] for event in events
        ]
    if "course" in fields:
        return lambda events: [NAMED.get(event.course, UNNAMED) for event in events]
    return None
