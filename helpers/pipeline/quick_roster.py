"""The roster as arrays: what is known of many students at once, for `machine`."""

from __future__ import annotations

import re

import numpy as np

from helpers.pipeline.machine_terms import STUDENTS
from helpers.pipeline.packed import packed
from helpers.pipeline.roster import UNKNOWN

STUDENT = re.compile("E[0-9]{6}")


class Table:
    """student → piece of JSON, for students like E123456. `refresh` after changes.

    `which[123456]` is the number of the student's piece, `pieces` are their bytes one after the
    other and `ends` where they begin and end.
    """

    def __init__(self, roster: dict[str, bytes]):
        self._roster, self._version = roster, None
        self.refresh()

    def refresh(self) -> None:
        """Take over what has changed in the roster."""
        version = getattr(self._roster, "version", len(self._roster))
        if version == self._version:
            return
        self._version = version
        pieces, which = [UNKNOWN], np.zeros(STUDENTS, np.int32)
        for student, piece in list(self._roster.items()):
            if STUDENT.fullmatch(student):
                which[int(student[1:])] = len(pieces)
                pieces.append(piece)
        self.pieces, self.ends = packed(pieces)
        self.which = which
