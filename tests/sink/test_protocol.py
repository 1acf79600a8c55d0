"""The protocol of `ledger`, with everything that can go wrong put into it, in one process.

A world is a log of one partition, a bucket in memory and workers. Before and after every request to
the bucket a die is thrown: the worker may die there, or others may run at this very moment, to any
depth, as zombies or owners, each with flush settings of its own. In the end one worker runs through
undisturbed; then the bucket must hold every good record once and the dead letters every bad one.
"""

from __future__ import annotations

import functools
from random import Random

import pytest

from helpers.pipeline.batch import Limits, store
from helpers.pipeline.lane import Lane
from helpers.pipeline.ledger import Ledger
from helpers.pipeline.process import Processor
from helpers.pipeline.writers import writer_for
from tests.sink.support import MemoryStore, Record, events, look

TOPIC = "estudiante-eventos"


class Death(BaseException):
    """A SIGKILL."""


@functools.cache
def processor() -> Processor:
    return Processor(TOPIC)


def small_log(dice: Random, length: int) -> tuple[list[Record], set[int], set[int]]:
    """Records with gaps between them, some poison; the offsets of good and bad ones."""
    log, good, bad, offset = [], set(), set(), dice.choice((0, 0, 3, 40))
    for event in dice.sample(events(), length):
        value, poison = event.value_bytes, dice.random() < 0.1
        log.append(Record(offset, event.key_bytes, value[:-1] if poison else value))
        (bad if poison else good).add(offset)
        offset += 1 if dice.random() < 0.95 else dice.randint(2, 30)
    return log, good, bad


class World:
    def __init__(self, seed: int, chaos: float):
        self.dice = Random(seed)
        self.log, self.good, self.bad = small_log(self.dice, self.dice.randint(1, 40))
        self.chaos, self.depth, self.budget = chaos, 0, 60
        self.store = MemoryStore(self.disturb, self.disturb)
        self.dead: list[int] = []  # the dead-letter topic
        self.committed = -1
        self.owner: object = None

    def disturb(self, what: str, key: str) -> None:
        if self.dice.random() >= self.chaos:
            return
        if self.dice.random() < 0.4:
            raise Death
        if self.depth < 3 and self.budget > 0:
            self.budget -= 1
            self.depth += 1
            try:
                self.work(self.dice.randint(1, 30))
            except Death:
                pass
            finally:
                self.depth -= 1

    def limits(self) -> Limits:
        choose = self.dice.choice
        return Limits(choose((1, 3, 7, 50)), choose((300, 2000, 10**6)), 1.0, choose((1, 2, 9)))

    def work(self, steps: int | None) -> None:
        """One worker: from taking over until `steps` records were read, or all of them."""
        ledger = Ledger(self.store, "p/", TOPIC)
        make = lambda name: writer_for(name, TOPIC)  # noqa: E731
        lane = Lane(ledger, 0, processor(), make, "json", self.limits(), lambda: 0.0)
        self.owner = lane.owner = object()
        position = lane.start()
        while True:
            if lane.lost:
                position = lane.next
                lane.found()
            record = next((r for r in self.log if r.offset() >= position), None)
            if record is None:
                lane.reached(self.log[-1].offset() + 1)
                if not lane.lost:
                    lane.cut()
                    self.store_all(ledger, lane)
                    if not lane.lost:
                        return
                continue
            lane.add(record)
            position = record.offset() + 1
            if self.chaos and self.dice.random() < 0.1:
                lane.cut()  # flushed by age
            self.store_all(ledger, lane)
            if steps is not None:
                steps -= 1
                if steps < 0:
                    return

    def store_all(self, ledger: Ledger, lane: Lane) -> None:
        while lane.closed:
            batch = lane.closed[0]
            other = store(ledger, 0, batch)
            if other is not None:
                lane.follow(other)
                return
            if batch.dead:
                known = self.committed if batch.ask_first else -1
                self.disturb("dead letters", "")
                if self.owner != lane.owner:
                    raise Death  # the broker refuses the transaction of who was given up
                if known < batch.end:
                    self.dead += [letter.offset for letter in batch.dead]
                    self.committed = batch.end
                self.disturb("dead letters", "")
                ledger.receipt(0, batch.plan)
            lane.closed.popleft()

    def check(self) -> None:
        self.chaos = 0.0
        self.work(None)
        seen = look(self.store.objects)
        assert set(seen.values()) <= {1}, seen
        assert {offset for _, offset in seen} == self.good
        assert sorted(self.dead) == sorted(self.bad)
        before = dict(self.store.objects)
        self.work(None)  # replayed from the beginning, with other settings: nothing happens
        assert self.store.objects == before


@pytest.mark.parametrize("part", range(4))
def test_every_record_once_whatever_happens(part):
    for seed in range(part * 500, part * 500 + 500):
        world = World(seed, chaos=(0.02, 0.1, 0.3)[seed % 3])
        try:
            for _ in range(world.dice.randint(0, 6)):
                try:
                    world.work(world.dice.randint(1, 40))
                except Death:
                    assert set(look(world.store.objects).values()) <= {1}
            world.check()
        except BaseException:
            print(f"seed {seed}")
            raise
