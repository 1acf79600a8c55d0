"""Derive: exactly once from topic to topic, whatever is killed; poison in the dead letters."""

from __future__ import annotations

import json
import random
import signal
import threading
import time
from itertools import islice

import pytest
from confluent_kafka import KafkaError, KafkaException

from helpers.pipeline import derive
from helpers.pipeline.derive_records import notification_of
from helpers.pipeline.events import generate, notification_from
from helpers.pipeline.process import Poison
from helpers.pipeline.validation import Validator
from tests.notify.rig import HASTE, marks, until

# Inside one transaction: `_insist` is called for init_transactions, send_offsets, commit, in turn.
PLACES = [
    {"where": "derive._insist", "when": "after", "call": 1},
    {"where": "Derive._write", "when": "after", "call": 1},
    {"where": "derive._insist", "when": "after", "call": 2},
    {"where": "derive._insist", "when": "after", "call": 3},
    {"where": "Derive._transact", "when": "after", "call": 1},
]


def test_what_follows_from_a_record():
    judge = Validator("notificaciones").judge
    for event in islice(generate(11), 4000):
        if event.topic != "estudiante-eventos":
            continue
        found = notification_of(event.key_bytes, event.value_bytes)
        if event.value["type"] == "calificacion":
            assert found == notification_of(event.key_bytes, event.value_bytes)
            assert found.value == notification_from(event).value
            assert judge(found.value) == "notificacion"
        else:
            assert found is None


def spoilt() -> list[tuple[str, bytes | None, bytes | None]]:
    """(cause, key, value)"""
    mark = marks()[0]

    def but(**fields) -> bytes:
        return json.dumps({**mark.value, **fields}).encode()

    return [
        ("too-large", mark.key_bytes, but(title="x" * 300_000)),
        ("not-json", mark.key_bytes, mark.value_bytes[:-1]),
        ("schema", mark.key_bytes, but(grade="7,5")),
        ("bad-key", b"E999999", mark.value_bytes),
        ("bad-time", mark.key_bytes, but(timestamp="2026-02-30T08:00:00.000Z")),
        ("unknown-course", mark.key_bytes, but(course="alquimia")),
    ]


@pytest.mark.parametrize(("cause", "key", "value"), spoilt(), ids=[c for c, _, _ in spoilt()])
def test_poison_is_named(cause, key, value):
    with pytest.raises(Poison) as error:
        notification_of(key, value)
    assert error.value.cause == cause


def test_what_is_no_mark_is_left_to_the_sink():
    login = next(generate(7))
    assert login.value["type"] == "login"
    for value in (None, b"", login.value_bytes[:-1], b"\\u0063", b" " * 300_000):
        assert notification_of(login.key_bytes, value) is None
    assert notification_of(b"E999999", login.value_bytes) is None


def test_a_mark_written_in_escapes():
    mark = marks()[0]
    escaped = mark.value_bytes.replace(b"calificacion", b"\\u0063alificacion")
    assert notification_of(mark.key_bytes, escaped).value == notification_from(mark).value


def test_dead_letters_and_the_rest_goes_on(rig):
    rig.produce(rig.source, marks(30))
    rig.produce(rig.source, [(key, value) for _, key, value in spoilt()])
    rig.produce(rig.source, marks(60)[30:])
    process = rig.derive()
    rig.caught_up(rig.source, "derive")
    assert process.finish() == 0, process.text
    good = {(m.key(), m.value()) for m in rig.read(rig.output)}
    assert good == {(n.key_bytes, n.value_bytes) for n in rig.notifications(marks(60))}
    letters = rig.read(f"{rig.source}-dlq", 1)
    assert {(m.key(), m.value()) for m in letters} == {(k, v) for _, k, v in spoilt()}
    places = {(m.partition(), m.offset()): m.value() for m in rig.read(rig.source)}
    for letter in letters:
        told = {name: value.decode() for name, value in letter.headers()}
        assert told["dlq.topic"] == rig.source
        assert told["dlq.group"] == f"{rig.name}-derive"
        assert places[int(told["dlq.partition"]), int(told["dlq.offset"])] == letter.value()
    causes = [dict(m.headers())["dlq.cause"].decode() for m in letters]
    assert sorted(causes) == sorted(cause for cause, _, _ in spoilt())


def test_sigkill_at_the_worst_places(rig):
    for number, place in enumerate(PLACES):
        rig.produce(rig.source, marks()[number * 20 : number * 20 + 20])
        process = rig.derive(place, instance="one")
        assert process.finish(None) == -9, process.text
    process = rig.derive(instance="one")
    rig.caught_up(rig.source, "derive")
    assert process.finish() == 0, process.text
    rig.prove_derived(20 * len(PLACES))


def test_a_commit_whose_answer_is_lost_is_not_repeated(rig, monkeypatch):
    calls = []

    def insist(call, original=derive._insist):
        original(call)
        calls.append(call)
        if len(calls) == 3:  # the first commit
            raise KafkaException(KafkaError(KafkaError._FENCED, "made up", fatal=True))

    monkeypatch.setattr(derive, "_insist", insist)
    rig.produce(rig.source, marks(40))
    settings = derive.Settings(rig.source, rig.output, f"{rig.name}-derive", kafka=HASTE)
    service = derive.Derive(settings, {**rig.servers.kafka, "log_level": 0})
    thread = threading.Thread(target=service.run)
    thread.start()
    until(lambda: len(calls) > 3)
    rig.produce(rig.source, marks(80)[40:])
    rig.caught_up(rig.source, "derive")
    service.stop()
    thread.join(30)
    rig.prove_derived(80)


def test_no_topic(rig):
    process = rig.derive(output="nowhere")
    assert process.finish(None) == 1
    assert "STOPPED there is no topic nowhere; create it" in process.text


def kill_often(rig, kills: int, seed: int) -> None:
    dice, made = random.Random(seed), 0
    for number in range(kills):
        process = rig.derive(instance="one")
        if number % 3:
            process.wait_for("took over [0")
        for _ in range(dice.randint(2, 6)):
            rig.produce(rig.source, (marks()[(made + i) % 400] for i in range(20)))
            made += 20
            time.sleep(dice.uniform(0, 0.3))
        assert process.finish(signal.SIGKILL) == -9
    process = rig.derive(instance="one")
    rig.caught_up(rig.source, "derive")
    assert process.finish() == 0, process.text
    rig.prove_derived(made)


@pytest.mark.soak
@pytest.mark.timeout(300)
def test_sigkill_at_random_points(rig):
    kill_often(rig, 12, seed=3)


@pytest.mark.soak
def test_shared_out_anew_and_a_zombie(rig):
    """One process sleeps through its own end; what it does when it wakes up does not count."""
    zombie = rig.derive()
    zombie.wait_for("took over [0")
    rig.produce(rig.source, marks(100))
    zombie.process.send_signal(signal.SIGSTOP)
    rig.produce(rig.source, marks(200)[100:])
    other = rig.derive()
    other.wait_for("took over [0")
    rig.caught_up(rig.source, "derive")
    zombie.process.send_signal(signal.SIGCONT)
    for part in range(200, 400, 20):
        rig.produce(rig.source, marks()[part : part + 20])
        time.sleep(0.2)
    rig.caught_up(rig.source, "derive")
    for process in (zombie, other):
        assert process.finish() == 0, process.text
    rig.prove_derived(400)


@pytest.mark.soak
def test_the_broker_restarts(rig):
    process = rig.derive()
    process.wait_for("took over [0")
    rig.produce(rig.source, marks(100))
    rig.servers.broker.kill()
    time.sleep(1)
    rig.servers.broker.start()
    rig.produce(rig.source, marks(200)[100:])
    rig.caught_up(rig.source, "derive", 120)
    assert process.finish() == 0, process.text
    rig.prove_derived(200)
