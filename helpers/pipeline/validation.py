"""Validation, compiled from the JSON Schemas: a verdict in two microseconds, the same as theirs.

Two ways lead to a verdict. The quick one is `msgspec`: types, ranges, lengths and choices are
checked while the bytes are parsed, and patterns afterwards, all those of fixed length in one
regular expression and the others through a memory of texts already judged. What it accepts is
valid. What it does not accept goes the long way: parsed by `orjson`, judged by `fastjsonschema`,
and brought to the usual form when it is valid but unusual (7.0 for 7, which JSON Schema takes for
an integer).

JSON is what RFC 8259 says, in UTF-8: no NaN, no lone surrogates, nothing around it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import reduce
from operator import or_
from types import NoneType
from typing import Annotated, Any, Literal

import fastjsonschema
import msgspec
import orjson

from helpers.pipeline.schemas import TOPICS, json_schema

# What `_type` and `_checks` understand. A schema that says more is judged the long way only.
KNOWN = {
    *("type", "const", "enum", "minimum", "maximum", "minLength", "maxLength", "pattern", "not"),
    *("format", "description"),
}
PYTHON = {"string": str, "integer": int, "number": float, "boolean": bool, "null": NoneType}
REMEMBERED = 50_000  # texts of a field judged already; then the memory starts anew
QUICK_NO = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


class Invalid(Exception):
    """A record that does not fit. `cause` is one of not-json, schema; `detail` says more."""

    def __init__(self, cause: str, detail: str):
        super().__init__(f"{cause}: {detail}")
        self.cause, self.detail = cause, detail


class Memory(dict):
    """text → verdict of `judge`, remembered."""

    def __init__(self, judge: Callable[[str], bool]):
        super().__init__()
        self.judge = judge

    def __missing__(self, text: str) -> bool:
        if len(self) >= REMEMBERED:
            self.clear()
        verdict = self[text] = text is None or self.judge(text)
        return verdict


class Validator:
    """The values of one topic, by the name of its schema, for instance "estudiante-eventos".

    `decode(raw)` returns the event, an object with the schema's fields as attributes and `type` as
    its class's name, and the bytes that stand for it: the given ones, or the same event in the
    usual form where they were unusual. Raises Invalid.
    """

    def __init__(self, name: str):
        kinds = TOPICS.get(name, (name,))
        schemas = {kind: json_schema(kind) for kind in kinds}
        self._by_kind = {k: fastjsonschema.compile(json_schema(k)) for k in kinds}
        self._integers = {
            kind: [f for f, rule in schema["properties"].items() if rule.get("type") == "integer"]
            for kind, schema in schemas.items()
        }
        structs = {kind: _struct(kind, schema) for kind, schema in schemas.items()}
        self.classes: dict[str, type] = structs
        self.fields = {kind: tuple(schema["properties"]) for kind, schema in schemas.items()}
        # With two types or more msgspec insists on the field that says which it is; with one not.
        nobody = msgspec.defstruct("nobody", [], tag="\0", tag_field="type")
        self._parse = msgspec.json.Decoder(reduce(or_, structs.values(), nobody)).decode
        self._checks = {
            structs[kind]: _checks(schema) if _simple(schema) else lambda event: False
            for kind, schema in schemas.items()
        } | {nobody: lambda event: False}

    def decode(self, raw: bytes) -> tuple[Any, bytes]:
        """The event and its bytes, without line feeds, or Invalid."""
        try:
            event = self._parse(raw)
        except QUICK_NO:
            return self._long_way(raw)
        if self._checks[type(event)](event) and raw[-1] == 125 and b"\n" not in raw:  # 125 is }
            return event, raw
        return self._long_way(raw)

    def _long_way(self, raw: bytes) -> tuple[Any, bytes]:
        try:
            value = orjson.loads(raw)
        except orjson.JSONDecodeError as error:
            raise Invalid("not-json", str(error)) from None
        kind = self.judge(value)
        for field in self._integers[kind]:
            value[field] = int(value[field])
        usual = orjson.dumps(value)
        try:
            return self._parse(usual), usual
        except QUICK_NO as error:  # never seen; rather in the dead letters than a stopped sink
            raise Invalid("schema", f"cannot be brought to the usual form: {error}") from None

    def judge(self, value: Any) -> str:
        """The type of a parsed value that fits its schema, or Invalid."""
        kind = value.get("type") if isinstance(value, dict) else None
        if not isinstance(kind, str) or kind not in self._by_kind:
            raise Invalid("schema", f"type is none of {', '.join(self._by_kind)}")
        try:
            self._by_kind[kind](value)
        except fastjsonschema.JsonSchemaValueException as error:
            raise Invalid("schema", error.message[:300]) from None
        return kind


def _simple(schema: dict[str, Any]) -> bool:
    """Whether the quick way understands all that the schema says."""
    rules = schema["properties"].values()
    every = set(schema["required"]) == set(schema["properties"])
    strict = schema.get("additionalProperties") is False
    return every and strict and all(set(rule) <= KNOWN for rule in rules)


def _struct(kind: str, schema: dict[str, Any]) -> type:
    fields = [(f, _type(rule)) for f, rule in schema["properties"].items() if f != "type"]
    options = {"tag": kind, "tag_field": "type", "forbid_unknown_fields": True, "gc": False}
    return msgspec.defstruct(kind, fields, **options)


def _type(rule: dict[str, Any]) -> Any:
    """What msgspec is to accept for a field: never more than the schema does, but for patterns."""
    if "enum" in rule:
        return Literal[tuple(rule["enum"])]
    if rule.get("type") == "array":
        return list[Any]
    names = rule["type"] if isinstance(rule["type"], list) else [rule["type"]]
    limits = {
        "min_length": rule.get("minLength"),
        "max_length": rule.get("maxLength"),
        "ge": rule.get("minimum"),
        "le": rule.get("maximum"),
    }
    meta = msgspec.Meta(**{name: limit for name, limit in limits.items() if limit is not None})
    plain = [PYTHON[name] for name in names if name in ("boolean", "null")]
    limited = [Annotated[PYTHON[name], meta] for name in names if name not in ("boolean", "null")]
    return reduce(or_, limited + plain)


def _checks(schema: dict[str, Any]) -> Callable[[Any], bool]:
    """A function of the event that says whether all patterns hold, written out as Python source."""
    rules = schema["properties"]
    fixed = {f: rule["pattern"] for f, rule in rules.items() if _fixed(f, rule)}
    whole = "\n".join(pattern[1:-1] for pattern in fixed.values())
    joined = r"\n".join(f"{{e.{field}}}" for field in fixed)
    space: dict[str, Any] = {"whole": re.compile(whole).fullmatch}
    terms = [f'whole(f"{joined}") is not None'] if fixed else []
    for field, rule in rules.items():
        if field not in fixed and ("pattern" in rule or "not" in rule):
            space[f"known_{field}"] = Memory(_judge(rule))
            terms.append(f"known_{field}[e.{field}]")
    exec(f"def check(e):\n    return {' and '.join(terms) or 'True'}", space)
    return space["check"]


def _fixed(field: str, rule: dict[str, Any]) -> bool:
    """Texts of one length, so that joining them is unambiguous; most hardly ever repeat."""
    length = rule.get("minLength")
    anchored = rule.get("pattern", "").startswith("^") and rule["pattern"].endswith("$")
    same = length is not None and length == rule.get("maxLength")
    return anchored and same and field != "due" and rule["type"] == "string"


def _judge(rule: dict[str, Any]) -> Callable[[str], bool]:
    must = re.compile(rule.get("pattern", ""))
    refused = rule.get("not", {})
    if set(refused) - {"pattern"}:
        return lambda text: False  # more than we understand: the long way
    must_not = re.compile(refused["pattern"]) if refused else None
    return lambda text: bool(must.search(text)) and not (must_not and must_not.search(text))
