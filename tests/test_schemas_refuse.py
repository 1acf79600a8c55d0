"""What does not fit is refused: by Avro and JSON Schema for every field, by both JSON libraries."""

import pytest

from helpers.pipeline.events import START, login_of
from helpers.pipeline.schemas import EVENT_TYPES, to_avro
from tests.schema_checks import (
    FRIENDLY,
    HOSTILE,
    TOPIC_OF,
    examples,
    fast,
    fits_avro,
    fits_json,
    reference,
)

# For each field of an event, values of the wrong kind. Both schemas must refuse all of them.
WRONG = {
    str: [None, 7, 7.5, True, [], {}, ["E100042"]],
    int: [None, "7", 7.5, True, [], {}, 2**63, "", "７"],
    float: [None, "7.5", True, [], {}, ""],
    bool: [None, 0, 1, "true", [], {}],
    list: [None, "email", 7, {}, [7], [None], ["paloma"], [["email"]]],
}
ENUMS = ("type", "device", "reason", "graded_by", "level")
NULLABLE = {("error", "student_id"), ("error", "session_id")}


def refuse(kind, changed):
    verdicts = {}
    for name in (kind, TOPIC_OF[kind]):
        verdicts[name, "avro"] = fits_avro(name, changed)
        verdicts[name, "json"] = fits_json(fast(name), changed)
        verdicts[name, "reference"] = fits_json(reference(name), changed)
    assert not any(verdicts.values()), (kind, changed, verdicts)


@pytest.mark.parametrize("kind", EVENT_TYPES)
def test_a_field_of_the_wrong_kind_is_refused(kind):
    value = examples()[kind]
    for field, good in value.items():
        for wrong in WRONG[type(good)]:
            if wrong is not None or (kind, field) not in NULLABLE:
                refuse(kind, {**value, field: wrong})
        if field in ENUMS:
            for wrong in ("", "LOGIN", f" {good}", f"{good}\n", "notificación"):
                refuse(kind, {**value, field: wrong})
        if field in ("timestamp", "due"):
            for wrong in ("", "ayer", "2026-03-02", "2026-03-02T08:00:00Z", good[:-1] + "+"):
                refuse(kind, {**value, field: wrong})


@pytest.mark.parametrize("kind", EVENT_TYPES)
def test_missing_renamed_and_extra_fields_are_refused(kind):
    value = examples()[kind]
    for field in value:
        refuse(kind, {k: v for k, v in value.items() if k != field})
        refuse(kind, {(k.upper() if k == field else k): v for k, v in value.items()})
    refuse(kind, {**value, "extra": 1})
    refuse(kind, {})


@pytest.mark.parametrize("kind", EVENT_TYPES)
def test_one_type_does_not_pass_for_another(kind):
    for other in set(EVENT_TYPES) - {kind}:
        assert not fits_avro(other, examples()[kind])
        assert not fits_json(fast(other), examples()[kind])
        refuse(kind, {**examples()[kind], "type": other})


@pytest.mark.parametrize(("corpus", "good"), [(HOSTILE, False), (FRIENDLY, True)])
def test_both_json_libraries_agree(corpus, good):
    tried = 0
    for field, odd in corpus:
        for kind in (kind for kind, value in examples().items() if field in value):
            tried += 1
            changed = {**examples()[kind], field: odd}
            for name in (kind, TOPIC_OF[kind]):
                assert fits_json(fast(name), changed) is good, ("fast", name, field, odd)
                assert fits_json(reference(name), changed) is good, ("reference", name, field, odd)
            if good:
                assert fits_avro(kind, changed), ("avro", kind, field, odd)
    assert tried >= len(corpus)


def test_a_student_is_nullable_in_an_error_alone():
    value = {**examples()["error"], "student_id": None, "session_id": None}
    assert fits_avro("error", value)
    assert fits_json(fast("error"), value)


def test_a_day_that_is_in_no_calendar_is_stopped_on_the_way_to_avro():
    with pytest.raises(ValueError, match="day"):
        to_avro({**examples()["login"], "timestamp": "2026-02-30T08:00:00.000Z"})
    with pytest.raises(ValueError, match=r"write it like 2026-03-02T08:00:30\.333Z"):
        to_avro({**examples()["login"], "timestamp": "2026-03-02T08:00:00.000"})


def test_logins_by_hand_fit():
    for name in ("Ada Lovelace", "Ñ", "李小龍", 'Robert"); DROP TABLE', "x" * 100):
        value = login_of(name, timestamp=START).value
        fast("login")(value)
        assert fits_avro("login", value)
