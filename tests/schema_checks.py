"""What the tests of the schemas share: validators, sample events, and odd values."""

import io
from functools import cache
from itertools import islice

import fastavro
import fastjsonschema
import jsonschema
from fastavro.validation import ValidationError, validate

from helpers.pipeline.events import generate, notification_from
from helpers.pipeline.schemas import EVENT_TYPES, TOPICS, avro_schema, json_schema, to_avro

JSON_ERRORS = (fastjsonschema.JsonSchemaException, jsonschema.ValidationError)
TOPIC_OF = {kind: topic for topic, kinds in TOPICS.items() for kind in kinds}


def with_notifications(events):
    """The events and what the processor makes of them: all that the three topics hold."""
    for event in events:
        yield event
        if event.value["type"] == "calificacion":
            yield notification_from(event)


@cache
def sample() -> list:
    return list(islice(with_notifications(generate(7)), 2_000))


@cache
def examples() -> dict[str, dict]:
    """One value of each type, the `error` with a student."""
    found = {event.value["type"]: event.value for event in sample() if event.value["student_id"]}
    return {event_type: found[event_type] for event_type in EVENT_TYPES}


@cache
def avro(name: str):
    return fastavro.parse_schema(avro_schema(name))


@cache
def fast(name: str):
    """A function that raises unless its argument fits: fastjsonschema, compiled."""
    return fastjsonschema.compile(json_schema(name))


@cache
def reference(name: str):
    """The same by jsonschema, the reference library."""
    return jsonschema.Draft202012Validator(json_schema(name)).validate


def check_avro(name: str, value) -> None:
    """Raises unless the value fits: `validate` lets fields too many pass, the writer does not."""
    datum = to_avro(value)
    validate(datum, avro(name), strict=True)
    fastavro.schemaless_writer(io.BytesIO(), avro(name), datum, strict=True)


def fits_avro(name: str, value) -> bool:
    try:
        check_avro(name, value)
    except (ValidationError, ValueError):
        return False
    return True


def fits_json(check, value) -> bool:
    try:
        check(value)
    except JSON_ERRORS:
        return False
    return True


# What only JSON Schema can say: patterns, lengths, ranges. (field, value), for events that have it.
HOSTILE = [
    *(("event_id", bad) for bad in ("", "x" * 36, "019CAD90-227D-7007-8000-000000000001")),
    ("event_id", "019cad90-227d-4007-8000-000000000001"),
    ("event_id", "019cad90-227d-7007-8000-000000000001\n"),
    *(("student_id", bad) for bad in ("", "E1", "e100042", "E1000420", "E10004\n", "E10００42")),
    ("student_id", "E100042'; DROP TABLE estudiantes; --"),
    *(("session_id", bad) for bad in ("", "E100042", "E100042-69A543A7", "E100042-69a543a7\n")),
    *(("timestamp", f"2026-{rest}") for rest in ("13-01T00:00:00.000Z", "00-01T00:00:00.000Z")),
    *(("timestamp", f"2026-03-{rest}") for rest in ("32T00:00:00.000Z", "02T24:00:00.000Z")),
    ("timestamp", "2026-03-02T08:00:00.000z"),
    ("timestamp", "2026-03-02T08:00:00.00Z\n"),
    ("timestamp", "٢٠٢٦-03-02T08:00:00.000Z"),
    *(("due", bad) for bad in ("2026-03-02T23:60:00.000Z", "2026-03-02 23:59:59.999Z")),
    *(("name", bad) for bad in ("", " ", "\t\n", "x" * 101)),
    *(("programme", bad) for bad in ("", "x" * 61)),
    *(("ip", bad) for bad in ("", "localhost", "256.0.0.1", "1.2.3", "1.2.3.4.5", "::1")),
    *(("ip", bad) for bad in ("01.2.3.4", "192.0.2.1\n", "192.0.2.1/24", "１.2.3.4")),
    *(("course", bad) for bad in ("", "Redes", "redes\n", "álgebra", "a b", "x" * 41, "../x")),
    *(("task_id", bad) for bad in ("", "redes-p01\n", "REDES-P01", "redes/p01", "x" * 49)),
    *(("title", bad) for bad in ("", "   ", "x" * 81)),
    *(("attempt", bad) for bad in (0, -1, 2**31)),
    *(("size_bytes", bad) for bad in (-1, 2**53)),
    *(("duration_s", bad) for bad in (-1, 2**31)),
    *(("grade", bad) for bad in (-0.1, 10.1, 1e9, float("inf"))),
    *(("service", bad) for bad in ("", "Portal Web", "portal-web\n", "x" * 41)),
    *(("code", bad) for bad in (0, 200, 399, 600, -500)),
    *(("latency_ms", bad) for bad in (-1, 2**31)),
    *(("message", bad) for bad in ("", "\u2003", "x" * 201)),
    *(("subject", bad) for bad in ("", "x" * 101)),
    *(("channels", bad) for bad in ([], ["email", "email"], ["sms", "email", "sms"])),
    *(("source_event_id", bad) for bad in ("", "019cad90-227d-7007-c000-000000000001")),
]
# Unusual, and right.
FRIENDLY = [
    ("name", "Ñ"),
    ("name", "x" * 100),
    ("name", "名" * 100),
    ("message", "línea 1\nlínea 2"),
    ("message", "\u0000 \ud7ff \U0001f393"),
    ("ip", "0.0.0.0"),
    ("ip", "255.255.255.255"),
    ("grade", 0),
    ("grade", 10),
    ("grade", 9.99),
    ("attempt", 2**31 - 1),
    ("size_bytes", 2**53 - 1),
    ("code", 599),
    ("timestamp", "0001-01-01T00:00:00.000Z"),
    ("timestamp", "9999-12-31T23:59:59.999Z"),
    ("channels", ["sms", "email"]),
]
