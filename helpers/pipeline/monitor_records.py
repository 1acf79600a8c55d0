"""What the monitor notes about a record: which metrics it counts in, and its line in the log.

Malformed is what the sink would put among the dead letters: empty, too large, no JSON, not of the
schema, under another key than its own. Dimensions have few values whatever is in the records:
topics and types from the schemas, severities from the schema of `error`, services from the
catalogue of the campus and `other` for all that is not in it. Students are never a dimension:
CloudWatch keeps, and bills, a metric for each set of dimensions.
"""

from __future__ import annotations

from collections import Counter
from operator import attrgetter
from typing import Any

from helpers.pipeline.campus import SERVICES
from helpers.pipeline.monitor_window import Series, Window, series
from helpers.pipeline.process import KEY_FIELD, MAX_BYTES
from helpers.pipeline.schemas import TOPICS, json_schema
from helpers.pipeline.validation import Invalid, Validator

SEVERITIES: tuple[str, ...] = tuple(json_schema("error")["properties"]["level"]["enum"])
OTHER = "other"
SHOWN = 200  # characters of a malformed value or of a key in a line


class TopicReader:
    """Notes the records of one topic. `name` is its full name, `schema` that without the prefix."""

    def __init__(self, name: str, schema: str, log_all: bool = False):
        self.name, self.log_all = name, log_all
        validator = Validator(schema)
        self._decode = validator.decode
        self._owner = attrgetter(KEY_FIELD.get(schema, "student_id"))
        self._kinds = {
            validator.classes[kind]: (kind, series("Processed", Topic=name, Type=kind))
            for kind in TOPICS[schema]
        }
        self._malformed = series("Malformed", Topic=name)
        self._latency = series("EndToEndLatency", Topic=name)
        self._services = set(SERVICES)

    def zeros(self) -> list[Series]:
        """What is reported even when there was nothing: 0 says that somebody looked."""
        every = [of for _, of in self._kinds.values()] + [self._malformed]
        if "error" in (kind for kind, _ in self._kinds.values()):
            every += [series("Errors", Severity=severity) for severity in SEVERITIES]
        return every

    def read(self, messages: list[Any], now_ms: int, window: Window) -> list[dict[str, Any]]:
        """Note messages of this topic, seen at `now_ms`, in a window. Returns lines for the log."""
        lines: list[dict[str, Any]] = []
        late: Counter[int] = Counter()
        counts, ends, name = window.counts, window.ends, self.name
        decode, owner, kinds, log_all = self._decode, self._owner, self._kinds, self.log_all
        for message in messages:
            raw = message.value()
            stamped, at = message.timestamp()
            if stamped:  # else the record has no time at all
                late[now_ms - at if now_ms > at else 0] += 1
            ends[name, message.partition()] = message.offset() + 1
            if not raw or len(raw) > MAX_BYTES:
                cause = "too-large" if raw else "empty"
                counts[self._malformed] += 1
                lines.append(_malformed_line(message, cause, f"{len(raw or b'')} bytes"))
                continue
            try:
                event, _ = decode(raw)
            except Invalid as invalid:
                counts[self._malformed] += 1
                lines.append(_malformed_line(message, invalid.cause, invalid.detail))
                continue
            if message.key() != owner(event).encode():
                counts[self._malformed] += 1
                lines.append(_malformed_line(message, "bad-key", f"not {owner(event)!r}"))
                continue
            kind, of = kinds[type(event)]
            counts[of] += 1
            if kind == "error":
                self._error(event, counts)
                lines.append(_error_line(message, event))
            elif log_all:
                lines.append(_line(message, "INFO", kind, type=kind, event_id=event.event_id))
        window.records += len(messages)
        if late:
            window.distribution(self._latency).update(late)
        return lines

    def _error(self, event: Any, counts: Counter[Series]) -> None:
        service = event.service if event.service in self._services else OTHER
        counts[series("Errors", Severity=event.level, Service=service)] += 1
        counts[series("Errors", Severity=event.level)] += 1


def _line(message: Any, level: str, words: str, **more: Any) -> dict[str, Any]:
    """A line about a record: where it is, then `more`."""
    key = message.key()
    return {
        "level": level,
        "message": words,
        "topic": message.topic(),
        "partition": message.partition(),
        "offset": message.offset(),
        "key": None if key is None else key[: 4 * SHOWN].decode(errors="replace")[:SHOWN],
        "record_timestamp": message.timestamp()[1],
        **more,
    }


def _error_line(message: Any, event: Any) -> dict[str, Any]:
    return _line(
        message,
        event.level,
        event.message,
        type="error",
        event_id=event.event_id,
        severity=event.level,
        service=event.service,
        code=event.code,
        latency_ms=event.latency_ms,
    )


def _malformed_line(message: Any, cause: str, detail: str) -> dict[str, Any]:
    value = (message.value() or b"")[: 4 * SHOWN].decode(errors="replace")[:SHOWN]
    words = f"malformed record: {cause}"
    return _line(message, "ERROR", words, cause=cause, detail=detail[:SHOWN], value=value)
