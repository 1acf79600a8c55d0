"""What `machine` is told, and in which terms it answers; without the compiler that it needs."""

from __future__ import annotations

from typing import NamedTuple

DIFFERENT = 64  # hours in a run, at most
STEPS = 32  # of a template, at most
STUDENTS = 1_000_000  # E000000 to E999999
NUMERIC = ("==", "!=", "<", "<=", ">", ">=")  # a test's code is a comparison's place here, or
TEXT, ALWAYS = 6, 7  # the value is one of some texts; whatever it is
DIGITS = 15  # of a number that is a float without a loss
NOTHING, UNKNOWN = -1, -2
WHY, HOUR, ABOUT, SIZE, COURSE, GRADE, COLUMNS = range(7)  # what is found of a record


class Pieces(NamedTuple):
    """Pieces of bytes, see `packed.packed`: addresses of the bytes and of the offsets (int64)."""

    data: int
    ends: int


class Program(NamedTuple):
    """What `machine` is told of a topic's events; names in the plural are addresses.

    Where `…_at` is beside them, type n has the rows from its entry n on, before entry n + 1. A
    type's head is some bytes: each is as in `literals` (uint8), or has one of the classes (bits) in
    `wanted` (uint32). The two bytes at each of `pair_places` are in a table (65,536 of uint8).
    """

    start: int  # where an event has its type's name, with a quotation mark behind it
    types: int  # how many there are
    names: Pieces
    literals: int
    wanted: int
    head_at: int
    classes: int  # of each byte, uint32
    pair_places: int
    pair_tables: int
    pairs_at: int
    places: int  # rows of three: where the time, the student and the key's field begin
    owner_width: int
    steps: int  # rows of two: state (0: no value), bytes at most
    steps_at: int
    texts: Pieces  # of the steps
    sorts: int  # see `automaton.Automata.tables`: uint8,
    follows: int  # uint16,
    accepting: int  # uint8
    course_steps: int  # by type; NOTHING: it has none
    grade_steps: int
    enough: int  # float64
    courses: Pieces
    unknown: int  # the number of courses
    named: Pieces  # what is added for each course, and for one that is not known
    judged: Pieces  # for a mark: not passed, passed
    tests: int  # rows of five: code, step, number of the reason, first text, last
    limits: int  # float64
    tests_at: int
    test_texts: Pieces
    reasons: int  # how many there are
    before: Pieces  # one: what stands before the time
    after: Pieces  # one: what ends a line


class Given(NamedTuple):
    """Records, and room for what becomes of them: addresses, but for the first.

    Piece n of `keys` and `values` and time n of `stamps` are of record n. Run r has the records
    from number `runs[r]` to `runs[r + 1]`, with offsets from `firsts[r]` on, and piece r of
    `sources`, which stands before the offset. A student's piece of `roster` has the number
    `which[student]` (int32).

    Written are, of each run: `different`, how many hours it has, or NOTHING where a record is not
    as usual; rows of DIFFERENT: the `hours` (2026030208), `counts` and `sizes` (bytes) of their
    lines; rows of `reasons`: how many records each has `dropped`. `found` has COLUMNS for each
    record, `spans` two for each step of a template.
    """

    many: int  # runs
    keys: Pieces
    values: Pieces
    stamps: int
    runs: int
    firsts: int
    sources: Pieces
    roster: Pieces
    which: int
    found: int
    spans: int
    different: int
    hours: int
    counts: int
    sizes: int
    dropped: int
