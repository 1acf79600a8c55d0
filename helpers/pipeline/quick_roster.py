"""The roster as an array: what is known of many students at once."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from helpers.pipeline.arrow import numbers, seen, texts
from helpers.pipeline.roster import UNKNOWN


class Table:
    """student → piece of JSON as an array, for students like E123456. `refresh` after changes."""

    def __init__(self, roster: dict[str, bytes]):
        self._roster, self._version = roster, None
        self.refresh()

    def refresh(self) -> None:
        """Take over what has changed in the roster."""
        version = getattr(self._roster, "version", len(self._roster))
        if version == self._version:
            return
        self._version = version
        pieces, index = [UNKNOWN], np.zeros(1_000_000, np.int32)
        for student, piece in list(self._roster.items()):
            if len(student) == 7 and student[0] == "E" and student[1:].isdecimal():
                index[int(student[1:])] = len(pieces)
                pieces.append(piece)
        self._pieces, self._index = texts(pieces), index

    def pieces(self, students: pa.Array) -> pa.Array:
        """The pieces of some students, as they are written in events."""
        digits = pc.cast(pc.cast(pc.binary_slice(students, 1, 7), pa.string()), pa.int32())
        return self._pieces.take(numbers(self._index[seen(digits)]))
