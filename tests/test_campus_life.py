"""A generated week on the campus makes sense: sessions, marks, rhythm, outages."""

from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from itertools import pairwise, takewhile

import pytest

from helpers.pipeline.campus import COURSES, SERVICES
from helpers.pipeline.events import generate, students

MIDNIGHT = datetime(2026, 3, 2, tzinfo=UTC)
DAY_MS = 86_400_000


@pytest.fixture(scope="module")
def week() -> list:
    end = (MIDNIGHT + timedelta(days=7)).timestamp() * 1000
    return list(takewhile(lambda e: e.timestamp_ms < end, generate(7, start=MIDNIGHT)))


def of_type(events, *types):
    return [event for event in events if event.value["type"] in types]


def test_order_ids_and_times(week):
    assert all(a.timestamp_ms <= b.timestamp_ms for a, b in pairwise(week))
    assert len({event.value["event_id"] for event in week}) == len(week)
    for event in week:
        written = datetime.fromisoformat(event.value["timestamp"])
        assert written == MIDNIGHT + timedelta(
            milliseconds=event.timestamp_ms - int(MIDNIGHT.timestamp()) * 1000
        )
        assert int(event.value["event_id"].replace("-", "")[:12], 16) == event.timestamp_ms


def test_topics_and_keys(week):
    roster = {student.student_id for student in students(7)}
    for event in week:
        if event.value["type"] == "error":
            assert (event.topic, event.key) == ("sistema-logs", event.value["service"])
            assert event.key in SERVICES
        else:
            assert (event.topic, event.key) == ("estudiante-eventos", event.value["student_id"])
            assert event.key in roster
    assert {event.key for event in week if event.topic == "sistema-logs"} == set(SERVICES)


def test_sessions_open_close_and_do_not_overlap(week):
    open_sessions, closed, lengths = {}, set(), []
    for event in of_type(week, "login", "logout", "tarea"):
        student, session = event.value["student_id"], event.value["session_id"]
        if event.value["type"] == "login":
            open_sessions[student] = (session, event.timestamp_ms)
            assert session not in closed
            continue
        current, since = open_sessions[student]
        assert session == current
        if event.value["type"] == "logout":
            closed.add(session)
            lengths.append(event.value["duration_s"])
            assert event.value["duration_s"] == (event.timestamp_ms - since) // 1000
    logins = len(of_type(week, "login"))
    assert 0.82 < len(closed) / logins < 0.93, "about one session in eight is never closed"
    assert 50 <= min(lengths) < max(lengths) < 2 * 3600


def test_no_session_is_used_after_its_logout(week):
    ended = {e.value["session_id"]: e.timestamp_ms for e in of_type(week, "logout")}
    for event in of_type(week, "tarea", "error"):
        end = ended.get(event.value["session_id"])
        assert end is None or event.timestamp_ms <= end


def test_marks_follow_the_work(week):
    handed_in, attempts = {}, defaultdict(list)
    programme = {student.student_id: student.programme for student in students(7)}
    for event in of_type(week, "tarea", "calificacion"):
        value = event.value
        work = (value["student_id"], value["task_id"], value["attempt"])
        assert COURSES[value["course"]].programme == programme[value["student_id"]]
        if value["type"] == "tarea":
            handed_in[work] = value
            attempts[work[:2]].append(value["attempt"])
            assert value["late"] == (value["timestamp"] > value["due"])
            assert value["due"].endswith("T23:59:59.999Z")
        else:
            before = handed_in.pop(work)  # KeyError: marked twice, or before it was handed in
            assert before["session_id"] == value["session_id"]
            assert 0 <= value["grade"] <= 10
            assert round(value["grade"] * 10) / 10 == value["grade"]
    assert all(tries == list(range(1, len(tries) + 1)) for tries in attempts.values())
    assert any(e.value["late"] for e in of_type(week, "tarea"))
    marks = [e.value["grade"] for e in of_type(week, "calificacion")]
    assert 0.15 < sum(mark < 5 for mark in marks) / len(marks) < 0.35


def test_rhythm_of_the_day(week):
    hours = Counter(e.timestamp_ms % DAY_MS // 3_600_000 for e in of_type(week, "login"))
    night, lectures, lunch, evening, deadline = (
        sum(hours[h] for h in span) / len(span)
        for span in (range(2, 6), range(9, 12), range(13, 15), range(19, 21), range(23, 24))
    )
    assert night < lunch / 5
    assert lunch < lectures / 2
    assert lectures < evening < deadline
    tasks = Counter(e.timestamp_ms % DAY_MS // 3_600_000 for e in of_type(week, "tarea"))
    assert max(tasks, key=tasks.get) == 23
    days = Counter((e.timestamp_ms - week[0].timestamp_ms) // DAY_MS for e in week)
    assert days[5] < 0.7 * days[2]  # Saturday, Wednesday


def test_one_outage_a_day(week):
    critical = [e for e in week if e.value.get("level") == "CRITICAL"]
    by_day = defaultdict(list)
    for event in critical:
        by_day[event.value["timestamp"][:10]].append(event)
    assert len(by_day) == 7
    for lines in by_day.values():
        assert len({line.key for line in lines}) == 1
        assert 15 <= len(lines) <= 40
        assert lines[-1].timestamp_ms - lines[0].timestamp_ms <= 8 * 60_000
