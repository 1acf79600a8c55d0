"""Records of some partitions made into lines by Arrow, outside the interpreter's lock.

What is done is what `process.Processor` does, and the lines are the same bytes: `tests/sink`
compares them. Only events of the usual form (`template`) are for it; a run with one of another form
gets None, and its lane processes it the other way.

A call holds the lock for a small part of its time, so a thread does it while the next records are
taken from the client (docs/benchmarks.md has the figures).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from helpers.pipeline.arrow import FIRST, flags, numbers, seen, texts, told
from helpers.pipeline.campus import COURSES
from helpers.pipeline.filters import Drop
from helpers.pipeline.process import JUDGED, KEY_FIELD, NAMED, PASS, UNNAMED
from helpers.pipeline.quick_drops import number, rules
from helpers.pipeline.quick_roster import Table
from helpers.pipeline.schemas import TOPICS, json_schema
from helpers.pipeline.template import Template, template

HOUR = 13  # characters of a time that say the hour: 2026-03-02T08
EMPTY = texts([b""])[0]
OTHER = numbers(np.array([len(COURSES)], np.int32))[0]
KNOWN = texts(course.encode() for course in COURSES)
COURSE = texts([*(NAMED[course] for course in COURSES), UNNAMED])
PASSED = texts(JUDGED)
ENOUGH = numbers(np.array([float(PASS)]))[0]


@dataclass(frozen=True, slots=True)
class Run:
    """Records of one partition in a row. `source` is the piece of a line before the offset."""

    source: bytes
    first: int
    many: int


@dataclass(slots=True)
class Lines:
    """What became of records in a row: by hour their lines and how many, and what was dropped."""

    hours: dict[str, tuple[pa.Buffer | memoryview, int]]
    dropped: Counter[str]


class Quick:
    """Makes lines of a topic's records. `usable` is False when schema or filters are not for it."""

    def __init__(self, schema: str, drops: list[Drop], roster: dict[str, bytes] | None, most: int):
        self._most = most
        kinds = TOPICS.get(schema, (schema,))
        owner = KEY_FIELD.get(schema, "student_id")
        self._templates: list[Template] = []
        self._drops = {}
        self.usable = False  # until all types have turned out to be
        self._table = Table({} if roster is None else roster)
        for kind in kinds:
            found = template(kind, json_schema(kind))
            wanted = {"type", "timestamp", "student_id", owner}
            if found is None or not wanted <= set(found.places):
                return
            tests = rules(drops, kind, json_schema(kind)["properties"])
            if tests is None:
                return
            self._templates.append(found)
            self._drops[kind] = tests
        self._owner = owner
        starts = {t.starts["type"] for t in self._templates}
        self.usable = len(starts) == 1
        self._start = min(starts)

    def refresh(self) -> None:
        """Take over the roster's news. Not while `lines` runs."""
        self._table.refresh()

    def lines(
        self, runs: list[Run], keys: list[bytes], values: list[bytes], stamps: list[int]
    ) -> list[Lines | None]:
        """Lines for each run, or None: one of its records is not of the usual form."""
        try:
            return self._lines(runs, texts(keys), texts(values), stamps)
        except (TypeError, pa.ArrowInvalid):  # None among them; no UTF-8
            return [None] * len(runs)

    def _lines(self, runs, keys, whole, stamps) -> list[Lines | None]:
        if pc.max(pc.binary_length(whole)).as_py() > self._most:
            return [None] * len(runs)
        whole.cast(pa.string())  # raises ArrowInvalid where it is no UTF-8
        hours, abouts, extras, drops = self._columns(keys, whole)
        counts = [run.many for run in runs]
        which = numbers(np.repeat(np.arange(len(runs)), counts))
        sources = texts(run.source for run in runs).take(which)
        offsets = np.concatenate([np.arange(run.first, run.first + run.many) for run in runs])
        pieces = [
            *(b"{", pc.binary_slice(whole, 1, -1), abouts, extras, sources, _digits(offsets)),
            *(b',"kafka_timestamp":', _digits(np.array(stamps, np.int64)), b"}\n", EMPTY),
        ]
        found = pc.binary_join_element_wise(
            *(texts([p])[0] if isinstance(p, bytes) else p for p in pieces)
        )
        done, start = [], 0
        for many in counts:
            some = (start, many)
            mine = [(why, mask.slice(*some)) for why, mask in drops]
            done.append(_by_hour(found.slice(*some), hours.slice(*some), mine))
            start += many
        return done

    def _columns(self, keys, whole):
        """Hour, roster's piece and extras of each record, and (why, which) of those to drop.

        Null where a record is not of the usual form.
        """
        at = self._start
        parts, order = [], []
        for each in self._templates:
            name = each.kind.encode() + b'"'
            mine = pc.equal(pc.binary_slice(whole, at, at + len(name)), texts([name])[0])
            where = seen(pc.indices_nonzero(mine))
            if not len(where):
                continue
            some = whole if len(where) == len(whole) else whole.take(numbers(where))
            good = each.matches(some)
            owners = pc.binary_slice(some, *each.places[self._owner])
            same = pc.equal(keys.take(numbers(where)), owners)
            good &= told(same)
            if not good.all():
                where, some, owners = (
                    where[good],
                    some.filter(flags(good)),
                    owners.filter(flags(good)),
                )
            parts.append(self._part(each, some, owners))
            order.append(where)
        if not parts:
            nothing = pa.nulls(len(whole), pa.binary())
            return nothing, nothing, nothing, []
        back = np.full(len(whole), -1)
        order = np.concatenate(order)
        back[order] = np.arange(len(order))
        back = numbers(back, back >= 0)
        hours, abouts, extras = (
            pa.concat_arrays([part[n] for part in parts]).take(back) for n in range(3)
        )
        return hours, abouts, extras, self._dropped(parts, back)

    def _part(self, each: Template, some, owners):
        """The columns of the records of one type."""
        time, _ = each.places["timestamp"]
        hours = pc.binary_slice(some, time, time + HOUR)
        students = owners
        if self._owner != "student_id":
            students = pc.binary_slice(some, *each.places["student_id"])
        abouts = self._table.pieces(students)
        if "course" in each.starts:
            begin = each.starts["course"]
            tail = pc.binary_slice(some, begin, begin + 41)
            course = pc.list_element(pc.split_pattern(tail, '"', max_splits=1), FIRST)
            which = pc.index_in(course, KNOWN).fill_null(OTHER)
            extras = COURSE.take(which)
            if each.kind == "calificacion":
                good = pc.greater_equal(number(some, "grade"), ENOUGH).cast(pa.int8())
                extras = pc.binary_join_element_wise(extras, PASSED.take(good), EMPTY)
        else:
            extras = texts([b""]).take(numbers(np.zeros(len(some), np.int32)))
        drops, taken = [], None
        for why, test in self._drops[each.kind]:
            mask = test(some)
            mask = mask if taken is None else pc.and_not(mask, taken)
            taken = mask if taken is None else pc.or_(taken, mask)
            drops.append((why, mask))
        return hours, abouts, extras, drops, len(some)

    @staticmethod
    def _dropped(parts, back):
        """(why, mask over all records in their order)."""
        found = []
        for why in dict.fromkeys(why for part in parts for why, _ in part[3]):
            masks = []
            for *_, drops, many in parts:
                mine = [mask for other, mask in drops if other == why]
                mask = mine[0] if mine else flags(np.zeros(many, bool))
                for more in mine[1:]:
                    mask = pc.or_(mask, more)
                masks.append(mask)
            found.append((why, pa.concat_arrays(masks).take(back)))
        return found


def _by_hour(lines: pa.Array, hours: pa.Array, drops) -> Lines | None:
    """A run's lines by hour. None: not all of its records are of the usual form."""
    if lines.null_count:
        return None
    done = Lines({}, Counter())
    kept = None
    for why, mask in drops:
        if some := pc.sum(mask).as_py():
            done.dropped[why] += some
            kept = pc.invert(mask) if kept is None else pc.and_not(kept, mask)
    every = pc.unique(hours)
    for hour in every:
        which = kept
        if len(every) > 1:
            same = pc.equal(hours, hour)
            which = same if kept is None else pc.and_(same, kept)
        mine = lines if which is None else lines.filter(which)
        if len(mine):
            done.hours[hour.as_py().decode()] = (_text(mine), len(mine))
    return done


def _digits(values: np.ndarray) -> pa.Array:
    return numbers(values).cast(pa.string()).cast(pa.binary())


def _text(lines: pa.Array) -> memoryview:
    """All lines one after the other, without copying them."""
    offsets = np.frombuffer(lines.buffers()[1], np.int32)
    begin, end = offsets[lines.offset], offsets[lines.offset + len(lines)]
    return memoryview(lines.buffers()[2])[begin:end]
