"""The usual form of an event, made from its JSON Schema, to judge many at once.

Producers that write with one JSON library write the same form: fields in the schema's order, no
blanks, no escapes. `template(schema)` is stricter than the schema, never laxer: what has its form
is valid, and what has not says nothing. So whatever is not understood here makes a template
impossible (None).

An event begins with a head, in which every field has its place, and goes on with steps: a text
that has to stand there, then a value for an automaton. `machine` looks whether an event is so.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import orjson

from helpers.pipeline.forms import Cell, flat, literal, value


@dataclass(frozen=True, slots=True)
class Step:
    """`text`, then a value of `pattern` (None: nothing more) of at most so many bytes."""

    text: bytes
    pattern: str | None = None
    most: int | None = None


@dataclass(slots=True)
class Template:
    """The usual form of an event of one type.

    `places` are fields in the head, in bytes: name → (from, to). `values` are those behind it:
    name → number of the step.
    """

    kind: str
    cells: list[Cell] = field(default_factory=lambda: literal("{"))
    places: dict[str, tuple[int, int]] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)
    values: dict[str, int] = field(default_factory=dict)

    def place(self, name: str) -> list[frozenset[int]]:
        """What may stand at each byte of a field in the head."""
        begin, end = self.places[name]
        every: list[frozenset[int]] = []
        for cell in self.cells:
            every += [frozenset(column) for column in zip(*cell, strict=True)]
        return every[begin:end]

    def width(self, name: str) -> int:
        """Bytes of a field in the head."""
        begin, end = self.places[name]
        return end - begin


def template(kind: str, schema: dict[str, Any]) -> Template | None:
    """The template of an event's type. None: the schema says something that this does not know."""
    rules = schema["properties"]
    if schema.get("additionalProperties") is not False or schema["required"] != list(rules):
        return None
    made = Template(kind)
    for number, (name, rule) in enumerate(rules.items()):
        before = ("," if number else "") + f'"{name}":'
        form = value(rule)
        if form is None:
            return None
        if form.cells is not None and not made.steps:
            mark = '"' * form.quoted
            made.cells += literal(before + mark)
            begin = len(flat(made.cells))
            made.places[name] = (begin, begin + len(flat(form.cells)))
            made.cells += form.cells + literal(mark)
        else:
            made.values[name] = len(made.steps)
            made.steps.append(Step(before.encode(), form.pattern, form.most))
    made.steps.append(Step(b"}"))
    return made


def text_of(value: Any) -> bytes:
    """How a field with this value looks inside of an event of the usual form."""
    return orjson.dumps(value)
