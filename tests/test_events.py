"""The generator of student events: the same bytes everywhere, bad input refused."""

import hashlib
import inspect
import os
import re
import subprocess
import sys
import unicodedata
from collections import Counter, defaultdict
from datetime import UTC, datetime
from itertools import islice, pairwise
from pathlib import Path

import pytest

from helpers.pipeline.campus import PROGRAMMES, Dice
from helpers.pipeline.events import START, generate, login_of, notification_from, students

ROOT = Path(__file__).resolve().parents[1]
MIDNIGHT = datetime(2026, 3, 2, tzinfo=UTC)

# sha256 over the first 5,000 events. A change here changes committed outputs of every lesson.
PINNED = {
    7: "aaf81a57920de6235ac88ef6f000e4af64f8be45d4441b0d01f6e52e1ecb0917",
    1: "731c2c76eb0b8043c3cfc517b2d3bb80388ad7b8256cc74383ca2a7ce94fdb29",
    2026: "905fed36f3c10ef44035ce6b94b2b6e2002a50ef9ee345f294ea5c3438eaed34",
}


def digest(seed: int, n: int = 5_000) -> str:
    """The sha256 of the first n events: where they go, their keys, their times, their bytes."""
    sha = hashlib.sha256()
    for event in islice(generate(seed), n):
        where = f"{event.topic}|{event.timestamp_ms}|".encode()
        sha.update(where + event.key_bytes + b"|" + event.value_bytes + b"\n")
    return sha.hexdigest()


def other_pythons() -> list[Path]:
    """Supported interpreters that pyenv keeps on this machine, other than the running version."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    found = pyenv.glob("versions/3.1[1-9].*/bin/python")
    running = ".".join(map(str, sys.version_info[:3]))
    return sorted(python for python in found if python.parts[-3] != running)


@pytest.mark.parametrize("seed", PINNED)
def test_the_same_seed_gives_the_same_bytes(seed):
    assert digest(seed) == PINNED[seed]


@pytest.mark.skipif(not other_pythons(), reason="pyenv has no other supported Python here")
@pytest.mark.parametrize("python", other_pythons(), ids=lambda python: python.parts[-3])
def test_other_pythons_give_the_same_bytes(python):
    """Runs without any package installed, so it also shows that only Python itself is needed."""
    code = "\n".join(
        [
            "import hashlib",
            "from itertools import islice",
            "from helpers.pipeline.events import generate",
            inspect.getsource(digest),
            f"for seed in {list(PINNED)}: print(digest(seed))",
        ]
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "99"}
    done = subprocess.run(
        [python, "-S", "-c", code],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.split() == list(PINNED.values())


def test_seeds_differ_and_a_longer_stream_starts_with_the_shorter():
    assert len({digest(seed, 200) for seed in range(20)}) == 20
    longer = list(islice(generate(7), 3_000))
    assert longer[:1_000] == list(islice(generate(7), 1_000))


def test_bytes_are_compact_utf8_json_in_fixed_order():
    login = next(e for e in generate(7) if e.value["type"] == "login")
    assert login.value_bytes.decode().startswith('{"event_id":"')
    assert login.key_bytes == login.value["student_id"].encode()
    orders = defaultdict(set)
    for event in islice(generate(7), 3_000):
        assert b"\\u" not in event.value_bytes
        text = event.value_bytes.decode()
        assert unicodedata.normalize("NFC", text) == text
        orders[event.value["type"]].add(tuple(event.value))
    assert {kind: len(found) for kind, found in orders.items()} == dict.fromkeys(orders, 1)
    assert set(orders) == {"login", "logout", "tarea", "calificacion", "error"}


def test_size_is_about_270_bytes():
    sizes = [len(event.value_bytes) for event in islice(generate(7), 20_000)]
    assert 255 <= sum(sizes) / len(sizes) <= 285


@pytest.mark.parametrize("seed", range(5))
def test_a_thousand_events_show_every_type(seed):
    kinds = Counter(event.value["type"] for event in islice(generate(seed), 1_000))
    assert len(kinds) == 5
    assert min(kinds.values()) >= 20


def test_ids_differ_between_seeds_and_starts():
    streams = [generate(7), generate(8), generate(4096 + 7), generate(7, start=MIDNIGHT)]
    ids = [event.value["event_id"] for stream in streams for event in islice(stream, 2_000)]
    assert len(set(ids)) == len(ids)


def test_any_start_time_is_honoured():
    start = datetime(2026, 3, 8, 22, 30, 17, tzinfo=UTC)  # after the day's outage
    events = list(islice(generate(7, start=start), 300))
    assert events[0].timestamp_ms >= start.replace(second=0).timestamp() * 1000
    assert all(a.timestamp_ms <= b.timestamp_ms for a, b in pairwise(events))
    assert START.weekday() == 0


@pytest.mark.parametrize("size", [1, 3, 20_000])
def test_any_number_of_students(size):
    events = list(islice(generate(7, students=size), 300))
    assert len({e.value["event_id"] for e in events}) == 300
    assert len({e.value["student_id"] for e in events} - {None}) <= size


def test_roster():
    roster = students(7, 2_000)
    assert roster[:200] == students(7)
    assert len({s.student_id for s in roster}) == len({s.email for s in roster}) == 2_000
    assert len({s.phone for s in roster}) == 2_000
    for student in roster:
        assert re.fullmatch(r"[a-z.]+\.e\d{6}@example\.com", student.email)
        assert re.fullmatch(r"\+1555\d{7}", student.phone)
        assert student.programme in PROGRAMMES
        assert 1 <= student.year <= 4
    assert students(8) != students(7)


def test_notification_follows_from_a_mark():
    marks = [e for e in islice(generate(7), 3_000) if e.value["type"] == "calificacion"]
    for mark in marks:
        told = notification_from(mark)
        assert told == notification_from(mark)
        assert (told.topic, told.key) == ("notificaciones", mark.key)
        assert told.value["source_event_id"] == mark.value["event_id"] != told.value["event_id"]
        assert ("sms" in told.value["channels"]) == (mark.value["grade"] < 5)
    ids = {notification_from(mark).value["event_id"] for mark in marks}
    assert len(ids) == len(marks)
    with pytest.raises(ValueError, match="not from 'login'"):
        notification_from(next(generate(7)))


def test_login_by_hand():
    at = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
    login = login_of("Ada Lovelace", timestamp=at)
    assert login.value_bytes == login_of("Ada Lovelace", timestamp=at).value_bytes
    assert login.value["name"] == "Ada Lovelace"
    assert login.value["timestamp"] == "2026-03-02T09:30:00.000Z"
    assert list(login.value) == list(
        next(e for e in generate(7) if e.value["type"] == "login").value
    )
    assert re.fullmatch(r"E9\d{5}", login.key)
    assert login_of("Ada", timestamp=at, student_id="E100042").key == "E100042"
    assert login_of("Grace", timestamp=at).value["event_id"] != login.value["event_id"]


@pytest.mark.parametrize(
    ("call", "complaint"),
    [
        (lambda: generate(-1), "seed must be"),
        (lambda: generate("7"), "seed must be"),
        (lambda: generate(7, students=0), "students must be"),
        (lambda: students(7, 900_000), "students must be"),
        (lambda: generate(7, start=datetime(2026, 3, 2)), "no time zone"),
        (lambda: login_of("Ada", timestamp=datetime(2026, 3, 2)), "no time zone"),
        (lambda: login_of(" ", timestamp=START), "name is empty"),
    ],
)
def test_bad_input_is_refused_at_once_in_one_line(call, complaint):
    with pytest.raises(ValueError, match=complaint) as caught:
        call()
    assert "\n" not in str(caught.value)


def test_dice_reach_both_ends_and_are_fair():
    dice = Dice(7)
    rolls = Counter(dice.between(1, 6) for _ in range(60_000))
    assert set(rolls) == {1, 2, 3, 4, 5, 6}
    assert all(9_500 < count < 10_500 for count in rolls.values())
    assert 0.28 < sum(dice.chance(30) for _ in range(10_000)) / 10_000 < 0.32
