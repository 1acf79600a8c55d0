"""The bodies of the objects: gzip JSON lines here, Parquet in `parquet`.

A writer is filled by `write` and emptied by `finish`. Both hold little: what is written is
compressed at once, by a thread beside the sink's own, since compression needs no interpreter.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from isal import isal_zlib

PACK = 256 * 1024  # bytes of lines that are compressed in one go
ENOUGH = 64 * 1024  # bytes of lines at once that are worth it alone
LEVEL = 1  # of 0 to 3: 2 is half as slow again and gains nothing here
GZIP = 16 + isal_zlib.MAX_WBITS
_beside = ThreadPoolExecutor(1, thread_name_prefix="pack")  # one: a writer's parts stay in order


class JsonLines:
    """One event a line, compressed by gzip as it comes."""

    __slots__ = ("_failed", "_gzip", "_last", "_parts", "buffer", "packed", "records")

    def __init__(self) -> None:
        self.buffer = bytearray()
        self.records = 0
        self.packed = 0  # bytes held: compressed, or on the way to it
        self._parts: list[bytes] = []
        self._gzip = None
        self._last: Future | None = None
        self._failed: BaseException | None = None

    def write(self, lines: bytes | memoryview, records: int) -> None:
        """Take some lines more. They must not change."""
        self.records += records
        if len(lines) > ENOUGH:  # without a copy
            if self.buffer:
                self.pack()
            self._pack(lines)
            return
        self.buffer += lines
        if len(self.buffer) > PACK:
            self.pack()

    def pack(self) -> None:
        """Compress what is in the buffer."""
        text, self.buffer = self.buffer, bytearray()
        self._pack(text)

    def _pack(self, text: bytes | bytearray | memoryview) -> None:
        self.packed += len(text)
        self._last = _beside.submit(self._compress, text)

    def _compress(self, text: bytes | bytearray | memoryview) -> None:
        try:
            self._compress_next(text)
        except BaseException as error:
            self._failed = self._failed or error
            raise

    def _compress_next(self, text: bytes | bytearray | memoryview) -> None:
        if self._gzip is None:
            self._gzip = isal_zlib.compressobj(LEVEL, isal_zlib.DEFLATED, GZIP)
        part = self._gzip.compress(text)
        self.packed -= len(text) - len(part)
        if part:
            self._parts.append(part)

    def finish(self) -> bytes:
        """The object's body. The writer is used up."""
        self.pack()
        self._last.result()  # those before it are done as well
        if self._failed is not None:  # one of them: its lines are missing
            raise self._failed
        self._parts.append(self._gzip.flush())
        self._gzip = None
        return b"".join(self._parts)


def writer_for(name: str, schema: str) -> Callable[[], JsonLines]:
    """Makes a writer of a format ("json" or "parquet") for the values of a schema.

    Raises ImportError when Parquet is asked for and pyarrow is not there.
    """
    if name == "json":
        return JsonLines
    from helpers.pipeline.parquet import ParquetRows, columns

    fields = columns(schema)
    return lambda: ParquetRows(fields)
