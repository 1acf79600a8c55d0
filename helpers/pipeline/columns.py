"""Patterns, judged for a whole column of texts at once: hundreds for the price of a few.

`fits(rule)` makes of one field's rule in a JSON Schema a function of a list of texts. True says
that all of them fit. False says only that somebody has to look at each: it is never a verdict.

Texts of a fixed length are joined and looked at position by position, by `bytes.translate` and by
slices with a step, both of which run in C. What has alternatives, as the month of a date has, is
judged by the regular expression and remembered, since it repeats.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

Fits = Callable[[list[str]], bool]

REMEMBERED = 50_000  # texts of a field judged already; then the memory starts anew
BLANK = r"\S"  # the pattern of texts that are not all white space
# One position of a pattern without alternatives: a character or a choice, perhaps repeated.
_ATOM = re.compile(r"(?P<one>\[[^\\\]^]+\]|[A-Za-z0-9:-])(?:\{(?P<times>\d+)\})?")
_ONLY = re.compile(r"\[\^[^\\\]]+\]")  # "not": a character other than these
_GROUP = re.compile(r"\([^()]*\)")
_ASCII = [chr(code) for code in range(128)]


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


def column(field: str) -> Callable[[list[Any]], list[Any]]:
    """A function of events that lists one field of theirs (or "timestamp[:13]", a part of it).

    Written out as Python source: twice as quick as with `getattr`.
    """
    return eval(f"lambda events: [event.{field} for event in events]")


def judge(rule: dict) -> Callable[[str], bool]:
    """The same for one text: whether it fits the rule's `pattern` and its `not`."""
    must = re.compile(rule.get("pattern", ""))
    refused = rule.get("not", {})
    if set(refused) - {"pattern"}:
        return lambda text: False  # more than we understand: the long way
    must_not = re.compile(refused["pattern"]) if refused else None
    return lambda text: bool(must.search(text)) and not (must_not and must_not.search(text))


def fits(rule: dict) -> Fits:
    """A function that says of many texts whether all fit; of their lengths it knows already."""
    quick = _quick(rule)
    if "null" not in rule["type"]:
        return quick
    return lambda texts: quick([text for text in texts if text is not None])


def fixed(rule: dict) -> bool:
    """Whether all texts that fit have one length, which the schema says beside the pattern."""
    length, pattern = rule.get("minLength"), rule.get("pattern", "")
    anchored = pattern.startswith("^") and pattern.endswith("$")
    return anchored and length is not None and length == rule.get("maxLength")


def _quick(rule: dict) -> Fits:
    pattern, refused = rule.get("pattern"), rule.get("not", {}).get("pattern", "")
    if fixed(rule) and "not" not in rule:
        head, bracket, tail = pattern[1:-1].rpartition(")")
        sets = None if "|" in _GROUP.sub("", head + bracket) else _positions(tail)
        if sets is not None:
            return _by_position(sets, head + bracket, rule["minLength"] - len(sets))
    if pattern == BLANK and not refused:
        return lambda texts: all(map(str.strip, texts))  # both use str.isspace
    if pattern is None and set(rule["not"]) == {"pattern"} and _ONLY.fullmatch(refused):
        other = re.compile(refused).search
        allowed = "".join(c for c in _ASCII if not other(c)).encode()
        return lambda texts: not "".join(texts).encode().translate(None, allowed)
    known = Memory(judge(rule))
    return lambda texts: all(map(known.__getitem__, set(texts)))


def _positions(pattern: str) -> list[str] | None:
    """The characters allowed at each position; None when the pattern says more than that."""
    sets, end = [], 0
    for atom in _ATOM.finditer(pattern):
        if atom.start() != end:
            return None
        one = re.compile(atom["one"])
        sets += ["".join(filter(one.fullmatch, _ASCII))] * int(atom["times"] or 1)
        end = atom.end()
    return sets if end == len(pattern) else None


def _by_position(sets: list[str], head: str = "", length: int = 0) -> Fits:
    """For texts with one character for each of `sets`.

    With a `head`, a regular expression, for texts with `length` characters before them that match
    it; the verdicts on heads are remembered.
    """
    step = length + len(sets)
    choices = [choice for choice in sets if len(choice) > 1]
    every = "".join(sorted(set("".join(choices))))
    table = bytes.maketrans(every.encode(), every[0].encode() * len(every))
    shape = "".join(every[0] if len(choice) > 1 else choice for choice in sets).encode()
    if any(len(choice) == 1 and choice in every for choice in sets):
        return lambda texts: not texts  # a shape would not tell it from the choices
    narrow = [
        (length + at, choice.encode())
        for at, choice in enumerate(sets)
        if len(choice) > 1 and set(choice) != set(every)
    ]
    known = Memory(lambda text: re.fullmatch(head, text) is not None)

    def judge_all(texts: list[str]) -> bool:
        text = "".join(texts).encode()
        if len(text) != step * len(texts):  # a character beyond ASCII is longer
            return False
        whole = shape
        if length:
            if not all(map(known.__getitem__, {text[:length] for text in texts})):
                return False
            whole = text[:length].translate(table) + shape  # heads of another shape are not for us
        if text.translate(table) != whole * len(texts):
            return False
        return not any(text[at::step].translate(None, choice) for at, choice in narrow)

    return judge_all
