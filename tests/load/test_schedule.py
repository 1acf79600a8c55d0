"""Due times: each kind of schedule, shared and joined."""

from __future__ import annotations

import numpy as np
import pytest

from helpers.errors import LabError
from helpers.load import constant, ramp, spike, step

ALL = {
    "constant": constant(1_000, 2),
    "step": step(100, 1_000, 4),
    "spike": spike(100, 2_000, 1, 0.5, 3),
    "ramp": ramp(10, 1_000, 3),
    "down": ramp(1_000, 0, 2),
    "from nothing": ramp(0, 500, 2),
    "slow": constant(0.5, 7),
    "quiet between": constant(100, 1) + constant(0, 2) + constant(100, 1),
}


@pytest.mark.parametrize("name", ALL)
def test_due_times_follow_the_rate(name):
    schedule = ALL[name]
    due = schedule.due(0, schedule.count) / 1e9
    assert due[0] == 0
    assert (np.diff(due) >= 0).all()
    assert due[-1] < schedule.seconds
    for second in np.linspace(0, schedule.seconds, 9):
        # as many as the rate, added up in small steps, has reached by then
        middles = (np.arange(2_000) + 0.5) * second / 2_000
        reached = sum(schedule.rate_at(t) for t in middles) * second / 2_000
        assert abs((due < second).sum() - reached) <= 1.5
        assert schedule.reached(second) == (due < second).sum()


@pytest.mark.parametrize("name", ALL)
def test_one_by_one_or_many_at_once(name):
    schedule = ALL[name]
    some = range(0, schedule.count, max(1, schedule.count // 20))
    assert [schedule.due(n) for n in some] == list(schedule.due(0, schedule.count)[some])


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("processes", [2, 3])
def test_shares_are_the_whole(name, processes):
    schedule = ALL[name]
    shares = [schedule.share(n, processes) for n in range(processes)]
    assert sum(share.count for share in shares) == schedule.count
    together = np.concatenate([share.due(0, share.count) for share in shares])
    assert (np.sort(together) == schedule.due(0, schedule.count)).all()
    assert sum(s.rate_at(0.7) for s in shares) == pytest.approx(schedule.rate_at(0.7))


def test_counts_are_not_spoilt_by_floating_point():
    assert constant(30, 0.1).count == 3
    assert constant(1_000_000, 3_600).count == 3_600_000_000
    assert constant(0.1, 1).count == 1


def test_words_say_what_it_is():
    assert str(spike(10, 40, 2, 1, 5)) == "10/s for 2 s, then 40/s for 1 s, then 10/s for 2 s"
    assert str(ramp(10, 40, 2)) == "10/s to 40/s for 2 s"


@pytest.mark.parametrize(
    "make",
    [
        lambda: constant(-1, 1),
        lambda: constant(1, 0),
        lambda: ramp(1, float("inf"), 1),
        lambda: spike(1, 2, 5, 1, 3),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(make):
    with pytest.raises(LabError, match="a schedule needs") as caught:
        make()
    assert "\n" not in str(caught.value)
