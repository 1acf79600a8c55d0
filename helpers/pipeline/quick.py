"""Records of some partitions made into lines at once, without a step of the interpreter for each.

What is done is what `process.Processor` does, and the lines are the same bytes: `tests/sink`
compares them. Only events of the usual form (`template`) are for it; a run with one of another form
gets None, and its lane processes it the other way.

`machine` does it, which is `compiled`: in a third of the time that `Processor.process_all` takes
(docs/benchmarks.md has the figures).
"""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice

import numpy as np

from helpers.pipeline import compiled
from helpers.pipeline.filters import Drop
from helpers.pipeline.machine_terms import COLUMNS, DIFFERENT, NOTHING, STEPS, Given
from helpers.pipeline.packed import Held, packed
from helpers.pipeline.process import KEY_FIELD
from helpers.pipeline.quick_drops import tests
from helpers.pipeline.quick_program import program
from helpers.pipeline.quick_roster import Table
from helpers.pipeline.schemas import TOPICS, json_schema
from helpers.pipeline.template import Template, template

NUMBER = frozenset(range(48, 58))
HOUR = (0, 1, 2, 3, 5, 6, 8, 9, 11, 12)  # where a time has the digits of its hour
# What there is to be of a run, see `machine_terms.Given`.
ROOM = {"different": 1} | dict.fromkeys(("hours", "counts", "sizes"), DIFFERENT)


@dataclass(frozen=True, slots=True)
class Run:
    """Records of one partition in a row. `source` is the piece of a line before the offset."""

    source: bytes
    first: int
    many: int


@dataclass(slots=True)
class Lines:
    """What became of records in a row: by hour their lines and how many, and what was dropped."""

    hours: dict[str, tuple[memoryview, int]]
    dropped: Counter[str]


class Quick:
    """Makes lines of a topic's records, if it is `usable`."""

    def __init__(self, schema: str, drops: list[Drop], roster: dict[str, bytes] | None, most: int):
        self._most = most
        self._table = Table({} if roster is None else roster)
        self._reasons = list(dict.fromkeys(rule.why for rule in drops))
        owner = KEY_FIELD.get(schema, "student_id")
        made = []
        for kind in TOPICS.get(schema, (schema,)):
            rules = json_schema(kind)["properties"]
            found = template(kind, json_schema(kind))
            rows = None if found is None or not _known(found, owner) else tests(drops, found, rules)
            if rows is None:
                made.clear()
                break
            made.append((found, rows))
        alike = {(found.places["type"][0], found.width(owner)) for found, _ in made}
        self._code = compiled.load()
        self._program = None
        if len(alike) == 1:
            self._held = Held()
            with suppress(ValueError):  # more of something than there is room for
                told = program(made, owner, self._reasons, self._held)
                self._widths = ROOM | {"dropped": told.reasons}
                self._program = self._held.numbers(told)

    def begin(self) -> None:
        """Let the code be compiled beside what goes on, if it is of use and not there."""
        if self._program is not None and self._code is None:
            compiled.begin()

    @property
    def usable(self) -> bool:
        """Whether schema and filters are for it, and the code is `compiled`."""
        return self._program is not None and self._code is not None

    def refresh(self) -> None:
        """Take over the roster's news, and the code if it has been compiled meanwhile."""
        if self._program is not None:
            self._table.refresh()
            self._code = self._code or compiled.load()

    def lines(
        self, runs: list[Run], keys: list[bytes], values: list[bytes], stamps: list[int]
    ) -> list[Lines | None]:
        """Lines for each run, or None: one of its records is not of the usual form."""
        try:
            keys_, values_ = packed(keys), packed(values)
        except TypeError:  # None among them
            return [None] * len(runs)
        if not len(keys) == len(values) == len(stamps) == sum(run.many for run in runs):
            raise ValueError("each record has a key, a value, a time, and is in a run")
        if np.diff(values_[1]).max(initial=0) > self._most:
            return [None] * len(runs)
        many, held = len(runs), Held()
        room = {name: held.room(many, width) for name, width in self._widths.items()}
        given = Given(
            many=many,
            keys=held.pieces(keys_),
            values=held.pieces(values_),
            stamps=held.array(stamps),
            runs=held.sums(run.many for run in runs),
            firsts=held.array(run.first for run in runs),
            sources=held.pieces(packed(run.source for run in runs)),
            roster=held.pieces((self._table.pieces, self._table.ends)),
            which=held.array(self._table.which, np.int32),
            found=held.address(np.empty(len(values) * COLUMNS, np.int64)),
            spans=held.address(np.empty(2 * STEPS, np.int64)),
            **{name: held.address(array) for name, array in room.items()},
        )
        told = self._program, held.numbers(given)
        out = np.empty(self._code.judge(*told), np.uint8)
        nexts = np.empty(DIFFERENT, np.int64)
        self._code.write(*told, held.address(out), held.address(nexts))
        return list(self._by_run(memoryview(out), **{n: a.tolist() for n, a in room.items()}))

    def _by_run(self, text: memoryview, different, hours, counts, sizes, dropped):
        begin = 0
        for (many,), *rows, drops in zip(different, hours, counts, sizes, dropped, strict=True):
            if many == NOTHING:
                yield None
                continue
            done = Lines({}, +Counter(dict(zip(self._reasons, drops, strict=True))))
            for hour, count, size in islice(zip(*rows, strict=True), many):
                done.hours[_hour(hour)] = (text[begin : begin + size], count)
                begin += size
            yield done


def _hour(number: int) -> str:
    text = f"{number:010}"
    return f"{text[:4]}-{text[4:6]}-{text[6:8]}T{text[8:]}"


def _known(made: Template, owner: str) -> bool:
    """Whether the head has what lines are made of, where `machine` looks for it."""
    if not {"type", "timestamp", "student_id", owner} <= set(made.places):
        return False
    if {"course", "grade"} & set(made.places):
        return False
    time, student = made.place("timestamp"), made.place("student_id")
    dates = len(time) > max(HOUR) and all(time[at] <= NUMBER for at in HOUR)
    numbered = len(student) == 7 and all(choice <= NUMBER for choice in student[1:])
    numbered = numbered and student[0] == {ord("E")}
    return dates and numbered and len(made.steps) <= STEPS
