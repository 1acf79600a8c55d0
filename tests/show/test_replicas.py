"""A film of replicas: what was asked becomes spans; its clock stands still outside `with`."""

from __future__ import annotations

import time
from types import SimpleNamespace

import pytest
from confluent_kafka import KafkaError, KafkaException

from helpers.show.replicas import BEHIND, IN_SYNC, LEADER, Film

CONFIG = {"bootstrap.servers": "127.0.0.1:1"}


class Answers:
    """In place of an AdminClient: gives out the moments in turn, the last one for ever."""

    def __init__(self, *moments) -> None:
        self.moments = list(moments)

    def list_topics(self, topic, timeout):
        moment = self.moments.pop(0) if len(self.moments) > 1 else self.moments[0]
        if moment is None:
            raise KafkaException(KafkaError(KafkaError._TRANSPORT))
        parts = {
            number: SimpleNamespace(id=number, leader=leader, isrs=isrs)
            for number, (leader, isrs) in moment.items()
        }
        return SimpleNamespace(topics={topic: SimpleNamespace(partitions=parts)})


def film_of(*moments) -> Film:
    film = Film(CONFIG, "t")
    film._admin = Answers(*moments)
    return film


def test_neighbouring_moments_that_say_the_same_are_one_span():
    film = Film(CONFIG, "t")
    film.moments = [
        (0.0, {0: (1, [1, 2])}),
        (0.1, {0: (1, [1, 2])}),
        (0.2, {0: (2, [2])}),
        (0.3, {}),
        (0.9, {0: (2, [1, 2])}),
        (1.0, {}),
    ]
    assert film.rows() == {
        "partition 0, broker 1": [(0.0, 0.2, LEADER), (0.2, 0.3, BEHIND), (0.9, 1.0, IN_SYNC)],
        "partition 0, broker 2": [(0.0, 0.2, IN_SYNC), (0.2, 0.3, LEADER), (0.9, 1.0, LEADER)],
    }


def test_until_ends_with_the_first_moment_that_is_wanted():
    film = film_of({0: (1, [2, 1])}, None, {0: (2, [2])})
    with film:
        seen = list(film.until(lambda moment: moment[0][0] == 2, seconds=10))
    assert seen[-1] == {0: (2, [2])}
    assert {0: (1, [1, 2])} in [moment for _, moment in film.moments]
    assert not film._thread.is_alive()


def test_until_gives_up_with_what_it_saw_last():
    film = film_of({0: (1, [1])})
    with film, pytest.raises(TimeoutError, match=r"not within 0 s; .*\(1, \[1\]\)"):
        list(film.until(lambda moment: moment[0][0] == 2, seconds=0.4))


def test_while_no_broker_answers_nothing_is_recorded():
    film = film_of(None)
    with film, pytest.raises(TimeoutError):
        list(film.until(lambda _: True, seconds=0.4))
    assert film.rows() == {}


def test_the_clock_stands_still_between_two_takes():
    film = film_of({0: (1, [1])})
    for _ in range(2):
        with film:
            list(film.until(lambda _: True))
        before = film.now()
        time.sleep(0.3)
        assert film.now() == before
    assert film.now() < 5
    times = [when for when, _ in film.moments]
    assert times == sorted(times)
