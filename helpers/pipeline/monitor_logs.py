"""Structured log lines to CloudWatch Logs: one JSON document a line.

`log_batches` is what PutLogEvents demands ("PutLogEvents", Amazon CloudWatch Logs API Reference):
at most 10,000 events and 1,048,576 bytes, 26 for each event included, within 24 hours, in order of
time; one event at most 256 KB, the limit of old, though AWS takes 1 MB by now.
"""

from __future__ import annotations

import logging
import math
import time
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any

import orjson

from helpers.pipeline.monitor_aws import Refused, ask, client
from helpers.pipeline.monitor_courier import Courier
from helpers.pipeline.monitor_window import pack

log = logging.getLogger(__name__)

EVENTS, BYTES, OVERHEAD = 10_000, 1_048_576, 26
EVENT_BYTES = 256 * 1024 - OVERHEAD
SPAN_MS = 24 * 3_600_000 - 1
KEPT_LINES, KEPT_BYTES = 20_000, 8_000_000  # that wait at most; then the oldest are lost, counted
NEEDS = "logs:CreateLogStream and logs:PutLogEvents for log group {}"
NEEDS_GROUP = "logs:CreateLogGroup and logs:PutRetentionPolicy for log group {}, which is not there"

LogEvent = dict[str, Any]  # timestamp (ms since 1970) and message, as PutLogEvents takes it


def log_batches(events: Iterable[LogEvent]) -> Iterator[list[LogEvent]]:
    """Log events in lists that one PutLogEvents each may carry, sorted; long ones are cut off."""
    ordered = sorted(map(_cut, events), key=lambda event: event["timestamp"])
    for part in pack(ordered, lambda event: (1, _size(event)), (EVENTS, BYTES)):
        yield from _days(part)


def _days(events: list[LogEvent]) -> Iterator[list[LogEvent]]:
    """Parts that span less than a day each."""
    begin = 0
    for at, event in enumerate(events):
        if event["timestamp"] - events[begin]["timestamp"] > SPAN_MS:
            yield events[begin:at]
            begin = at
    yield events[begin:]


def _size(event: LogEvent) -> int:
    return len(event["message"].encode()) + OVERHEAD


def _cut(event: LogEvent) -> LogEvent:
    message = event["message"].encode()
    if len(message) <= EVENT_BYTES:
        return event
    short = message[: EVENT_BYTES - 3].decode(errors="ignore") + "…"
    return {**event, "message": short}


class LogLines(Courier):
    """Lines for one log group, into a stream of this process's own.

    A group that is not there is created, with `retention_days`. While Logs takes nothing, 20,000
    lines or 8 MB are kept; older ones are lost then, and counted: `take_lost`.
    """

    def __init__(self, group: str, stream: str, retention_days: int, logs: Any = None):
        super().__init__("CloudWatch Logs", math.inf)  # it never gives up: what it keeps is bounded
        self.group, self.stream, self.retention_days = group, stream, retention_days
        self.sent = self.lost = 0
        self._logs = logs or client("logs")
        self._lines: deque[tuple[int, bytes]] = deque()
        self._now: list[LogEvent] = []  # being sent, or failed and first in line
        self._held = self._told = self._last = 0
        self._ready = False

    def add(self, lines: list[dict[str, Any]]) -> None:
        """Take lines, written down as of now."""
        if not lines:
            return
        now = self._last = max(self._last, int(time.time() * 1000))  # clocks may be set back
        written = [orjson.dumps(line) for line in lines]
        with self.lock:
            self._lines.extend((now, text) for text in written)
            self._held += sum(map(len, written))
            while len(self._lines) > KEPT_LINES or self._held > KEPT_BYTES:
                self._held -= len(self._lines.popleft()[1])
                self.lost += 1
            self.lock.notify_all()

    def take_lost(self) -> int:
        """Lines lost since last asked."""
        with self.lock:
            lost, self._told = self.lost - self._told, self.lost
            return lost

    def _kept(self) -> str:
        return f"{KEPT_LINES} lines or {KEPT_BYTES / 1e6:g} MB are kept, older ones are lost"

    def _waiting(self) -> bool:
        return bool(self._lines or self._now)

    def _send_one(self) -> None:
        """As many of the oldest lines as one call takes."""
        if not self._ready:
            self._prepare()
            self._ready = True
        with self.lock:
            while self._lines and len(self._now) < EVENTS:
                at, text = self._lines.popleft()
                self._held -= len(text)
                self._now.append({"timestamp": at, "message": text.decode()})
        batch = next(log_batches(self._now))
        lost = len(batch) - self._put(batch)
        with self.lock:
            self.sent += len(batch) - lost
            self.lost += lost
            self._now = self._now[len(batch) :]  # they were in order of time already

    def _put(self, batch: list[LogEvent]) -> int:
        """How many of them Logs has kept."""
        where = {"logGroupName": self.group, "logStreamName": self.stream}
        needs = NEEDS.format(self.group)
        try:
            answer = ask(self._logs.put_log_events, needs, **where, logEvents=batch)
        except Refused as refused:
            if refused.code != "ResourceNotFoundException":
                log.error("CloudWatch Logs refuses %d lines for good: %s", len(batch), refused)
                return 0
            self._prepare()  # deleted while we work
            answer = ask(self._logs.put_log_events, needs, **where, logEvents=batch)
        kept = len(batch) - _rejected(answer.get("rejectedLogEventsInfo") or {}, len(batch))
        if kept < len(batch):
            log.error("CloudWatch Logs took %d lines of %d", kept, len(batch))
        return kept

    def _prepare(self) -> None:
        """The stream, and if need be the group. Whoever creates the group sets its retention."""
        try:
            self._create_stream()
        except Refused as refused:
            if refused.code != "ResourceNotFoundException":
                raise
            needs = NEEDS_GROUP.format(self.group)
            try:
                ask(self._logs.create_log_group, needs, logGroupName=self.group)
                days = self.retention_days
                policy = {"logGroupName": self.group, "retentionInDays": days}
                ask(self._logs.put_retention_policy, needs, **policy)
            except Refused as other:
                if other.code != "ResourceAlreadyExistsException":
                    raise
            self._create_stream()

    def _create_stream(self) -> None:
        where = {"logGroupName": self.group, "logStreamName": self.stream}
        try:
            ask(self._logs.create_log_stream, NEEDS.format(self.group), **where)
        except Refused as refused:
            if refused.code != "ResourceAlreadyExistsException":
                raise


def _rejected(info: dict[str, int], total: int) -> int:
    """How many events were not kept: too old or expired at the front, too new behind."""
    front = max(info.get("tooOldLogEventEndIndex", 0), info.get("expiredLogEventEndIndex", 0))
    return front + total - info.get("tooNewLogEventStartIndex", total)
