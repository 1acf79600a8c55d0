"""Requests and the events that follow from them, without Kafka."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from itertools import islice
from uuid import UUID

import pytest

from helpers.pipeline.campus import COURSES
from helpers.pipeline.events import generate, login_of
from helpers.web.bodies import PROBLEMS, REQUESTS
from helpers.web.making import moved, validator
from helpers.web.portal import KEPT, Portal, Refused
from helpers.web.terms import deadline, week_of_term

NOW = 1_795_530_000_123  # 2026-11-24T14:20:00.123Z


def ask(portal, kind, /, **fields):
    return portal.event(kind, json.dumps(fields).encode(), NOW)


def entered(portal, **fields) -> str:
    event = ask(portal, "login", **(fields or {"student_id": "E100003", "device": "web"}))
    portal.acknowledged(event)
    return event.value["session_id"]


def handed_in(portal) -> dict:
    session = entered(portal)
    task = ask(portal, "tarea", session_id=session, course="anatomia", kind="practica").value
    portal.read(task)
    return task


@pytest.fixture
def portal():
    return Portal()


def test_every_action_makes_a_valid_event_with_the_right_topic_and_key(portal):
    session = entered(portal)
    task = ask(portal, "tarea", session_id=session, course="anatomia", kind="cuestionario")
    portal.read(task.value)
    mark = ask(portal, "calificacion", task=task.value["event_id"], grade=7)
    end = ask(portal, "logout", session_id=session)
    for event in (task, mark, end):
        assert (event.topic, event.key) == ("estudiante-eventos", "E100003")
        assert event.value["session_id"] == session
    assert (mark.value["grade"], mark.value["graded_by"]) == (7.0, "docente")
    assert mark.value["task_id"] == task.value["task_id"] == "anatomia-c13"
    for fault, (service, level, code, message) in PROBLEMS.items():
        event = ask(portal, "error", fault=fault)
        assert (event.topic, event.key) == ("sistema-logs", service)
        assert [event.value[f] for f in ("level", "code", "message")] == [level, code, message]
        assert event.value["student_id"] is None


def test_a_name_of_ones_own_gets_the_number_that_login_of_gives(portal):
    event = ask(portal, "login", name="  Zoë   Ibáñez ", programme="Matemáticas", device="movil")
    same = login_of("Zoë Ibáñez", timestamp=datetime.now(UTC), programme="Matemáticas")
    assert event.key == same.key
    assert event.value["name"] == "Zoë Ibáñez"


def test_attempts_count_up(portal):
    session = entered(portal)
    asked = {"session_id": session, "course": "anatomia", "kind": "practica"}
    assert [ask(portal, "tarea", **asked).value["attempt"] for _ in range(3)] == [1, 2, 3]


def test_a_session_opens_and_closes_only_when_kafka_has_it(portal):
    login = ask(portal, "login", student_id="E100003", device="web")
    session = login.value["session_id"]
    with pytest.raises(Refused, match="no está abierta"):
        ask(portal, "logout", session_id=session)
    portal.acknowledged(login)
    end = ask(portal, "logout", session_id=session)
    with pytest.raises(Refused, match="no está abierta"):
        ask(portal, "logout", session_id=session)  # a second click
    portal.failed(end)
    portal.acknowledged(ask(portal, "logout", session_id=session))
    assert not portal.sessions


BAD = {
    "login": [
        {},
        {"device": "web"},
        {"student_id": "E100003"},
        {"student_id": "E999999", "device": "web"},
        {"student_id": "E100003\n", "device": "web"},
        {"student_id": "E100003", "device": "nevera"},
        {"student_id": "E100003", "name": "Ana", "device": "web"},
        {"name": "   ", "device": "web"},
        {"name": "a\u202eb", "device": "web"},
        {"name": "x" * 101, "device": "web"},
        {"name": "Ana", "programme": "Alquimia", "device": "web"},
        {"name": ["Ana"], "device": "web"},
        {"student_id": "E100003", "device": "web", "ip": "10.0.0.1"},
    ],
    "logout": [{}, {"session_id": None}, {"session_id": ""}, {"session_id": "E" * 49}],
    "tarea": [
        {"session_id": "S", "course": "alquimia", "kind": "practica"},
        {"session_id": "S", "course": "anatomia", "kind": "examen"},
        {"session_id": "S", "course": "redes", "kind": "practica"},
        {"session_id": "S", "course": "anatomia", "kind": "practica", "attempt": 9},
    ],
    "calificacion": [
        {"task": "T"},
        {"task": "T", "grade": -0.1},
        {"task": "T", "grade": 10.1},
        {"task": "T", "grade": "7"},
        {"task": "T", "grade": True},
        {"task": "T", "grade": 1e400},
        {"task": "T", "grade": 5, "student_id": "E100001"},
    ],
    "error": [{}, {"fault": "bd-central"}, {"fault": 7}, {"fault": "x", "level": "CRITICAL"}],
}


@pytest.mark.parametrize(("kind", "fields"), [(k, f) for k, many in BAD.items() for f in many])
def test_what_is_not_as_it_should_be_is_refused_in_one_line(portal, kind, fields):
    task = handed_in(portal)
    real = {"S": task["session_id"], "T": task["event_id"]}
    fields = {k: real.get(v, v) if isinstance(v, str) else v for k, v in fields.items()}
    with pytest.raises(Refused) as refused:
        ask(portal, kind, **fields)
    assert refused.value.status == (400 if fields.get("grade") == 1e400 else 422)
    assert 0 < len(refused.value.text) < 200
    assert "\n" not in refused.value.text


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"x"',
        b"\xff",
        b"[" * 4000,
        b'{"a":' * 800,
        b"{}{}",
        b'{"grade":NaN}',
    ],
)
@pytest.mark.parametrize("kind", REQUESTS)
def test_bodies_that_are_no_request(portal, kind, body):
    with pytest.raises(Refused) as refused:
        portal.event(kind, body, NOW)
    assert refused.value.status in (400, 422)
    assert "\n" not in refused.value.text


def test_its_memory_is_bounded():
    portal = Portal()
    task = handed_in(portal)
    for number in range(KEPT["tasks"] + 50):
        portal.read({**task, "event_id": str(number)})
    for number in range(KEPT["sessions"] + 50):
        login = ask(portal, "login", name=f"n{number}", device="web")
        portal.acknowledged(login)
    assert len(portal.tasks) == KEPT["tasks"]
    assert len(portal.sessions) <= KEPT["sessions"]


def test_ids_are_uuids_of_version_7_and_differ():
    again = [moved(event, NOW) for event in islice(generate(7), 500)]
    for event in again:
        validator(event.topic).decode(event.value_bytes)
        assert UUID(event.value["event_id"]).version == 7
        assert event.value["event_id"] < moved(event, NOW + 1).value["event_id"]
    assert len({event.value["event_id"] for event in again}) == 500


@pytest.mark.parametrize("course", ["anatomia", "algoritmos", "farmacologia"])
def test_deadlines_are_those_of_the_simulation(course):
    due = datetime.fromtimestamp(deadline(course, NOW) / 1000, UTC)
    assert due.weekday() == COURSES[course].due_weekday
    assert 0 <= deadline(course, NOW) - NOW < 7 * 86_400_000
    assert f"{due:%H:%M:%S}" == "23:59:59"


@pytest.mark.parametrize(
    ("day", "week"),
    [
        ("2026-01-01", 18),
        ("2026-03-02", 1),
        ("2026-03-08", 1),
        ("2026-03-09", 2),
        ("2026-09-06", 27),
        ("2026-09-07", 1),
        ("2026-11-24", 12),
    ],
)
def test_weeks_of_term(day, week):
    assert week_of_term(int(datetime.fromisoformat(f"{day}T12:00Z").timestamp() * 1000)) == week
