"""Memory by addresses, for `machine`: numbers, arrays, pieces of bytes, and their digits.

Numba's arrays ask at each index whether it is negative and counts from the end, and count who
holds them in every function; both together took four times as long. Nobody looks at bounds here:
who calls has.
"""

from __future__ import annotations

import numpy as np
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

from helpers.pipeline.machine_terms import COLUMNS, Pieces

ZERO = b"0"[0]
# Nothing is divided by a variable, so no error can come of it that would have to be told.
plain = njit(error_model="numpy")


def _reader(kind, align=None):
    """A function that reads a number of this type at an address, a multiple of `align`."""

    @intrinsic
    def read(context, address):
        def load(inside, builder, signature, given):
            pointer = inside.get_value_type(kind).as_pointer()
            return builder.load(builder.inttoptr(given[0], pointer), align=align)

        return kind(types.int64), load

    return read


def _writer(kind):
    """A function that writes a number of this type to an address."""

    @intrinsic
    def write(context, address, number):
        def store(inside, builder, signature, given):
            pointer = inside.get_value_type(kind).as_pointer()
            builder.store(given[1], builder.inttoptr(given[0], pointer))
            return inside.get_dummy_value()

        return types.void(types.int64, kind), store

    return write


uint8, uint16, uint32 = map(_reader, (types.uint8, types.uint16, types.uint32))
int32, int64, float64 = map(_reader, (types.int32, types.int64, types.float64))
eight_bytes = _reader(types.int64, align=1)
set_uint8, set_int64 = map(_writer, (types.uint8, types.int64))


@intrinsic
def copy(context, to, source, size):
    """Copy so many bytes; the address behind them."""

    def move(inside, builder, signature, given):
        pointer = inside.get_value_type(types.uint8).as_pointer()
        ends = [builder.inttoptr(address, pointer) for address in given[:2]]
        cgutils.raw_memcpy(builder, *ends, given[2], 1)
        return builder.add(given[0], given[2])

    return types.int64(types.int64, types.int64, types.int64), move


@plain
def entry(array, number):
    """An entry of an array of int64."""
    return int64(array + 8 * number)


@plain
def set_entry(array, number, value):
    """Likewise."""
    set_int64(array + 8 * number, value)


@plain
def add(array, number, value):
    """Likewise."""
    set_entry(array, number, entry(array, number) + value)


@plain
def pieces_at(array, number):
    """The Pieces whose addresses are two entries of an array."""
    return Pieces(entry(array, number), entry(array, number + 1))


@plain
def get(found, n, column):
    """What was found of record n."""
    return entry(found, n * COLUMNS + column)


@plain
def set_(found, n, column, number):
    """Likewise."""
    set_int64(found + 8 * (n * COLUMNS + column), number)


@plain
def size_of(pieces, number):
    """Bytes of a piece."""
    return entry(pieces.ends, number + 1) - entry(pieces.ends, number)


@plain
def address(pieces, number):
    """Where a piece is."""
    return pieces.data + entry(pieces.ends, number)


@plain
def put(to, pieces, number):
    """Copy a piece; the address behind it."""
    return copy(to, address(pieces, number), size_of(pieces, number))


@plain
def same(some, other, size):
    """Whether the bytes at two addresses are equal."""
    whole = size & -8
    for i in range(0, whole, 8):
        if eight_bytes(some + i) != eight_bytes(other + i):
            return False
    for i in range(whole, size):  # noqa: SIM110 (Numba compiles no generators)
        if uint8(some + i) != uint8(other + i):
            return False
    return True


@plain
def which(pieces, first, last, text, size):
    """Which of the pieces from number `first` on the text is; `last` if none before it."""
    for n in range(first, last):
        if size_of(pieces, n) == size and same(text, address(pieces, n), size):
            return n
    return last


@plain
def width(number):
    """Digits of a number from 0 on."""
    width, limit = 1, 10
    while number >= limit and width < 19:  # as many as the largest has
        width += 1
        limit *= 10
    return width


@plain
def write_digits(to, number):
    """Write a number's digits; the address behind them."""
    end = to + width(number)
    rest, ten = np.uint64(number), np.uint64(10)  # without a sign: half the work
    for place in range(end - 1, to - 1, -1):
        tenth = rest // ten
        set_uint8(place, np.uint8(ZERO) + np.uint8(rest - tenth * ten))
        rest = tenth
    return end


@plain
def digits(text, many):
    """The number of so many digits."""
    number = 0
    for i in range(many):
        number = number * 10 + (np.int64(uint8(text + i)) - ZERO)
    return number
