"""Numbers and pieces of bytes as arrays, and where they are, for `machine`."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import accumulate

import numpy as np

from helpers.pipeline.machine_terms import Pieces


def packed(pieces: Iterable[bytes]) -> tuple[np.ndarray, np.ndarray]:
    """All bytes one after the other, and the offsets at which pieces begin and end.

    One offset more than there are pieces. Raises TypeError when one is None.
    """
    pieces = list(pieces)
    ends = np.zeros(len(pieces) + 1, np.int64)
    np.cumsum(np.fromiter(map(len, pieces), np.int64, len(pieces)), out=ends[1:])
    return np.frombuffer(b"".join(pieces), np.uint8), ends


class Held:
    """Arrays for `machine`, which is told where they are: they live as long as this does."""

    def __init__(self) -> None:
        self._arrays: list[np.ndarray] = []

    def array(self, numbers: Iterable, kind: type = np.int64) -> int:
        """The address of some numbers."""
        given = numbers if isinstance(numbers, np.ndarray) else list(numbers)
        return self.address(np.ascontiguousarray(given, kind))

    def address(self, array: np.ndarray) -> int:
        """Where an array is."""
        self._arrays.append(array)
        return array.ctypes.data

    def numbers(self, told: tuple) -> int:
        """The address of all numbers of a tuple, those of tuples in it in their place."""
        flat = (n if isinstance(n, tuple) else (n,) for n in told)
        return self.array(number for each in flat for number in each)

    @staticmethod
    def room(rows: int, columns: int) -> np.ndarray:
        """Zeros."""
        return np.zeros((rows, columns), np.int64)

    def pieces(self, pieces: tuple[np.ndarray, np.ndarray]) -> Pieces:
        """The addresses of what `packed` returns."""
        data, ends = pieces
        return Pieces(self.array(data, np.uint8), self.array(ends))

    def sums(self, numbers: Iterable[int]) -> int:
        """0 and the sums of the first one, the first two, …"""
        return self.array(accumulate(numbers, initial=0))
