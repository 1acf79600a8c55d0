"""The protocol by which every (partition, offset) comes into the bucket exactly once.

A *plan* says that one object each holds, for every hour, the records of the batch [first, end) of a
partition. Its key is made from `first` alone, and it is written with If-None-Match: *, so of all
plans that any process ever makes for a batch that begins at `first`, one is kept: S3 decides.

    1. The batches of a partition are a chain: the first begins at offset 0 (whatever retention has
       taken), each next one where the one before ended. Since a key is written once, the chain is
       one for all processes, and never changes.
    2. A batch's objects are written only after its plan is in the bucket, by whoever got it in, or
       by who finds it there later; also with If-None-Match. Their keys follow from the plan and
       from the events' own times, so a repeat meets its own objects and leaves them alone.
    3. A batch is done when all its objects are there and the broker has acknowledged its dead
       letters. Only then is the next plan written. So all batches but the chain's last are done.
    4. Who takes a partition over asks for the chain's last plan (one listing, newest first). When
       its objects are all there, and a receipt for its dead letters if it has any, work goes on at
       its end; else its records are read again and what is missing is written. Committed offsets
       do not count in this: they are a hint for people.

Exactly once, then, because two objects that share a record would need two plans that share it, and
plans are a chain without overlap; and not less than once, because the chain has no gap, and a batch
is not followed by another before it is complete. Nothing in this asks who owns a partition: a
process that lost it and does not know (a zombie), or a request that lands minutes late, can only
write what the owner would write, or is refused. Flush settings decide about batches that have no
plan yet and about no others; the format stands in the plan.

A reader needs none of this: whatever is visible under `topic=.../` is right, at every moment.

What is asked of the store: reads and listings that see earlier writes, and conditional writes. S3
has them (December 2020, August 2024); `check` finds out about others. Plans are 300 bytes a batch
and must stay as long as the topic can be replayed: no lifecycle rule for `_plans/`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import orjson

from helpers.errors import LabError
from helpers.pipeline.layout import (
    EXTENSIONS,
    object_key,
    plan_folder,
    plan_key,
    probe_key,
    receipt_key,
)


class Store(Protocol):
    """A bucket. All methods raise SinkStopped when it cannot be used; see `store.S3Store`."""

    def put_new(self, key: str, body: bytes) -> bool:
        """Write an object unless there is one; whether it was written."""

    def get(self, key: str) -> bytes:
        """The body of an object that is there."""

    def list(self, prefix: str, limit: int) -> list[str]:
        """The first `limit` keys with a prefix, ascending."""

    def close(self) -> None:
        """Try nothing again: the sink is ending."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is settled about a batch, and what its maker counted in it."""

    first: int
    end: int  # the offset after the last
    format: str = "json"
    hours: Mapping[str, int] = field(default_factory=dict)  # records by hour, one object each
    dead: int = 0
    dropped: Mapping[str, int] = field(default_factory=dict)  # records by a filter's reason

    def to_bytes(self) -> bytes:
        """As JSON, for the bucket."""
        return orjson.dumps(self, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS)

    @classmethod
    def from_bytes(cls, body: bytes, key: str) -> Plan:
        """Read it back. Raises LabError when somebody else wrote something there."""
        try:
            fields: dict[str, Any] = orjson.loads(body)
            plan = cls(**fields)
            if not 0 <= plan.first < plan.end or plan.format not in EXTENSIONS:
                raise ValueError("its numbers make no sense")
        except (orjson.JSONDecodeError, TypeError, ValueError) as error:
            raise LabError(f"{key} is no plan of this sink ({error}); use another prefix") from None
        return plan


class Ledger:
    """The plans and objects of one topic in a bucket."""

    def __init__(self, store: Store, prefix: str, topic: str):
        self.store, self.prefix, self.topic = store, prefix, topic

    def check(self) -> None:
        """Whether the bucket is there, lets us in and honours If-None-Match. Raises LabError."""
        key = probe_key(self.prefix, self.topic)
        if self.store.put_new(key, b"") and self.store.put_new(key, b""):
            raise LabError(
                "this store overwrites an object although told If-None-Match: *; without that the "
                "sink cannot promise exactly once, so it does not start"
            )

    def last(self, partition: int) -> Plan | None:
        """The newest plan of a partition."""
        keys = self.store.list(plan_folder(self.prefix, self.topic, partition), 1)
        return Plan.from_bytes(self.store.get(keys[0]), keys[0]) if keys else None

    def claim(self, partition: int, plan: Plan) -> Plan | None:
        """Put a plan into the bucket. None when it was put there now, else the one that counts."""
        key = plan_key(self.prefix, self.topic, partition, plan.first)
        if self.store.put_new(key, plan.to_bytes()):
            return None
        return Plan.from_bytes(self.store.get(key), key)

    def complete(self, partition: int, plan: Plan) -> bool:
        """Whether all objects that the plan's maker counted are there, and its dead letters out."""
        keys = [self.key(partition, plan, hour) for hour in plan.hours]
        if plan.dead:
            keys.append(receipt_key(self.prefix, self.topic, partition, plan.first))
        return all(key in self.store.list(key, 1) for key in keys)

    def receipt(self, partition: int, plan: Plan) -> None:
        """Note that the batch's dead letters are out: the topic they are in cannot be asked."""
        self.store.put_new(receipt_key(self.prefix, self.topic, partition, plan.first), b"")

    def write(self, partition: int, plan: Plan, hour: str, body: bytes) -> bool:
        """Put the object of one hour into the bucket, unless it is there; whether it was new."""
        return self.store.put_new(self.key(partition, plan, hour), body)

    def key(self, partition: int, plan: Plan, hour: str) -> str:
        """The object's key."""
        extension = EXTENSIONS[plan.format]
        return object_key(self.prefix, self.topic, hour, partition, plan.first, plan.end, extension)
