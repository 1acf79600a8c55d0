"""The history in S3, and the claims by which an event is notified of at most once.

    <folder>type=calificacion/date=2026-03-02/<event_id>.json   what became of it: sent, suppressed
    <folder>_claims/<event_id>/001-claim.json                   "I am about to send this"
    <folder>_claims/<event_id>/001-refused.json                 "SNS has not taken it, for certain"
    <folder>_pages/<service>/<window>                           "about this one was paged already"

All are written with If-None-Match: *, so S3 decides who is first, and none is ever changed or
deleted. In this order: claim, publish, history, offset. Of all processes that ever hold an event,
one gets its claim, so one publishes. After a crash between claim and history nobody knows whether
it was sent: the claim stays, nobody sends it, and `unsettled` lists it for a person. Only a refusal
that is certain frees an event: who finds `001-refused` may claim `002`.

The date is the event's own, in UTC, in Hive's layout; names that begin with `_` are no data for
Athena, DuckDB and others. Claims must stay as long as the topic can be read again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import orjson

from helpers.errors import LabError
from helpers.pipeline.notify_texts import Notice
from helpers.pipeline.store import S3Store

FOLDER = "historial/"
_STEP = re.compile(r"(?P<event_id>[^/]+)/(?P<number>\d{3,})-(?P<what>claim|refused)\.json")


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to send one notice."""

    notice: Notice
    number: int  # from 1; one more after each certain refusal
    id: str


@dataclass(frozen=True, slots=True)
class Unsettled:
    """An event that was claimed and of which nobody wrote down what became."""

    notice: Notice
    state: str  # "perhaps sent", or "refused": not sent, and not tried again yet
    claimed_at: str  # ISO 8601, UTC
    why: str  # for "refused"


class Bucket(S3Store):
    """S3Store, and listings of any length."""

    def keys(self, prefix: str) -> Iterator[str]:
        """All keys with a prefix, ascending; 1,000 a request."""
        page = self.list(prefix, 1000)
        while page:
            yield from page
            page = self.list(prefix, 1000, StartAfter=page[-1])


class History:
    """The history in one folder of a bucket. Methods raise SinkStopped when S3 cannot be used."""

    def __init__(self, bucket: Bucket, folder: str = FOLDER):
        self.bucket, self.folder = bucket, folder

    def check(self) -> None:
        """Whether the bucket is there, lets us in and honours If-None-Match. Raises LabError."""
        key = f"{self.folder}_claims/conditional-writes"
        if self.bucket.put_new(key, b"") and self.bucket.put_new(key, b""):
            raise LabError(
                "this store overwrites an object although told If-None-Match: *; without that "
                "nobody can promise at most one notification, so notify does not start"
            )

    def claim(self, notice: Notice, **more: Any) -> Claim | None:
        """The right to send it, or None if somebody has, or had, it. `more` is written down too."""
        number = 1
        while True:
            claim = Claim(notice, number, uuid4().hex)
            told = {"claim": claim.id, "claimed_at": _now(), **more, **notice.to_dict()}
            if self._put_mine(self._step(notice.event_id, number, "claim"), told):
                return claim
            refused = self._step(notice.event_id, number, "refused")
            if not self.bucket.list(refused, 1):
                return None
            number += 1

    def refused(self, claim: Claim, why: str) -> None:
        """Give the claim back: SNS has certainly not taken the message."""
        key = self._step(claim.notice.event_id, claim.number, "refused")
        self._put(key, {"why": why, "refused_at": _now()})

    def settled(self, notice: Notice, state: str, **more: Any) -> None:
        """Write down what became of it: sent, suppressed, or what a person found out."""
        key = f"{self.folder}type={notice.type}/date={notice.date}/{notice.event_id}.json"
        self._put(key, {"state": state, "settled_at": _now(), **more, **notice.to_dict()})

    def paged(self, service: str, window: int) -> bool:
        """Whether somebody was paged about this service in this window of time."""
        return bool(self.bucket.list(self._page(service, window), 1))

    def page(self, notice: Notice, window: int) -> None:
        """Somebody was."""
        self._put(self._page(notice.source, window), {"event_id": notice.event_id})

    def unsettled(self, older_than_s: float = 0.0) -> list[Unsettled]:
        """What was claimed more than so many seconds ago and has no history. Reads all keys."""
        steps: dict[str, dict[str, int]] = {}
        for key in self.bucket.keys(f"{self.folder}_claims/"):
            if found := _STEP.fullmatch(key.removeprefix(f"{self.folder}_claims/")):
                numbers = steps.setdefault(found["event_id"], {"claim": 0, "refused": 0})
                numbers[found["what"]] = max(numbers[found["what"]], int(found["number"]))
        for key in self.bucket.keys(f"{self.folder}type="):
            steps.pop(key.rpartition("/")[2].removesuffix(".json"), None)
        rows = [self._unsettled(event_id, **numbers) for event_id, numbers in steps.items()]
        limit = datetime.now(UTC).timestamp() - older_than_s
        old = lambda row: datetime.fromisoformat(row.claimed_at).timestamp() <= limit  # noqa: E731
        return sorted((row for row in rows if row and old(row)), key=lambda row: row.claimed_at)

    def _unsettled(self, event_id: str, claim: int, refused: int) -> Unsettled | None:
        told = self._get(self._step(event_id, claim, "claim"))
        if told.get("suppressed"):
            return None  # claimed in order not to be sent; only its history is missing
        why = ""
        if refused == claim:
            why = self._get(self._step(event_id, refused, "refused"))["why"]
        state = "refused" if refused == claim else "perhaps sent"
        return Unsettled(Notice.from_dict(told), state, told["claimed_at"], why)

    def find(self, event_id: str) -> Unsettled:
        """The one of that id. Raises LabError when it is settled or unknown."""
        for row in self.unsettled():
            if row.notice.event_id == event_id:
                return row
        raise LabError(f"{event_id} is not unsettled; list those that are: notify --unsettled")

    def free(self, event_id: str, why: str) -> None:
        """A person says that it was not sent: the next claim will be granted."""
        number = 1
        while self.bucket.list(self._step(event_id, number + 1, "claim"), 1):
            number += 1
        self._put(self._step(event_id, number, "refused"), {"why": why, "refused_at": _now()})

    # -- objects ------------------------------------------------------------------------------

    def _step(self, event_id: str, number: int, what: str) -> str:
        return f"{self.folder}_claims/{event_id}/{number:03d}-{what}.json"

    def _page(self, service: str, window: int) -> str:
        return f"{self.folder}_pages/{service}/{window:020d}"

    def _put(self, key: str, told: dict[str, Any]) -> bool:
        return self.bucket.put_new(key, orjson.dumps(told))

    def _put_mine(self, key: str, told: dict[str, Any]) -> bool:
        """Whether it is there by us: a write whose answer was lost is refused when repeated."""
        before = self.bucket.retries
        if self._put(key, told):
            return True
        return self.bucket.retries > before and self._get(key)["claim"] == told["claim"]

    def _get(self, key: str) -> dict[str, Any]:
        return orjson.loads(self.bucket.get(key))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
