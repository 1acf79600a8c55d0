"""Killed anywhere, shared out anew, replayed: every acknowledged record once in the bucket."""

from __future__ import annotations

import random
import signal
import time

import pytest

from tests.sink.support import look


def kill_often(rig, kills: int, seed: int) -> None:
    """SIGKILL at random points while records keep coming, each start with other flush settings."""
    dice = random.Random(seed)
    for number in range(kills):
        limits = {
            "records": dice.choice((37, 500, 10_000)),
            "age_s": dice.choice((0.1, 0.4, 30)),
            "hours": dice.choice((2, 48)),
        }
        sink = rig.sink(instance="one", limits=limits)
        rig.produce(dice.randint(100, 1500))
        if number % 3 == 0:
            time.sleep(dice.uniform(0.3, 1.5))  # somewhere in the start
        else:
            sink.wait_for("took over {0")
            rig.produce(dice.randint(100, 1500), flush=False)
            time.sleep(dice.uniform(0.0, 0.6))
        assert sink.finish(signal.SIGKILL) == -9
    rig.produce(10)
    rig.store_all(instance="one", limits={"age_s": 0.3})
    rig.prove()
    assert len(rig.good) > kills * 100
    print(f"{kills} kills: {len(rig.good)} records stored once, {len(rig.bad)} dead letters once")


def test_sigkill_at_random_points(rig):
    kill_often(rig, 6, seed=5)


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_sigkill_at_many_random_points(rig):
    kill_often(rig, 50, seed=6)


@pytest.mark.soak
def test_replayed_from_the_beginning_with_other_settings(rig):
    rig.produce(3000)
    rig.store_all(limits={"records": 700, "age_s": 0.3})
    before = rig.objects()
    rig.prove()
    again = rig.sink(group="another", limits={"records": 100, "age_s": 0.2})
    again.wait_for("took over {0")
    time.sleep(1)
    assert again.finish() == 0, again.text
    assert rig.objects() == before
    rig.produce(500)
    rig.store_all(limits={"records": 64, "age_s": 0.2})
    rig.prove()


def test_two_processes_share_and_hand_over(rig):
    limits = {"records": 200, "age_s": 0.2}
    first = rig.sink(limits=limits)
    first.wait_for("took over {0")
    rig.produce(2000)
    second = rig.sink(limits=limits)
    while "took over {" not in second.text.replace("took over {}", ""):
        rig.produce(50)
        time.sleep(0.05)
    rig.produce(2000)
    rig.wait_until_stored()
    assert "Traceback" not in first.text + second.text
    assert second.finish() == 0, second.text
    rig.produce(1000)
    rig.wait_until_stored()
    assert first.finish() == 0, first.text
    rig.prove()


@pytest.mark.soak
def test_a_process_that_slept_through_its_own_end_does_no_harm(rig):
    """A zombie: stopped until the group has given it up, then awake again in the middle of it all."""
    limits = {"records": 150, "age_s": 0.2}
    zombie = rig.sink(limits=limits)
    zombie.wait_for("took over {0")
    rig.produce(1500, flush=False)
    zombie.send(signal.SIGSTOP)
    rig.produce(1500)
    other = rig.sink(limits={"records": 90, "age_s": 0.3})
    other.wait_for("took over {0", 40)
    rig.wait_until_stored()
    zombie.send(signal.SIGCONT)
    rig.produce(1500)
    rig.wait_until_stored()
    for each in (zombie, other):
        assert each.finish() == 0, each.text
    rig.prove()


def test_sigterm_uploads_and_commits_what_was_read(rig):
    rig.produce(1000)
    sink = rig.sink(limits={"age_s": 600})
    sink.wait_for("took over {0")
    time.sleep(1.5)
    assert not look(rig.objects())
    began = time.monotonic()
    assert sink.finish() == 0, sink.text
    assert time.monotonic() - began < 15
    assert "DONE 1000" in sink.text
    assert sum(rig.committed().values()) == 1000
    rig.prove()


@pytest.mark.soak
def test_back_at_work_soon_after_a_kill(rig):
    rig.produce(500)
    usual = {"session.timeout.ms": "45000", "heartbeat.interval.ms": "3000"}
    settings = {"instance": "fast", "limits": {"age_s": 0.2}, "kafka": usual}
    sink = rig.sink(**settings)
    rig.wait_until_stored()
    sink.finish(signal.SIGKILL)
    began = time.monotonic()
    sink = rig.sink(**settings)
    sink.wait_for("took over {0")
    took = time.monotonic() - began
    rig.produce(100)
    rig.wait_until_stored()
    assert sink.finish() == 0, sink.text
    rig.prove()
    print(f"took over {took:.1f} s after SIGKILL")
    assert took < 5 * 3, took  # 5 s on a quiet machine
