"""The records that are sent: as messages for `produce_batch`, made beforehand where possible."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from helpers.errors import LabError

POOL = 1_000  # different values
MOST = 500  # records of one call
STAMP = 8  # bytes
LETTERS = np.frombuffer(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ", np.uint8)
Value = int | bytes | Callable[[int], bytes]


class Values:
    """Messages for records by their number.

    value: a number of random letters (as ProducerPerformance sends them), always the same bytes, or
        a function of the record's number. `key`: None or a function of the number.
    epoch_ns: if given, the first 8 bytes of each value are when it was due: nanoseconds since 1970,
        big-endian.
    """

    def __init__(
        self,
        value: Value,
        key: Callable[[int], bytes] | None = None,
        epoch_ns: int | None = None,
        seed: int = 7,
    ) -> None:
        self._value, self._key, self._epoch = value, key, epoch_ns
        if isinstance(value, int):
            if not 0 <= value < 2**31:
                raise LabError(f"a value has 0 bytes or more, not {value}")
            letters = np.random.default_rng(seed).integers(0, LETTERS.size, POOL + value)
            random = LETTERS[letters].tobytes()
            self._pool = [random[start : start + value] for start in range(POOL)]
        elif isinstance(value, bytes):
            self._pool = [value] * POOL
        elif callable(value):
            self._pool = []
        else:
            raise LabError(f"value is a number of bytes, bytes or a function, not {value!r}")
        if epoch_ns is not None and self._pool and len(self._pool[0]) < STAMP:
            raise LabError(f"a stamp takes {STAMP} bytes: send values of at least {STAMP}")
        # Longer by one call, so that any call's messages are one slice of it.
        again = self._pool + self._pool[:MOST]
        self._made = [{"value": value} for value in again]
        self._reused = bool(self._pool) and key is None and epoch_ns is None

    def size(self, messages: list[dict]) -> int:
        """Bytes of all their values."""
        if self._pool:
            return len(messages) * len(self._pool[0])
        return sum(len(message["value"]) for message in messages)

    def messages(self, first: int, due: np.ndarray) -> list[dict]:
        """The records from number `first` on, one for each due time."""
        count = due.size
        place = first % POOL
        if self._reused:
            return self._made[place : place + count]
        numbers = range(first, first + count)
        if self._pool:
            values = [self._pool[number % POOL] for number in numbers]
        else:
            values = [self._value(number) for number in numbers]
        if self._epoch is not None:
            stamps = (due + self._epoch).astype(">i8").tobytes()
            values = [
                stamps[place * STAMP : place * STAMP + STAMP] + value[STAMP:]
                for place, value in enumerate(values)
            ]
        if self._key is None:
            return [{"value": value} for value in values]
        pairs = zip(numbers, values, strict=True)
        return [{"value": value, "key": self._key(number)} for number, value in pairs]
