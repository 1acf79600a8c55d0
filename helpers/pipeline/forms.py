"""The usual form of a field's value, from its rule in a JSON Schema; for `template`.

Stricter than the rule, never laxer; None where the rule says something that is not known here.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from typing import Any

# Characters of a text as JSON has them without an escape, byte by byte: in UTF-8 and nothing else.
_NEXT = r"[\x80-\xbf]"
INSIDE = (
    rf'(?:[^"\\\x00-\x1f\x80-\xff]|[\xc2-\xdf]{_NEXT}|\xe0[\xa0-\xbf]{_NEXT}'
    rf"|[\xe1-\xec\xee\xef]{_NEXT}{{2}}|\xed[\x80-\x9f]{_NEXT}"
    rf"|\xf0[\x90-\xbf]{_NEXT}{{2}}|[\xf1-\xf3]{_NEXT}{{3}}|\xf4[\x80-\x8f]{_NEXT}{{2}})"
)
INK = rf"(?:[!#-\[\]-~]|[\xc3-\xcf]{_NEXT})"  # characters of which none is white space
LONGEST = 1000  # as many bytes as characters are allowed are never more characters
# Patterns made of characters, choices and groups of them, repeated: the same for `automaton` and
# for `re`, and without a quotation mark, a backslash or a line feed in anything that they match.
_PLAIN = re.compile(r"\^((?:[A-Za-z0-9:()|?]|-|\[[A-Za-z0-9.-]+\]|\{[0-9]+(?:,[0-9]+)?\})*)\$")
_ONLY = re.compile(r"\[\^([A-Za-z0-9.-]+)\]")
_ATOM = re.compile(r"(\([^()]*\)|\[[^\]]*\]|[A-Za-z0-9:-])(?:\{([0-9]+)\})?")
_REPEATED = re.compile(r"\{[0-9,]+\}")

Cell = frozenset[bytes]  # what may stand at a place: byte strings of one length, 1 or 2


@dataclass(frozen=True, slots=True)
class Form:
    """A value's usual form: a pattern of its bytes, quotation marks included, and `most` bytes.

    `cells` are its bytes one by one, without quotation marks, if it has one length.
    """

    pattern: str
    quoted: bool = False
    most: int | None = None
    cells: list[Cell] | None = None


def literal(text: str) -> list[Cell]:
    """The cells of a text."""
    return [frozenset([bytes([byte])]) for byte in text.encode()]


def flat(cells: list[Cell]) -> bytes:
    """Any text of these cells; of its length there is only one."""
    return b"".join(next(iter(cell)) for cell in cells)


def value(rule: dict[str, Any]) -> Form | None:
    """The usual form of a field's value."""
    if "const" in rule or "enum" in rule:
        values = rule.get("enum", [rule.get("const")])
        if set(rule) - {"const", "enum", "type", "description"}:
            return None
        if not all(isinstance(v, str) and re.fullmatch(r"[A-Za-z0-9_-]+", v) for v in values):
            return None
        cells = literal(values[0]) if len(values) == 1 else None
        return Form('"(?:' + "|".join(values) + ')"', True, cells=cells)
    known = {"type", "description", "format"}
    kind, said = rule.get("type"), set(rule) - known
    if kind == "boolean" and not said:
        return Form("(?:true|false)")
    if kind in ("integer", "number") and said <= {"minimum", "maximum"}:
        text = _number(kind, rule.get("minimum"), rule.get("maximum"))
        return text and Form(text)
    if kind == "string" and said <= {"minLength", "maxLength", "pattern", "not"}:
        return _text(rule)
    return None


def _number(kind: str, least: float | None, most: float | None) -> str | None:
    """Numbers from 0 or 1 on with fewer digits than the largest has: they are below it."""
    if least not in (0, 1) or (most is not None and most < 10):
        return None
    more = 15 if most is None else len(str(int(most))) - 2  # beyond the first digit
    if kind == "integer":
        whole = f"[1-9][0-9]{{0,{min(more, 15)}}}"
        return f"(?:0|{whole})" if least == 0 else whole
    if least != 0:
        return None
    whole = f"(?:0|[1-9][0-9]{{0,{more}}})" if more else "[0-9]"
    below = f"{whole}(?:[.][0-9]{{1,6}})?"
    if most is None or most != int(most):
        return below
    return f"(?:{below}|{int(most)}(?:[.]0{{1,6}})?)"


def _text(rule: dict[str, Any]) -> Form | None:
    least, most = rule.get("minLength"), rule.get("maxLength")
    pattern, refused = rule.get("pattern"), rule.get("not")
    if least is None or most is None or not 1 <= least <= most <= LONGEST:
        return None
    only = None
    if refused is not None:
        found = _ONLY.fullmatch(refused.get("pattern", "")) if set(refused) == {"pattern"} else None
        if found is None:
            return None
        only = found[1]
    if pattern is None:
        return only and Form(f'"[{only}]{{{least},}}"', True, most + 2)
    if pattern == r"\S" and only is None and least == 1:
        return Form(f'"{INK}{INSIDE}*"', True, most + 2)
    plain = _PLAIN.fullmatch(pattern)
    if plain is None or (only is not None and not _within(plain[1], only)):
        return None
    shortest, longest = re._parser.parse(pattern).getwidth()
    if shortest < least or longest > most:
        return None
    cells = _cells(plain[1]) if shortest == longest else None
    if cells is not None and len(flat(cells)) != shortest:  # more than `_cells` understands
        cells = None
    return Form(f'"(?:{plain[1]})"', True, cells=cells)


def _cells(plain: str) -> list[Cell] | None:
    """The cells of a plain pattern of fixed width; None: a choice of more than two bytes."""
    cells: list[Cell] = []
    for atom, times in _ATOM.findall(plain):
        choices = []
        for choice in atom.strip("()").split("|") if atom[0] == "(" else [atom]:
            sets = [_bytes(one) for one, _ in _ATOM.findall(choice)]
            if len(sets) > 2 or re.search(r"[{(?]", choice):
                return None
            choices.append(frozenset(map(b"".join, itertools.product(*sets))))
        cells += [frozenset().union(*choices)] * int(times or 1)
    return None if any(len(set(map(len, cell))) != 1 for cell in cells) else cells


def _bytes(one: str) -> list[bytes]:
    """What a character or a choice in brackets matches."""
    pattern = re.compile(one)
    return [bytes([code]) for code in range(128) if pattern.fullmatch(chr(code))]


def _within(pattern: str, only: str) -> bool:
    """Whether every character that a plain pattern can match is among those of a choice."""
    allowed = re.compile(f"[{only}]")
    bare = _REPEATED.sub("", pattern)
    every = set(re.sub(r"\[[^\]]*\]|[()|?]", "", bare))
    for choice in re.findall(r"\[([^\]]*)\]", bare):
        inside = re.compile(f"[{choice}]")
        every |= {c for c in map(chr, range(128)) if inside.fullmatch(c)}
    return all(allowed.fullmatch(c) for c in every)
