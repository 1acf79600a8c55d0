"""Quick verdicts are the reference library's verdicts: on what is usual, odd, and hostile."""

from __future__ import annotations

import json
import re

import jsonschema
import pytest

from helpers.pipeline.campus import COURSES
from helpers.pipeline.filters import drop
from helpers.pipeline.process import Dropped, Poison, Processor
from helpers.pipeline.roster import piece
from helpers.pipeline.schemas import EVENT_TYPES
from helpers.pipeline.validation import Invalid, Validator
from tests.schema_checks import FRIENDLY, HOSTILE, TOPIC_OF, examples, reference, sample

WRONG = [None, 7, 7.5, -1, 2**63, 10**400, True, "", "x", [], {}, ["email"], [["email"]], "7", 7.0]
WRONG += [0, -0.0, 1e3, 0.5, 1e300, "\n", "ñ" * 300, "E100042\n", " E100042", [None], {"a": 1}]


def verdict(name: str, raw: bytes) -> bool:
    try:
        event, usual = Validator.decode(validators(name), raw)
    except Invalid:
        return False
    assert json.loads(usual) == json.loads(raw)
    assert b"\n" not in usual
    assert type(event).__name__ == json.loads(raw)["type"]
    return True


_made: dict[str, Validator] = {}


def validators(name: str) -> Validator:
    if name not in _made:
        _made[name] = Validator(name)
    return _made[name]


def refers(name: str, value) -> bool:
    try:
        reference(name)(value)
    except jsonschema.ValidationError:
        return False
    return True


def agree(name: str, raw: bytes) -> bool:
    mine = verdict(name, raw)
    assert mine is refers(name, json.loads(raw)), (name, raw)
    return mine


def dumps(value, **how) -> bytes:
    return json.dumps(value, **how).encode()


@pytest.mark.parametrize("kind", EVENT_TYPES)
def test_every_field_with_every_odd_value(kind):
    value, tried, good = examples()[kind], 0, 0
    odd = [*WRONG, *(v for _, v in HOSTILE if v != float("inf")), *(v for _, v in FRIENDLY)]
    for field in value:
        for other in odd:
            good += agree(TOPIC_OF[kind], dumps({**value, field: other}))
            tried += 1
        less = {k: v for k, v in value.items() if k != field}
        assert not agree(TOPIC_OF[kind], dumps(less))
    assert not agree(TOPIC_OF[kind], dumps({**value, "extra": 1}))
    assert tried > 800
    assert good > 5


def test_ways_to_write_the_same():
    """Order, spaces, escapes, numbers, fields twice: the text differs, the verdict does not."""
    for kind, value in examples().items():
        topic = TOPIC_OF[kind]
        plain = dumps(value, separators=(",", ":"))
        assert agree(topic, plain)
        assert agree(topic, dumps(value, indent=1))
        assert agree(topic, dumps(dict(reversed(value.items()))))
        assert agree(topic, plain + b" \r\n")
        for field in value:
            twice = plain[:-1] + f',"{field}":{json.dumps(value[field])}}}'.encode()
            assert agree(topic, twice)
            for bad in (b"null", b'"x"', b"1", b"[]"):
                agree(topic, plain[:-1] + b',"%s":%s}' % (field.encode(), bad))
                agree(topic, b'{"%s":%s,' % (field.encode(), bad) + plain[1:])
        for text in (b"1.0", b"1e0", b"10E-1", b"-0", b"1.5", b"1e2", b"2147483648", b"0.1e1"):
            changed, n = re.subn(
                rb'("(?:attempt|code|duration_s|size_bytes)":)\d+', rb"\g<1>" + text, plain
            )
            if n:
                agree(topic, changed)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b" ",
        b"\x00",
        b"null",
        b"[]",
        b'"login"',
        b"{}",
        b'{"type":"login"}',
        b'{"type":"desconocido"}',
        b'{"type":["login"]}',
        b'{"type":{}}',
        b"{" * 5000,
        b"[" * 200_000,
        b'{"a":' * 3000 + b"1" + b"}" * 3000,
        b"\xff\xfe{}",
        b"\xef\xbb\xbf{}",
        b"NaN",
        b'{"type":"calificacion","grade":NaN}',
        b"{'type':'login'}",
    ],
    ids=lambda raw: repr(raw[:20]),
)
def test_what_is_no_event(raw):
    with pytest.raises(Invalid):
        validators("estudiante-eventos").decode(raw)


def test_texts_that_are_not_utf8():
    raw = dumps(examples()["tarea"], separators=(",", ":"))
    for inside in (b"\xff", b"\xed\xa0\x80", b"\\ud800", b"\x01", b"\xc0\xaf"):
        with pytest.raises(Invalid) as refused:
            validators("estudiante-eventos").decode(
                raw.replace(b'"title":"', b'"title":"' + inside)
            )
        assert refused.value.cause == "not-json"


def test_generated_events_go_the_quick_way(monkeypatch):
    monkeypatch.setattr(Validator, "_long_way", lambda self, raw: pytest.fail(f"slow: {raw}"))
    for event in (e for e in sample() if e.topic != "notificaciones"):
        got, raw = validators(event.topic).decode(event.value_bytes)
        assert raw is event.value_bytes or raw == event.value_bytes
        assert got.event_id == event.value["event_id"]


# -- process ------------------------------------------------------------------------------------


def line(processor: Processor, value: dict, key: str | None = None) -> dict:
    raw = dumps(value, ensure_ascii=False, separators=(",", ":"))
    owner = key if key is not None else value.get("student_id") or value["service"]
    hour, *pieces = processor.process(owner.encode(), raw)
    row = json.loads(b"{%b}" % b"".join(pieces))
    assert hour == value["timestamp"][:13]
    assert {field: row[field] for field in value} == value
    return {k: v for k, v in row.items() if k not in value}


def test_enriched_and_transformed():
    grade = {**examples()["calificacion"], "grade": 4.9}
    roster = {grade["student_id"]: piece('Ana "Ñ"', "Enfermería", 3)}
    processor = Processor("estudiante-eventos", roster=roster)
    course = COURSES[grade["course"]].name
    known = {"student_name": 'Ana "Ñ"', "student_programme": "Enfermería", "student_year": 3}
    assert line(processor, grade) == {**known, "course_name": course, "passed": False}
    assert line(processor, {**grade, "grade": 5})["passed"] is True
    assert line(processor, {**grade, "course": "latin"})["course_name"] is None
    unknown = line(processor, {**grade, "student_id": "E999999"})
    assert [unknown[name] for name in known] == [None] * 3
    errors = Processor("sistema-logs")
    assert line(errors, examples()["error"], examples()["error"]["service"])["student_year"] is None


@pytest.mark.parametrize(
    ("rule", "change", "dropped"),
    [
        ("type == logout # no", {"type": "logout"}, True),
        ("type in logout, tarea", {"type": "login"}, False),
        ("duration_s < 5 # by mistake", {"type": "logout", "duration_s": 4}, True),
        ("duration_s < 5 # by mistake", {"type": "logout", "duration_s": 5}, False),
        ("duration_s < 5", {"type": "login"}, False),
        ("device not in web, movil", {"type": "login", "device": "tablet"}, True),
        ("late == true", {"type": "tarea", "late": True}, True),
        ("grade >= x", {"type": "calificacion"}, False),
    ],
)
def test_filters(rule, change, dropped):
    value = {**examples()[change["type"]], **change}
    processor = Processor("estudiante-eventos", [drop(rule)])
    if not dropped:
        line(processor, value)
        return
    with pytest.raises(Dropped) as left_out:
        line(processor, value)
    assert left_out.value.why == (rule.split("# ")[1] if "#" in rule else rule)


@pytest.mark.parametrize("rule", ["", "duration_s", "a ~ b", "grade <", "; import os"])
def test_a_filter_that_is_none(rule):
    with pytest.raises(RuntimeError, match="is no filter; write it like"):
        drop(rule)


def test_causes():
    processor = Processor("estudiante-eventos", max_bytes=1000)
    value = examples()["login"]
    key, raw = value["student_id"].encode(), dumps(value)
    tried = {
        "empty": (key, None),
        "too-large": (key, raw[:-1] + b" " * 1000 + b"}"),
        "not-json": (key, raw[:-1]),
        "schema": (key, dumps({**value, "extra": 1})),
        "bad-key": (b"E000000", raw),
        "bad-time": (key, dumps({**value, "timestamp": "2026-02-30T08:00:00.000Z"})),
    }
    for cause, (key_, raw_) in tried.items():
        with pytest.raises(Poison) as poison:
            processor.process(key_, raw_)
        assert poison.value.cause == cause
    for other in (None, b"", b"\xff", key + b"\x00"):
        with pytest.raises(Poison, match="bad-key"):
            processor.process(other, raw)
