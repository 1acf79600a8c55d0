"""What `machine` sees in one event: its type, whether it is as usual, what a filter says."""

from __future__ import annotations

import numpy as np

from helpers.pipeline.automaton import DEAD
from helpers.pipeline.machine_memory import (
    ZERO,
    address,
    digits,
    entry,
    float64,
    plain,
    same,
    set_int64,
    size_of,
    uint8,
    uint16,
    uint32,
    which,
)
from helpers.pipeline.machine_terms import ALWAYS, DIGITS, NOTHING, TEXT, UNKNOWN

DOT = b"."[0]


@plain
def hour(time):
    """2026030208, of 2026-03-02T08:00:00.020Z."""
    date = (digits(time, 4) * 100 + digits(time + 5, 2)) * 100
    return (date + digits(time + 8, 2)) * 100 + digits(time + 11, 2)


@plain
def _in_calendar(time):
    """Whether there is such a day; what the form says of month and day is known to hold."""
    year, month, day = digits(time, 4), digits(time + 5, 2), digits(time + 8, 2)
    if year < 1:
        return False
    if month == 2:
        leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
        return day <= 28 + leap
    return day <= 31 - (month == 4 or month == 6 or month == 9 or month == 11)


@plain
def _number(text, size):
    """A number of the usual form, NaN if it has too many digits to be exact.

    An integer and a power of ten below 2**53: so their quotient is what `float` says.
    """
    whole, scale, digits, behind = 0, 1, 0, False
    for i in range(size):
        byte = np.int64(uint8(text + i))
        if byte == DOT:
            behind = True
            continue
        whole = whole * 10 + (byte - ZERO)
        digits += 1
        if behind:
            scale *= 10
    return whole / scale if digits <= DIGITS else np.nan


@plain
def _type_of(p, event, size):
    for kind in range(p.types):
        long = size_of(p.names, kind)
        if p.start + long <= size and same(event + p.start, address(p.names, kind), long):
            return kind
    return NOTHING


@plain
def _head_fits(p, kind, event):
    first = entry(p.head_at, kind)
    literals, wanted, bad = p.literals + first, p.wanted + 4 * first, np.uint32(0)
    for i in range(entry(p.head_at, kind + 1) - first):
        byte = uint8(event + i)
        classes = uint32(p.classes + 4 * np.int64(byte))
        bad |= np.uint32((byte != uint8(literals + i)) & (classes & uint32(wanted + 4 * i) == 0))
    if bad:
        return False
    for i in range(entry(p.pairs_at, kind), entry(p.pairs_at, kind + 1)):
        at = event + entry(p.pair_places, i)
        pair = (np.int64(uint8(at)) << 8) | np.int64(uint8(at + 1))
        if uint8(p.pair_tables + (i << 16) + pair) == 0:
            return False
    return True


@plain
def _value_size(p, state, text, size):
    """How long the longest value is that an automaton takes, NOTHING if it takes none."""
    for i in range(size):
        sort = np.int64(uint8(p.sorts + np.int64(uint8(text + i))))
        other = np.int64(uint16(p.follows + 2 * (state + sort)))
        if other == DEAD:
            return i if uint8(p.accepting + state) else NOTHING
        state = other
    return size if uint8(p.accepting + state) else NOTHING


@plain
def _steps_fit(p, kind, rest, size, values):
    """Whether a text is what the type's steps say; row n of `values` gets where step n's value is.

    A row is its address and its size.
    """
    first, end = entry(p.steps_at, kind), rest + size
    for step in range(first, entry(p.steps_at, kind + 1)):
        long = size_of(p.texts, step)
        if rest + long > end or not same(rest, address(p.texts, step), long):
            return False
        rest += long
        state, most = entry(p.steps, 2 * step), entry(p.steps, 2 * step + 1)
        if state == DEAD:  # no value
            continue
        long = _value_size(p, state, rest, end - rest)
        if long == NOTHING or long > most:
            return False
        set_int64(values + 16 * (step - first), rest)
        set_int64(values + 16 * (step - first) + 8, long)
        rest += long
    return rest == end


@plain
def _holds(code, number, limit):
    """`code` is a comparison's place in `machine_terms.NUMERIC`."""
    if code == 0:
        return number == limit
    if code == 1:
        return number != limit
    if code == 2:
        return number < limit
    if code == 3:
        return number <= limit
    if code == 4:
        return number > limit
    return number >= limit


@plain
def _reason(p, kind, values):
    """The number of the reason to drop an event, NOTHING, or UNKNOWN: it cannot be said."""
    for i in range(entry(p.tests_at, kind), entry(p.tests_at, kind + 1)):
        row = p.tests + 40 * i
        code, step, why = entry(row, 0), entry(row, 1), entry(row, 2)
        if code == ALWAYS:
            return why
        value, size = entry(values, 2 * step), entry(values, 2 * step + 1)
        if code == TEXT:
            first, last = entry(row, 3), entry(row, 4)
            if which(p.test_texts, first, last, value, size) != last:
                return why
        else:
            number = _number(value, size)
            if np.isnan(number):
                return UNKNOWN
            if _holds(code, number, float64(p.limits + 8 * i)):
                return why
    return NOTHING


@plain
def judge_one(p, g, n, values):
    """A record's type, and why it is to be dropped: a reason, NOTHING, or UNKNOWN: not usual."""
    event, size = address(g.values, n), size_of(g.values, n)
    kind = _type_of(p, event, size)
    if kind == NOTHING or entry(g.stamps, n) < 0:
        return kind, UNKNOWN
    head = entry(p.head_at, kind + 1) - entry(p.head_at, kind)
    if head > size or not _head_fits(p, kind, event):
        return kind, UNKNOWN
    if not _steps_fit(p, kind, event + head, size - head, values):
        return kind, UNKNOWN
    if not _in_calendar(event + entry(p.places, 3 * kind)):
        return kind, UNKNOWN
    owner = event + entry(p.places, 3 * kind + 2)
    if size_of(g.keys, n) != p.owner_width or not same(owner, address(g.keys, n), p.owner_width):
        return kind, UNKNOWN
    return kind, _reason(p, kind, values)


@plain
def added(p, kind, values):
    """The numbers of what is added for the event's course and mark, or NOTHING."""
    course = grade = NOTHING
    step = entry(p.course_steps, kind)
    if step != NOTHING:
        value, size = entry(values, 2 * step), entry(values, 2 * step + 1)
        course = which(p.courses, 0, p.unknown, value + 1, size - 2)  # in quotation marks
    step = entry(p.grade_steps, kind)
    if step != NOTHING:
        value, size = entry(values, 2 * step), entry(values, 2 * step + 1)
        grade = int(_number(value, size) >= float64(p.enough))
    return course, grade
