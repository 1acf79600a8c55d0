"""Lines made at once, by compiled code, are the lines of the usual way, byte for byte."""

from __future__ import annotations

import functools
import itertools
import json
from random import Random

import orjson
import pytest

from helpers.pipeline.campus import students
from helpers.pipeline.filters import COMPARE, drop
from helpers.pipeline.lines import Lines
from helpers.pipeline.machine_terms import NUMERIC
from helpers.pipeline.process import Dropped, Poison, Processor
from helpers.pipeline.quick import Quick, Run
from helpers.pipeline.roster import piece
from helpers.pipeline.runs import Runs
from helpers.pipeline.schemas import TOPICS, json_schema
from helpers.pipeline.template import template
from tests.schema_checks import FRIENDLY, HOSTILE, examples
from tests.sink.support import MemoryStore, events
from tests.sink.test_many import DROPS, TOPIC, lane_on, outcome, the_log
from tests.sink.test_validation import WRONG

MOST = 4000
ROSTER = {s.student_id: piece(s.name, s.programme, s.year) for s in students(7, 150)}
KINDS = TOPICS[TOPIC]


@functools.cache
def both() -> tuple[Quick, Processor]:
    drops = list(map(drop, DROPS))
    return Quick(TOPIC, drops, ROSTER, MOST), Processor(TOPIC, drops, ROSTER, max_bytes=MOST)


@pytest.mark.parametrize("share", [0, 0.0005, 0.05])
def test_at_once_or_one_by_one(share):
    log, found = the_log(11, share), []
    limits = {"records": 777, "bytes": 150_000, "hours": 5}
    for size in (1, 300, 3000):
        quick, processor = both()
        bucket = MemoryStore()
        lane = lane_on(bucket, processor, **limits)
        runs = Runs({0: lane}, quick if size > 1 else None)
        parts = iter(log)
        while part := list(itertools.islice(parts, size)):
            runs.take(part)
        found.append(outcome(bucket, lane))
    assert len(found[0][0]) > 10
    assert found[0][2] > 500
    for other in found[1:]:
        assert other == found[0]


def test_usual_records_are_made_at_once():
    """Else the sink would be right and slow."""
    quick, _ = both()
    every = events(3000)
    runs = [Run(b"", 0, 1500), Run(b"", 0, 1500)]
    keys, values = [e.key_bytes for e in every], [e.value_bytes for e in every]
    assert None not in quick.lines(runs, keys, values, [0] * 3000)


def one_by_one(processor: Processor, pieces: Lines, at: int, key: bytes, value: bytes):
    """A record's line by its hour, and why it was dropped, if it was."""
    try:
        hour, body, about, extra = processor.process(key, value)
    except Dropped as dropped:
        return {}, {dropped.why: 1}
    except Poison as poison:
        return poison.cause, poison.detail
    return {hour: (pieces.one(body, about, extra, at, 5), 1)}, {}


def agree(pairs: list[tuple[bytes, bytes]]) -> int:
    """Where Quick has a line, so has the Processor, and the same. How many were quick."""
    quick, processor = both()
    pieces = Lines(3)
    runs = [Run(pieces.source, at, 1) for at in range(len(pairs))]
    done = quick.lines(runs, [k for k, _ in pairs], [v for _, v in pairs], [5] * len(pairs))
    for at, ((key, value), lines) in enumerate(zip(pairs, done, strict=True)):
        if lines is not None:
            found = {h: (bytes(b), n) for h, (b, n) in lines.hours.items()}
            assert (found, lines.dropped) == one_by_one(processor, pieces, at, key, value), value
    return sum(lines is not None for lines in done)


@pytest.mark.parametrize("kind", KINDS)
def test_every_field_with_every_odd_value(kind):
    usual, pairs = examples()[kind], []
    odd = [*WRONG, *(v for _, v in HOSTILE if v != float("inf")), *(v for _, v in FRIENDLY)]
    key = usual["student_id"].encode()
    for field, value in itertools.product(usual, odd):
        event = {**usual, field: value}
        raw = json.dumps(event, ensure_ascii=False, separators=(",", ":"))
        pairs.append((key, raw.encode("utf-8", "surrogatepass")))
    assert 3 < agree(pairs) < len(pairs) / 2


def changed(dice: Random, raw: bytes) -> bytes:
    """One byte more, less, or another one, mostly one that stands elsewhere in the text."""
    at, other = dice.randrange(len(raw)), bytes([dice.choice(raw)])
    if dice.random() < 0.2:
        other = bytes([dice.randrange(256)])
    return raw[:at] + dice.choice([b"", other, other + raw[at : at + 1]]) + raw[at + 1 :]


def test_texts_with_a_byte_changed():
    dice, every = Random(5), events(3000)
    pairs = [(e.key_bytes, changed(dice, e.value_bytes)) for e in every for _ in range(8)]
    assert len(pairs) / 20 < agree(pairs) < len(pairs) / 2  # many still are events


@pytest.mark.parametrize("kind", KINDS)
def test_every_byte_that_is_no_ascii_at_every_place(kind):
    usual = examples()[kind]
    raw, key = orjson.dumps(usual), usual["student_id"].encode()
    odd = (b"\x00", b"\x7f", b"\x80", b"\xc3", b"\xfe", b"\xff")
    pairs = [(key, raw[:at] + byte + raw[at + 1 :]) for at in range(len(raw)) for byte in odd]
    pairs += [(key, raw[:at]) for at in range(len(raw))]
    for byte in odd:  # key and student alike
        other = key[:1] + byte + key[2:]
        pairs.append((other, raw.replace(key, other)))
    assert agree(pairs) < len(pairs) / 10


def test_days_that_are_in_no_calendar_are_dead_even_if_a_filter_hits():
    pairs = []
    usual = examples()["login"] | {"device": "movil"}  # DROPS has "mobile"
    for day in (
        "2026-02-28",
        "2026-02-29",
        "2024-02-29",
        "1900-02-29",
        "2000-02-29",
        "2026-04-31",
        "2026-12-31",
        "0000-01-01",
        "0001-01-01",
        "2026-06-30",
        "2026-09-31",
        "2026-11-31",
    ):
        event = usual | {"timestamp": f"{day}T08:00:00.000Z"}
        pairs.append((usual["student_id"].encode(), orjson.dumps(event)))
    assert agree(pairs) == 6


def test_numbers_dates_and_lengths_at_their_limits():
    usual, pairs = examples(), []
    for kind, field, values in [
        ("logout", "duration_s", [0, 1, 59, 899, 900, 901, 10**8, 10**9, 2**31 - 1, 2**31, -0.0]),
        ("calificacion", "grade", [0, 4.99, 5, 5.0, 9.999999, 10, 10.0, 10.01, 11, 1e-7, 5e0]),
        ("tarea", "attempt", [0, 1, 9, 10, 999_999_999, 2**31]),
        (
            "tarea",
            "title",
            ["x" * n for n in (1, 79, 80, 81)] + ["ñ" * 40, "ñ" * 80, " x", "\u3000"],
        ),
        ("login", "name", ["x" * n for n in (1, 99, 100, 101)]),
        ("login", "ip", ["0.0.0.0", "255.255.255.255", "256.1.1.1", "01.1.1.1", "1.1.1"]),
    ]:
        event = usual[kind]
        key = event["student_id"].encode()
        pairs += [(key, orjson.dumps({**event, field: value})) for value in values]
    times = itertools.product((0, 1, 12, 13), (0, 1, 29, 30, 31, 32), (0, 23, 24), (0, 59, 60))
    for month, day, hour, minute in times:
        at = f"2026-{month:02}-{day:02}T{hour:02}:{minute:02}:{minute:02}.000Z"
        pairs.append((key, orjson.dumps({**usual["login"], "timestamp": at})))
    assert agree(pairs) > 20


def test_offsets_and_times_of_any_size():
    quick, processor = both()
    event = examples()["calificacion"]
    key, value = event["student_id"].encode(), orjson.dumps(event)
    numbers = [0, 9, 10, 10**18 - 1, 10**18, 2**62, 2**63 - 1]
    for offset, at in itertools.product(numbers, numbers):
        pieces = Lines(3)
        (lines,) = quick.lines([Run(pieces.source, offset, 1)], [key], [value], [at])
        hour, body, about, extra = processor.process(key, value)
        assert bytes(lines.hours[hour][0]) == pieces.one(body, about, extra, offset, at)
    assert quick.lines([Run(b"", 0, 1)], [key], [value], [-1]) == [None]
    with pytest.raises(ValueError, match="each record has"):
        quick.lines([Run(b"", 0, 2)], [key], [value], [0])


def test_comparisons_are_those_of_the_filters():
    assert set(NUMERIC) == set(COMPARE)


@pytest.mark.parametrize("kind", KINDS)
def test_events_of_the_course_have_a_template(kind):
    made = template(kind, json_schema(kind))
    assert set(made.places) == {"event_id", "type", "timestamp", "student_id", "session_id"}


@pytest.mark.parametrize(
    "rule",
    [
        {"type": "object"},
        {"type": "string", "minLength": 1, "maxLength": 9, "pattern": r"^\w+$"},
        {"type": "string", "pattern": "^[0-9]{3}$"},
        {"type": "string", "minLength": 3, "maxLength": 2000},
        {"type": "integer", "multipleOf": 2},
        {"type": "number", "minimum": -5},
        {"enum": ["a", 1]},
        {"anyOf": [{"type": "string"}]},
    ],
)
def test_what_is_not_understood_has_no_template(rule):
    schema = json_schema("login")
    rules = {**schema["properties"], "ip": rule}
    assert template("login", {**schema, "properties": rules}) is None
    assert template("login", {**schema, "additionalProperties": True}) is None
