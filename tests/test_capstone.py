"""The capstone: its rule, and a check that lets the right answer pass and no wrong one."""

from __future__ import annotations

import json

import pytest

from helpers.__main__ import main
from helpers.config import ROOT
from helpers.lab import start_lab
from helpers.pipeline.shared_accounts import POISON, alerts, expected_alerts, stream

ANSWER = ROOT / "solutions" / "capstone.py"
WRONG = {  # what is changed in the right answer → what the check must find, and nothing else
    "stops at a record that is no JSON": (
        ("        return None\n    if not isinstance(event", "        raise\n    if not isinstance(event"),
        "keeps running",
    ),
    "commits by itself and forgets who logged in last": (
        ('"enable.auto.commit": False', '"auto.commit.interval.ms": 50'),
        ("on_assign=from_the_beginning", "on_assign=None"),
        "an alert for each shared account",
    ),
    "raises an alert for each address, however late": (
        ("elsewhere == ip or seconds > WINDOW_S", "elsewhere == ip"),
        "an alert for each shared account",
    ),
}  # fmt: skip


def login(minute: float, ip: str, student: str = "E100001") -> dict:
    whole, seconds = int(minute), round(minute % 1 * 60)
    at = f"2026-03-02T{8 + whole // 60:02}:{whole % 60:02}:{seconds:02}.000Z"
    event = {"event_id": f"{student}-{minute}", "type": "login", "timestamp": at}
    return {**event, "student_id": student, "ip": ip}


@pytest.mark.parametrize(
    ("events", "raised"),
    [
        ([login(0, "a"), login(12, "b")], [720]),
        ([login(0, "a"), login(12, "a")], []),
        ([login(0, "a"), login(30, "b")], [1800]),
        ([login(0, "a"), login(30.1, "b")], []),
        ([login(0, "a"), login(1, "b"), login(2, "a")], [60, 60]),
        ([login(0, "a"), login(1, "b", "E100002")], []),
        ([login(0, "a"), {**login(1, "b"), "type": "logout"}, login(2, "b")], [120]),
    ],
)
def test_the_rule(events, raised):
    assert [alert["seconds"] for alert in alerts(events)] == raised


@pytest.mark.parametrize("seed", [7, 11, 2026])
def test_what_is_sent_has_alerts_near_misses_and_poison(seed):
    records = stream(seed)
    assert records == stream(seed)
    good = [json.loads(value) for _, value in records if value not in POISON]
    assert {alert["alert_id"]: alert for alert in alerts(good)} == expected_alerts(seed)
    assert len({event["event_id"] for event in good}) == len(good)
    assert len(expected_alerts(seed)) >= 20
    assert {value for _, value in records if value in POISON} == set(POISON)


def test_a_program_that_is_not_there(capsys):
    assert main(["capstone", "no_such.py"]) == 1
    assert capsys.readouterr().err == "there is no file no_such.py; name the program to check\n"


@pytest.fixture(scope="module")
def with_aws():
    lab = start_lab(aws=True, own=True)
    yield lab
    lab.stop()


@pytest.mark.soak
def test_the_right_answer_holds_everything(with_aws):
    from helpers.capstone.check import verdicts

    found = verdicts(ANSWER, with_aws, seed=11)
    assert {what: said for what, said in found.items() if said} == {}
    assert len(found) == 9


@pytest.mark.soak
@pytest.mark.timeout(300)
@pytest.mark.parametrize("fault", WRONG)
def test_a_wrong_answer_is_found(with_aws, tmp_path, fault):
    from helpers.capstone.check import killed, undisturbed

    *changes, wanted = WRONG[fault]
    text = ANSWER.read_text("utf-8")
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    program = tmp_path / "wrong.py"
    program.write_text(text, "utf-8")
    run = killed if "forgets" in fault else undisturbed
    said = {what for what, why in run(program, with_aws, 7, 12).items() if why}
    assert any(what.startswith(wanted) for what in said), said
