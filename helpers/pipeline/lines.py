"""The JSON lines of one partition, put together from columns of pieces.

An interpreter's step for each piece of each line would cost more than all the rest of processing,
so pieces are set into one list by slices and joined.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import compress

from confluent_kafka import Message

from helpers.pipeline.process import Many

ADDED = 250  # bytes that processing adds to a record, about
REMEMBERED = 10_000
_THOUSAND = [b"%03d" % number for number in range(1000)]


class Numbers(dict):
    """number → its digits, remembered: records of one batch share their milliseconds."""

    def __missing__(self, number: int) -> bytes:
        if len(self) >= REMEMBERED:
            self.clear()
        digits = self[number] = b"%d" % number
        return digits


class Lines:
    """Makes lines of a partition's records."""

    def __init__(self, partition: int):
        self.source = b',"kafka_partition":%d,"kafka_offset":' % partition
        self._stamps = Numbers()

    def one(self, body: bytes, about: bytes, extra: bytes, offset: int, timestamp: int) -> bytes:
        """The line of a record: what `Processor.process` returned, and where it is from."""
        digits = [b"%d" % offset], [b"%d" % timestamp]
        return _join(self.source, [body], [about], [extra], *digits)

    def by_hour(
        self, many: Many, first: int, messages: list[Message]
    ) -> Iterator[tuple[str, bytes, int]]:
        """Each hour, its records' lines and how many they are. Offsets count on from `first`."""
        stamps = [self._stamps[at] for _, at in map(Message.timestamp, messages)]
        shared, where = _digits(first, len(messages))
        columns = many.bodies, many.abouts, many.extras, where, stamps
        hours = set(many.hours)
        for hour in sorted(hours - {None}):
            mine = columns
            if len(hours) > 1:
                which = [other == hour for other in many.hours]
                mine = [list(compress(column, which)) for column in columns]
            yield hour, _join(self.source + shared, *mine), len(mine[0])


def _digits(first: int, many: int) -> tuple[bytes, list[bytes]]:
    """The digits that numbers from `first` on begin with, all of them, and those that follow."""
    thousand, rest = divmod(first, 1000)
    if thousand and rest + many <= 1000:
        return b"%d" % thousand, _THOUSAND[rest : rest + many]
    return b"", [b"%d" % number for number in range(first, first + many)]


def _join(source, bodies, abouts, extras, offsets, stamps) -> bytes:
    pieces = [b"{", b"", b"", b"", source, b"", b',"kafka_timestamp":', b"", b"}\n"]
    size = len(pieces)
    pieces *= len(bodies)
    pieces[1::size], pieces[2::size], pieces[3::size] = bodies, abouts, extras
    pieces[5::size], pieces[7::size] = offsets, stamps
    return b"".join(pieces)
