"""A lane: one partition on its way into the bucket, between the consumer and the uploads.

It takes records in order, cuts them into batches, and says where reading begins and begins anew.
It knows the ledger and neither the consumer nor threads, so tests drive it by hand.

    lane = Lane(...); offset = lane.start()     what the bucket already has decides
    lane.take(messages)                         any number of times; `add` takes a single one
    lane.closed[0]                              a batch to be stored, see `batch.store`
"""

from __future__ import annotations

from confluent_kafka import Message

from helpers.pipeline.lane_records import OneByOne
from helpers.pipeline.layout import is_hour
from helpers.pipeline.lines import ADDED
from helpers.pipeline.quick import Lines as Ready

MANY = 500  # records processed at once: more is no quicker
FEW = 16  # where halving ends: fewer are no quicker at once
HOURS = 8  # hours of records processed at once, at most
LARGE = 1_000_000  # bytes of records processed at once, at most


class Lane(OneByOne):
    """One partition, its records taken many at a time where they are as usual."""

    def take(self, messages: list[Message]) -> None:
        """Take the partition's next records. Raises SinkStopped when they cannot be the next."""
        start = 0
        while start < len(messages):
            offset = messages[start].offset()
            end = start + MANY - offset % MANY  # so that offsets share their first digits
            if offset < self._cut:
                end = min(end, start + self._cut - offset)
            self._take(messages[start:end])
            start = end

    def take_over(self, messages: list[Message], done: Ready | None) -> None:
        """Take records in a row whose lines are ready; `None`: they are not."""
        if done is None or not self._add_ready(messages, done):
            self.take(messages)

    def _add_ready(self, messages: list[Message], done: Ready) -> bool:
        """False: nothing was done, they do not fit as they are."""
        first = messages[0].offset()
        end, batch, hours = first + len(messages), self.batch, set(done.hours)
        size = sum(len(lines) for lines, _ in done.hours.values())
        fits = first == self.next and end <= self._cut and self._room(hours, size)
        if self.lost or not fits or not all(map(is_hour, hours)):
            return False
        if not batch.records:
            self._first()
        for hour in sorted(hours):
            batch.write(hour, self._make, *done.hours[hour])
        dropped = +done.dropped
        batch.records += dropped.total()
        batch.dropped.update(dropped)
        self._advance(end)
        return True

    def _take(self, messages: list[Message]) -> None:
        """All at once if they are as usual; else in halves, and in the end one by one."""
        if len(messages) <= FEW:
            for message in messages:
                self.add(message)
        elif not self._add_all(messages):
            half = len(messages) // 2
            self._take(messages[:half])
            self._take(messages[half:])

    def _add_all(self, messages: list[Message]) -> bool:
        """What `add` does, for records in a row. False: nothing was done, they are not as usual."""
        first, end = self.next, self.next + len(messages)
        offsets = list(map(Message.offset, messages))
        if offsets != list(range(first, end)) or end > self._cut:
            return False
        size = sum(map(len, messages)) + ADDED * len(messages)  # of their lines, about
        if size > LARGE:
            return False
        keys, values = list(map(Message.key, messages)), list(map(Message.value, messages))
        done = self._processor.process_all(keys, values)
        if done is None:
            return False
        batch, hours = self.batch, set(done.hours) - {None}
        if not self._room(hours, size):
            return False
        if not batch.records:
            self._first()
        for hour, lines, records in self._lines.by_hour(done, first, messages):
            batch.write(hour, self._make, lines, records)
        batch.records += len(done.dropped)
        batch.dropped.update(done.dropped.values())
        self._advance(end)
        return True

    def _room(self, hours: set[str], size: int) -> bool:
        """Whether the open batch takes so many bytes for these hours and need not be cut before."""
        batch, limits = self.batch, self.limits
        if len(hours) > HOURS:
            return False
        few = len(batch.hours.keys() | hours) <= limits.hours
        return batch.settled or (few and batch.raw + size < limits.bytes)
