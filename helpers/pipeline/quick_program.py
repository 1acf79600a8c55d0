"""Templates and filters of a topic's events as the numbers that `machine` works by."""

from __future__ import annotations

from collections.abc import Container, Iterable
from itertools import accumulate

import numpy as np

from helpers.pipeline.automaton import DEAD, Automata
from helpers.pipeline.campus import COURSES
from helpers.pipeline.forms import Cell
from helpers.pipeline.machine_terms import NOTHING, Pieces, Program
from helpers.pipeline.packed import Held, packed
from helpers.pipeline.process import JUDGED, NAMED, PASS, UNNAMED
from helpers.pipeline.quick_drops import Test
from helpers.pipeline.template import Template

LONG = 1 << 30  # more than any event's bytes
CLASSES = 31  # of bytes in a head
NO_PAIRS = np.zeros(0, bool)


def program(
    made: list[tuple[Template, list[Test]]], owner: str, reasons: list[str], held: Held
) -> Program:
    """Templates and filters as numbers. Raises ValueError when there are too many of something."""
    templates = [found for found, _ in made]
    automata = Automata()
    steps = [step for found in templates for step in found.steps]
    starts = [automata.add(step.pattern) if step.pattern else DEAD for step in steps]
    sorts, follows, accepting, width = automata.tables()
    tests = [test for _, rows in made for test in rows]
    texts_at = list(accumulate((len(test.texts) for test in tests), initial=0))
    fields = ("timestamp", "student_id", owner)

    def steps_with(field: str, kinds: Container[str]) -> int:
        none = NOTHING
        return held.array(
            found.values.get(field, none) if found.kind in kinds else none for found in templates
        )

    def pieces(texts: Iterable[bytes]) -> Pieces:
        return held.pieces(packed(texts))

    return Program(
        start=templates[0].places["type"][0],
        types=len(templates),
        names=pieces(found.kind.encode() + b'"' for found in templates),
        **_Head(templates).addresses(held),
        places=held.array(found.places[name][0] for found in templates for name in fields),
        owner_width=templates[0].width(owner),  # all types' are alike
        steps=held.array(
            number
            for start, step in zip(starts, steps, strict=True)
            for number in (start * width, LONG if step.most is None else step.most)
        ),
        steps_at=held.sums(len(found.steps) for found in templates),
        texts=pieces(step.text for step in steps),
        sorts=held.array(sorts, np.uint8),
        follows=held.array(follows, np.uint16),
        accepting=held.array(accepting, np.uint8),
        course_steps=steps_with("course", {found.kind for found in templates}),
        grade_steps=steps_with("grade", {"calificacion"}),
        enough=held.array([PASS], np.float64),
        courses=pieces(map(str.encode, COURSES)),
        unknown=len(COURSES),
        named=pieces([*(NAMED[course] for course in COURSES), UNNAMED]),
        judged=pieces(JUDGED),
        tests=held.array(
            number
            for n, test in enumerate(tests)
            for number in (test.code, test.step, reasons.index(test.why), *texts_at[n : n + 2])
        ),
        limits=held.array((test.limit for test in tests), np.float64),
        tests_at=held.sums(len(rows) for _, rows in made),
        test_texts=pieces(text for test in tests for text in test.texts),
        reasons=len(reasons),
        before=pieces([b',"kafka_timestamp":']),
        after=pieces([b"}\n"]),
    )


class _Head:
    """The heads of all types, byte by byte."""

    def __init__(self, templates: list[Template]):
        self._classes = np.zeros(256, np.uint32)
        self._bits: dict[Cell, int] = {}
        self._literal: list[int] = []
        self._wanted: list[int] = []
        self._places: list[int] = []
        self._tables: list[np.ndarray] = []
        self._at, self._pairs_at = [0], [0]
        for found in templates:
            for cell in found.cells:
                self._add(cell)
            self._at.append(len(self._literal))
            self._pairs_at.append(len(self._places))

    def _add(self, cell: Cell) -> None:
        for choice in map(frozenset, zip(*cell, strict=True)):
            self._literal.append(min(choice))
            self._wanted.append(0 if len(choice) == 1 else self._bit(choice))
        if len(next(iter(cell))) == 2:
            allowed = np.zeros(65_536, bool)
            allowed[[pair[0] << 8 | pair[1] for pair in cell]] = True
            self._places.append(len(self._literal) - 2 - self._at[-1])
            self._tables.append(allowed)

    def _bit(self, choice: frozenset[int]) -> int:
        bit = self._bits.setdefault(choice, 1 << len(self._bits))
        if bit >> CLASSES:
            raise ValueError("too many classes of bytes")
        self._classes[list(choice)] |= bit
        return bit

    def addresses(self, held: Held) -> dict[str, int]:
        """As `Program` wants them."""
        return {
            "literals": held.array(self._literal, np.uint8),
            "wanted": held.array(self._wanted, np.uint32),
            "head_at": held.array(self._at),
            "classes": held.array(self._classes, np.uint32),
            "pair_places": held.array(self._places),
            "pair_tables": held.array(np.concatenate([NO_PAIRS, *self._tables]), np.uint8),
            "pairs_at": held.array(self._pairs_at),
        }
