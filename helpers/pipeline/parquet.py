"""Parquet objects, in row groups, by way of the same JSON lines.

Lines are collected until they make a row group; Arrow's own JSON reader turns them into columns, in
C++ and beside the sink's thread. All types of a topic share one table: the fields that a type does
not have are null. Times are timestamps in UTC, in milliseconds.
"""

from __future__ import annotations

from typing import Any

import orjson
import pyarrow as pa
from pyarrow import json as arrow_json
from pyarrow import parquet as pq

from helpers.pipeline.schemas import TIMES, TOPICS, json_schema
from helpers.pipeline.writers import PACK

ROW_GROUP = 1024 * 1024  # bytes of JSON lines, about 2,500 events: as text they are held until then
COMPRESSION = "zstd"
TIME = pa.timestamp("ms", tz="UTC")
ADDED = {
    "student_name": pa.string(),
    "student_programme": pa.string(),
    "student_year": pa.int64(),
    "course_name": pa.string(),
    "passed": pa.bool_(),
    "kafka_partition": pa.int32(),
    "kafka_offset": pa.int64(),
    "kafka_timestamp": pa.int64(),
}
TYPES = {
    "string": pa.string(),
    "integer": pa.int64(),
    "number": pa.float64(),
    "boolean": pa.bool_(),
    "array": pa.list_(pa.string()),
}


def columns(schema: str) -> pa.Schema:
    """The table's columns for the values of a schema: its types' fields, then what is added."""
    fields: dict[str, pa.DataType] = {}
    for kind in TOPICS.get(schema, (schema,)):
        for name, rule in json_schema(kind)["properties"].items():
            fields.setdefault(name, _type(name, rule))
    return pa.schema(list({**fields, **ADDED}.items()))


def _type(name: str, rule: dict[str, Any]) -> pa.DataType:
    if name in TIMES:
        return TIME
    said = rule.get("type", "string")  # const and enum: all are texts
    return TYPES[next(t for t in said if t != "null") if isinstance(said, list) else said]


class ParquetRows:
    """A writer as `writers.JsonLines` is one."""

    __slots__ = ("_columns", "_sink", "_writer", "buffer", "lines", "packed", "records")

    def __init__(self, fields: pa.Schema):
        self.buffer = bytearray()
        self.records = 0
        self.packed = 0  # bytes held: the row groups written and the lines of the next one
        self.lines: list[bytes] = []
        self._columns = fields
        self._sink: pa.BufferOutputStream | None = None
        self._writer: pq.ParquetWriter | None = None

    def write(self, lines: bytes | memoryview, records: int) -> None:
        """Take some lines more."""
        self.buffer += lines
        self.records += records
        if len(self.buffer) > PACK:
            self.pack()

    def pack(self) -> None:
        """Take what is in the buffer; write a row group when there is enough for one."""
        self.lines.append(bytes(self.buffer))
        self.buffer = bytearray()
        waiting = sum(map(len, self.lines))
        if waiting >= ROW_GROUP:
            self._write()
            waiting = 0
        self.packed = waiting + (self._sink.tell() if self._sink else 0)

    def finish(self) -> bytes:
        """The object's body. The writer is used up."""
        self.pack()
        if any(self.lines):
            self._write()
        self._writer.close()
        return self._sink.getvalue().to_pybytes()

    def _write(self) -> None:
        text, self.lines = b"".join(self.lines), []
        table = table_of(text, self._columns)
        if self._writer is None:
            self._sink = pa.BufferOutputStream()
            self._writer = pq.ParquetWriter(self._sink, self._columns, compression=COMPRESSION)
        self._writer.write_table(table, row_group_size=table.num_rows)


def table_of(text: bytes, fields: pa.Schema) -> pa.Table:
    """JSON lines as a table. What Arrow's reader does not take (a field twice) is mended first."""
    read = arrow_json.ReadOptions(block_size=max(len(text), 1), use_threads=False)
    parse = arrow_json.ParseOptions(explicit_schema=fields, unexpected_field_behavior="error")
    try:
        return arrow_json.read_json(pa.BufferReader(text), read, parse).select(fields.names)
    except pa.ArrowInvalid:
        rows = [orjson.dumps(orjson.loads(line)) for line in text.splitlines()]
        return arrow_json.read_json(pa.BufferReader(b"\n".join(rows)), read, parse).select(
            fields.names
        )
