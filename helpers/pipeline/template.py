"""The usual form of an event, made from its JSON Schema, to judge many at once.

Producers that write with one JSON library write the same form: fields in the schema's order, no
blanks, no escapes. Such texts can be judged outside the interpreter's lock: a head in which every
field has its place by NumPy, a byte at a time for all events, and the rest by RE2.
`template(schema)` is stricter than the schema, never laxer: what matches is valid, and what does
not match says nothing. So whatever is not understood here makes a template impossible (None).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from helpers.pipeline.arrow import told
from helpers.pipeline.forms import Cell, Piece, flat, literal, value

CLASSES = 7  # of bytes in a head, and a bit for pairs
LONG = 1 << 30  # more than any event's bytes


class Template:
    """The usual form of an event of one type: a head of fixed places, and a tail for RE2.

    `places` are fields in the head, in bytes: name → (from, to). `starts` also has the field that
    begins where the head ends.
    """

    def __init__(self, kind: str, cells: list[Cell], places, starts, tail: list[Piece]):
        self.kind, self.places, self.starts = kind, places, starts
        self._tail = tail
        self._shortest = sum(piece.shortest for piece in tail)
        self.width = sum(len(next(iter(cell))) for cell in cells)
        self._literal = np.full(self.width, 0xFF, np.uint8)  # no byte of UTF-8
        self._class = np.zeros(256, np.uint8)
        self._wanted = np.zeros(self.width, np.uint8)
        self._pairs: list[tuple[int, np.ndarray]] = []
        bits: dict[Cell, int] = {}
        at = 0
        for cell in cells:
            wide = len(next(iter(cell)))
            if wide == 1 and len(cell) == 1:
                self._literal[at] = next(iter(cell))[0]
            elif wide == 1:
                bit = bits.setdefault(cell, 1 << len(bits))
                self._wanted[at] = bit
                self._class[[value[0] for value in cell]] |= bit
            else:
                allowed = np.zeros(65_536, bool)
                allowed[[value[0] << 8 | value[1] for value in cell]] = True
                self._pairs.append((at, allowed))
                self._wanted[at : at + 2] = 0x80
            at += wide
        self._class |= 0x80  # a pair's bytes are looked at together
        self._pattern = lru_cache(maxsize=8)(self._made)

    def matches(self, some: pa.Array) -> np.ndarray:
        """Which events (binary) have this form; bool, one for each."""
        lengths = pc.binary_length(some)
        short = pc.min(lengths).as_py()
        if short < self.width + self._shortest:
            return np.zeros(len(some), bool)
        head = pc.binary_slice(some, 0, self.width)
        data = np.frombuffer(head.buffers()[2], np.uint8, len(some) * self.width)
        rows = data.reshape(len(some), self.width)
        fits = np.take(self._class, rows)
        fits &= self._wanted
        good = ((rows == self._literal) | (fits != 0)).all(axis=1)
        for at, allowed in self._pairs:
            pair = rows[:, at].astype(np.uint16) << 8 | rows[:, at + 1]
            good &= np.take(allowed, pair)
        tail = pc.binary_slice(some, self.width, LONG)
        longest = pc.max(lengths).as_py() - self.width
        matched = pc.match_substring_regex(tail, self._pattern(longest - self._shortest))
        return good & told(matched)

    def _made(self, spare: int) -> str:
        """RE2 for tails with at most so many bytes more than the shortest has.

        RE2 is quicker where it need not count, and cannot be wrong where there are too few bytes.
        """
        text = "^"
        for piece in self._tail:
            text += piece.text
            if piece.most is not None:
                text += "*" if spare <= piece.most else f"{{0,{piece.most}}}"
        return text + "$"


def template(kind: str, schema: dict[str, Any]) -> Template | None:
    """The template of an event's type. None: the schema says something that this does not know."""
    rules = schema["properties"]
    if schema.get("additionalProperties") is not False or schema["required"] != list(rules):
        return None
    cells = literal("{")
    places, starts, tail = {}, {}, []
    in_head = True
    for number, (field, rule) in enumerate(rules.items()):
        name = ("," if number else "") + f'"{field}":'
        found = value(rule)
        if found is None:
            return None
        pieces, mine, quoted = found
        if in_head:
            begin = len(flat(cells)) + len(name) + quoted
            starts[field] = begin
            if mine is None:
                in_head = False
            else:
                mark = literal('"') * quoted
                cells += literal(name) + mark + mine + mark
                places[field] = (begin, begin + len(flat(mine)))
        if not in_head:
            tail += [Piece(re.escape(name).replace('\\"', '"'), len(name)), *pieces]
    if len({cell for cell in cells if len(cell) > 1 and len(min(cell)) == 1}) > CLASSES:
        return None
    return Template(kind, cells, places, starts, [*tail, Piece(r"\}", 1)])


def text_of(field: str, value: Any) -> str:
    """How a field with this value looks inside of an event of the usual form."""
    return f'"{field}":{orjson.dumps(value).decode()}'
