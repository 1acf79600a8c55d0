"""Validation, compiled from the JSON Schemas: a verdict in two microseconds, the same as theirs.

Two ways lead to a verdict. The quick one is `msgspec`: types, ranges, lengths and choices are
checked while the bytes are parsed, and patterns afterwards, all those of fixed length in one
regular expression and the others through a memory of texts already judged. What it accepts is
valid. What it does not accept goes the long way: parsed by `orjson`, judged by `fastjsonschema`,
and brought to the usual form when it is valid but unusual (7.0 for 7, which JSON Schema takes for
an integer).

Some hundred records at once are judged in a third of the time: parsed as one array, their patterns
checked by column (`columns`). When one of them is not as usual, all are judged one by one.

JSON is what RFC 8259 says, in UTF-8: no NaN, no lone surrogates, nothing around it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import reduce
from operator import itemgetter, or_
from types import NoneType
from typing import Annotated, Any, Literal

import fastjsonschema
import msgspec
import orjson

from helpers.pipeline.columns import Fits, Memory, column, fits, fixed, judge
from helpers.pipeline.schemas import TOPICS, json_schema

# What `_type` and `_checks` understand. A schema that says more is judged the long way only.
KNOWN = {
    *("type", "const", "enum", "minimum", "maximum", "minLength", "maxLength", "pattern", "not"),
    *("format", "description"),
}
PYTHON = {"string": str, "integer": int, "number": float, "boolean": bool, "null": NoneType}
STRICT = {"tag_field": "type", "forbid_unknown_fields": True, "gc": False}
_FIRST, _LAST = itemgetter(0), itemgetter(-1)
Groups = dict[type, tuple[list[int], list[Any]]]  # a class → where its events are, and they
QUICK_NO = (msgspec.MsgspecError, UnicodeError, RecursionError)


class Invalid(Exception):
    """A record that does not fit. `cause` is one of not-json, schema; `detail` says more."""

    def __init__(self, cause: str, detail: str):
        super().__init__(f"{cause}: {detail}")
        self.cause, self.detail = cause, detail


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
        nobody = msgspec.defstruct("nobody", [], tag="\0", **STRICT)
        either = reduce(or_, structs.values(), nobody)
        self._parse = msgspec.json.Decoder(either).decode
        self._parse_all = msgspec.json.Decoder(list[either]).decode
        self._checks = {
            structs[kind]: _checks(schema) if _simple(schema) else lambda event: False
            for kind, schema in schemas.items()
        } | {nobody: lambda event: False}
        self._all_simple = all(map(_simple, schemas.values()))
        self._columns = _columns({structs[kind]: s for kind, s in schemas.items()})

    def decode(self, raw: bytes) -> tuple[Any, bytes]:
        """The event and its bytes, without line feeds, or Invalid."""
        try:
            event = self._parse(raw)
        except QUICK_NO:
            return self._long_way(raw)
        if self._checks[type(event)](event) and raw[-1] == 125 and b"\n" not in raw:  # 125 is }
            return event, raw
        return self._long_way(raw)

    def decode_all(self, raws: list[bytes]) -> tuple[list[Any], list[bytes], Groups] | None:
        """What `decode` would say of each, when all are as usual; None when one is not (or empty).

        The events, their bytes without the braces around them, and by class where they are.

        One array of them all is parsed. Could a text without an end and the next one together pass
        for an event, and another text for two, so that the count is right? Between texts is a
        control character, which no string may hold: so none goes on from one to the next. Each
        begins with a brace, and no event has one inside: so each is one event or more, and they
        are as many as the texts.
        """
        if not all(raws):
            return None
        many = len(raws)
        text = b",\r".join(raws)
        ends = bytes(map(_FIRST, raws)) + bytes(map(_LAST, raws))
        if ends != b"{" * many + b"}" * many or b"\n" in text or not self._all_simple:
            return None
        try:
            events = self._parse_all(b"[%b]" % text)
            if len(events) != many:
                return None
            where: dict[type, list[int]] = {kind: [] for kind in self.classes.values()}
            for at, kind in enumerate(map(type, events)):
                where[kind].append(at)  # KeyError: `nobody`
            groups = {kind: (some, [events[at] for at in some]) for kind, some in where.items()}
            for kind, texts_of, fit in self._columns:
                if not fit(texts_of(groups[kind][1] if kind else events)):
                    return None
        except (*QUICK_NO, KeyError):
            return None
        return events, [raw[1:-1] for raw in raws], groups

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
    return msgspec.defstruct(kind, fields, tag=kind, **STRICT)


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


def _columns(schemas: dict[type, dict[str, Any]]) -> list[tuple[type | None, Callable, Fits]]:
    """What is checked by column: a class (None: all events), its column, and the check."""
    having: dict[tuple[str, bytes], list[type]] = {}
    for kind, schema in schemas.items():
        for field, rule in schema["properties"].items():
            if "pattern" in rule or "not" in rule:
                having.setdefault((field, orjson.dumps(rule)), []).append(kind)
    found = []
    for (field, rule), kinds in having.items():
        whose = [None] if len(kinds) == len(schemas) else kinds
        found += [(kind, column(field), fits(orjson.loads(rule))) for kind in whose]
    return found


def _checks(schema: dict[str, Any]) -> Callable[[Any], bool]:
    """A function of the event that says whether all patterns hold, written out as Python source."""
    rules = schema["properties"]
    # Texts of one length, so that joining them is unambiguous; most hardly ever repeat.
    once = [f for f, r in rules.items() if fixed(r) and f != "due" and r["type"] == "string"]
    whole = "\n".join(rules[field]["pattern"][1:-1] for field in once)
    joined = r"\n".join(f"{{e.{field}}}" for field in once)
    space: dict[str, Any] = {"whole": re.compile(whole).fullmatch}
    terms = [f'whole(f"{joined}") is not None'] if once else []
    for field, rule in rules.items():
        if field not in once and ("pattern" in rule or "not" in rule):
            space[f"known_{field}"] = Memory(judge(rule))
            terms.append(f"known_{field}[e.{field}]")
    exec(f"def check(e):\n    return {' and '.join(terms) or 'True'}", space)
    return space["check"]
