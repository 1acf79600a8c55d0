"""Lines made of many records at once, in Python that Numba compiles: see `compiled`.

`judge` looks at each event as a `Program` says; `write` writes the lines of those that are as
usual. A run (records of one partition in a row) with one that is not is left out whole. All is by
addresses (`machine_memory`); `quick` keeps alive what they are of.
"""

from __future__ import annotations

import numpy as np

from helpers.pipeline.machine_events import added, hour, judge_one
from helpers.pipeline.machine_memory import (
    add,
    address,
    copy,
    digits,
    entry,
    get,
    int32,
    pieces_at,
    plain,
    put,
    set_,
    set_entry,
    size_of,
    width,
    write_digits,
)
from helpers.pipeline.machine_terms import (
    ABOUT,
    COURSE,
    DIFFERENT,
    GRADE,
    HOUR,
    NOTHING,
    SIZE,
    STUDENTS,
    UNKNOWN,
    WHY,
    Given,
    Program,
)


@plain
def _line_size(p, g, r, n):
    """Without the roster's piece."""
    course, grade = get(g.found, n, COURSE), get(g.found, n, GRADE)
    size = size_of(g.values, n) - 1 + size_of(g.sources, r)
    if course != NOTHING:
        size += size_of(p.named, course)
    if grade != NOTHING:
        size += size_of(p.judged, grade)
    size += width(_offset(g, r, n)) + width(entry(g.stamps, n))
    return size + size_of(p.before, 0) + size_of(p.after, 0)


@plain
def _offset(g, r, n):
    return entry(g.firsts, r) + n - entry(g.runs, r)


@plain
def _write_line(p, g, r, n, to):
    """Write record n's line; the address behind it."""
    course, grade = get(g.found, n, COURSE), get(g.found, n, GRADE)
    to = copy(to, address(g.values, n), size_of(g.values, n) - 1)  # without the brace
    to = put(to, g.roster, get(g.found, n, ABOUT))
    if course != NOTHING:
        to = put(to, p.named, course)
    if grade != NOTHING:
        to = put(to, p.judged, grade)
    to = put(to, g.sources, r)
    to = write_digits(to, _offset(g, r, n))
    to = put(to, p.before, 0)
    to = write_digits(to, entry(g.stamps, n))
    return put(to, p.after, 0)


@plain
def _judge_all(p, g):
    """Fill rows of `found`; ABOUT is the student yet, HOUR the hour."""
    for r in range(g.many):
        for n in range(entry(g.runs, r), entry(g.runs, r + 1)):
            kind, why = judge_one(p, g, n, g.spans)
            if why == UNKNOWN:
                set_entry(g.different, r, NOTHING)
                break
            set_(g.found, n, WHY, why)
            if why != NOTHING:
                add(g.dropped, r * p.reasons + why, 1)
                continue
            event = address(g.values, n)
            set_(g.found, n, HOUR, hour(event + entry(p.places, 3 * kind)))
            student = event + entry(p.places, 3 * kind + 1) + 1
            set_(g.found, n, ABOUT, digits(student, 6) % STUDENTS)  # which it is below anyway
            course, grade = added(p, kind, g.spans)
            set_(g.found, n, COURSE, course)
            set_(g.found, n, GRADE, grade)


@plain
def _look_up(g):
    """From students to pieces of the roster, anywhere in memory.

    In a loop of their own the processor waits for many of them at once.
    """
    for r in range(g.many):
        if entry(g.different, r) != NOTHING:
            for n in range(entry(g.runs, r), entry(g.runs, r + 1)):
                if get(g.found, n, WHY) == NOTHING:
                    about = np.int64(int32(g.which + 4 * get(g.found, n, ABOUT)))
                    set_(g.found, n, ABOUT, about)
                    set_(g.found, n, SIZE, size_of(g.roster, about))


@plain
def _sort_out(p, g, r):
    """Which hours a run has, and what their lines will take; HOUR is the hour's number then."""
    different, first = 0, DIFFERENT * r
    for n in range(entry(g.runs, r), entry(g.runs, r + 1)):
        if get(g.found, n, WHY) != NOTHING:
            continue
        h, hour = 0, get(g.found, n, HOUR)
        while h < different and entry(g.hours, first + h) != hour:
            h += 1
        if h == DIFFERENT:
            return NOTHING
        if h == different:
            set_entry(g.hours, first + h, hour)
            different += 1
        set_(g.found, n, HOUR, h)
        add(g.counts, first + h, 1)
        add(g.sizes, first + h, get(g.found, n, SIZE) + _line_size(p, g, r, n))
    return different


@plain
def _program(a):
    """The Program whose numbers are at an address, in their order."""
    return Program(
        *(entry(a, 0), entry(a, 1), pieces_at(a, 2), entry(a, 4), entry(a, 5), entry(a, 6)),
        *(entry(a, 7), entry(a, 8), entry(a, 9), entry(a, 10), entry(a, 11), entry(a, 12)),
        *(entry(a, 13), entry(a, 14), pieces_at(a, 15), entry(a, 17), entry(a, 18)),
        *(entry(a, 19), entry(a, 20), entry(a, 21), entry(a, 22), pieces_at(a, 23)),
        *(entry(a, 25), pieces_at(a, 26), pieces_at(a, 28), entry(a, 30), entry(a, 31)),
        *(entry(a, 32), pieces_at(a, 33), entry(a, 35), pieces_at(a, 36), pieces_at(a, 38)),
    )


@plain
def _given(a):
    """Likewise."""
    return Given(
        *(entry(a, 0), pieces_at(a, 1), pieces_at(a, 3), entry(a, 5), entry(a, 6), entry(a, 7)),
        *(pieces_at(a, 8), pieces_at(a, 10), entry(a, 12), entry(a, 13), entry(a, 14)),
        *(entry(a, 15), entry(a, 16), entry(a, 17), entry(a, 18), entry(a, 19)),
    )


def judge(program, given):
    """Fill all that there is room for in what was given, see `Given`. Returns the lines' bytes.

    Both are addresses of all their numbers in a row.
    """
    p, g = _program(program), _given(given)
    _judge_all(p, g)
    _look_up(g)
    total = 0
    for r in range(g.many):
        if entry(g.different, r) != NOTHING:
            set_entry(g.different, r, _sort_out(p, g, r))
            for h in range(entry(g.different, r)):
                total += entry(g.sizes, DIFFERENT * r + h)
    return total


def write(program, given, out, nexts):
    """Write the lines to `out`, those of the first run first, hour by hour; returns their bytes.

    After `judge`. `nexts` is room for DIFFERENT numbers.
    """
    p, g, begin = _program(program), _given(given), out
    for r in range(g.many):
        for h in range(entry(g.different, r)):
            set_entry(nexts, h, out)
            out += entry(g.sizes, DIFFERENT * r + h)
        if entry(g.different, r) > 0:
            for n in range(entry(g.runs, r), entry(g.runs, r + 1)):
                if get(g.found, n, WHY) == NOTHING:
                    h = get(g.found, n, HOUR)
                    set_entry(nexts, h, _write_line(p, g, r, n, entry(nexts, h)))
    return out - begin
