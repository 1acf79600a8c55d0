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
from operator import attrgetter
from typing import Any

import orjson

from helpers.pipeline.campus import COURSES
from helpers.pipeline.filters import Drop, compiled
from helpers.pipeline.layout import is_hour
from helpers.pipeline.roster import UNKNOWN
from helpers.pipeline.validation import Invalid, Validator

MAX_BYTES = 256 * 1024  # of a value; the events have 270 bytes
KEY_FIELD = {"sistema-logs": "service"}  # all other topics are keyed by student
HOURS = 10_000  # judged hours remembered
PASS = 5

_COURSE = {c: b',"course_name":' + orjson.dumps(course.name) for c, course in COURSES.items()}
_NO_COURSE = b',"course_name":null'


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
        self._decode = self.validator.decode
        self._roster = {} if roster is None else roster
        self._max = max_bytes
        self._hours: set[str] = set()
        owner = attrgetter(KEY_FIELD.get(schema, "student_id"))
        fields = self.validator.fields
        self._steps = {  # by the event's class: whose key it has, the filter, what is added
            self.validator.classes[kind]: (
                owner,
                compiled(drops or [], kind, has),
                _extra(kind, has),
            )
            for kind, has in fields.items()
        }

    def process(self, key: bytes | None, raw: bytes | None) -> tuple[str, bytes, bytes, bytes]:
        """The hour it belongs to ("2026-03-02T08") and three pieces of its line, to be joined.

        What is still missing is where it came from; the sink adds it. Raises Poison or Dropped.
        """
        if not raw or len(raw) > self._max:
            if not raw:
                raise Poison("empty", "the record has no value")
            raise Poison("too-large", f"{len(raw)} bytes, {self._max} are the limit")
        try:
            event, raw = self._decode(raw)
        except Invalid as error:
            raise Poison(error.cause, error.detail) from None
        owner, reason, extra = self._steps[type(event)]
        if key != owner(event).encode():
            raise Poison("bad-key", f"the key is {key!r:.60}, not {owner(event)!r}")
        hour = event.timestamp[:13]
        if hour not in self._hours:
            self._remember(hour)
        if reason is not None and (why := reason(event)) is not None:
            raise Dropped(why)
        about = self._roster.get(event.student_id, UNKNOWN)
        return hour, raw[:-1], about, extra(event) if extra else b""

    def _remember(self, hour: str) -> None:
        if not is_hour(hour):
            raise Poison("bad-time", f"{hour} is in no calendar")
        if len(self._hours) >= HOURS:
            self._hours.clear()
        self._hours.add(hour)


def _extra(kind: str, fields: tuple[str, ...]) -> Callable[[Any], bytes] | None:
    """What a type gets beyond the roster, as a function of the event."""
    if kind == "calificacion":
        return lambda e: (
            _COURSE.get(e.course, _NO_COURSE)
            + (b',"passed":true' if e.grade >= PASS else b',"passed":false')
        )
    if "course" in fields:
        return lambda e: _COURSE.get(e.course, _NO_COURSE)
    return None
