"""Arrow's arrays from Python's bytes and from NumPy's arrays, without a copy more than it takes.

`pa.array`, `pa.scalar` and `to_numpy` do the same, and import pandas to be able to recognize what
pandas makes: 25 MB for a sink that has no other use for it.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pyarrow as pa


def texts(pieces: Iterable[bytes]) -> pa.Array:
    """Some bytes as an array of `binary`; 2 GB together at most. TypeError: one is None."""
    pieces = list(pieces)
    ends = np.zeros(len(pieces) + 1, np.int32)
    np.cumsum(np.fromiter(map(len, pieces), np.int32, len(pieces)), out=ends[1:])
    buffers = [None, pa.py_buffer(ends), pa.py_buffer(b"".join(pieces))]
    return pa.Array.from_buffers(pa.binary(), len(pieces), buffers)


def numbers(values: np.ndarray, there: np.ndarray | None = None) -> pa.Array:
    """Numbers; null where `there` is False."""
    valid = None if there is None else pa.py_buffer(np.packbits(there, bitorder="little"))
    kind = pa.from_numpy_dtype(values.dtype)
    return pa.Array.from_buffers(kind, len(values), [valid, pa.py_buffer(values)])


def flags(values: np.ndarray) -> pa.Array:
    """Booleans."""
    packed = pa.py_buffer(np.packbits(values, bitorder="little"))
    return pa.Array.from_buffers(pa.bool_(), len(values), [None, packed])


def seen(values: pa.Array) -> np.ndarray:
    """The numbers of an array without nulls, without a copy."""
    kind = np.dtype(str(values.type))
    return np.frombuffer(values.buffers()[1], kind, len(values), values.offset * kind.itemsize)


def told(values: pa.Array) -> np.ndarray:
    """The booleans of an array without nulls."""
    bits = np.frombuffer(values.buffers()[1], np.uint8)
    at = values.offset
    return np.unpackbits(bits, bitorder="little")[at : at + len(values)].view(bool)


FIRST, SECOND = numbers(np.array([0, 1], np.int32))  # as Arrow's functions want them
