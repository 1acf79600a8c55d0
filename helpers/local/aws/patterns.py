"""Filter patterns of CloudWatch Logs: which messages match, and what fields they hold.

Used by FilterLogEvents, metric filters and TestMetricFilter. Source: "Filter pattern syntax for
metric filters, subscription filters, filter log events, and Live Tail" of the Amazon CloudWatch
Logs User Guide.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable

from helpers.local.aws import json_patterns

Fields = dict[str, object]
Matcher = Callable[[str], "Fields | None"]
TERM = re.compile(r'([-?]?)(?:"((?:[^"\\]|\\.)*)"|%((?:[^%\\]|\\.)+)%|([^\s"%]+))(?=\s|$)')
WORD = re.compile(r'\[([^\]]*)\]|"([^"]*)"|(\S+)')


class BadPattern(ValueError):
    """The text is no filter pattern."""


@functools.lru_cache(maxsize=256)
def compiled(pattern: str) -> Matcher:
    """A function from a message to the fields it holds if it matches, else to None.

    The fields are what `$.name` (JSON) or `$name` (space-delimited) select in a metric value.

    Raises:
        BadPattern: AWS would refuse `pattern`.
    """
    text = (pattern or "").strip()
    if not text:
        return lambda message: _json_fields(message)
    if text.startswith("{"):
        return _json(text)
    if text.startswith("["):
        return _delimited(text)
    return _terms(text)


def select(fields: Fields, selector: str) -> object:
    """The value that `$.a.b` or `$name` names in a match's fields; None if there is none."""
    if selector.startswith("$."):
        return json_patterns.select(fields.get("$"), selector)
    return fields.get(selector[1:])


def _json_fields(message: str) -> Fields:
    try:
        return {"$": json.loads(message)}
    except ValueError:
        return {}


def _json(text: str) -> Matcher:
    try:
        test = json_patterns.compiled(text)
    except ValueError as error:
        raise BadPattern(str(error)) from error

    def matcher(message: str) -> Fields | None:
        fields = _json_fields(message)
        return fields if isinstance(fields.get("$"), dict | list) and test(fields["$"]) else None

    return matcher


def _terms(text: str) -> Matcher:
    must, must_not, any_of, at = [], [], [], 0
    while at < len(text):
        found = TERM.match(text, at)
        if not found:
            raise BadPattern(f"Invalid filter pattern at {text[at:]!r}")
        sign, quoted, regex, word = found.groups()
        if regex:
            test = re.compile(regex).search
        else:
            literal = re.sub(r"\\(.)", r"\1", quoted) if quoted is not None else word
            if quoted is None and not re.fullmatch(r"[\w]+", literal):
                raise BadPattern(f"A term with other than letters and digits needs quotes: {word}")
            test = functools.partial(_contains, literal)
        {"": must, "-": must_not, "?": any_of}[sign].append(test)
        at = found.end() + len(text[found.end() :]) - len(text[found.end() :].lstrip())

    def matcher(message: str) -> Fields | None:
        # Beside other terms, "?" terms change nothing: AWS ignores them then.
        wanted = all(test(message) for test in must)
        if any_of and not must:
            wanted = any(test(message) for test in any_of)
        if wanted and not any(test(message) for test in must_not):
            return _json_fields(message)
        return None

    return matcher


def _contains(literal: str, message: str) -> bool:
    return literal in message


def _delimited(text: str) -> Matcher:
    if not text.endswith("]"):
        raise BadPattern("A space-delimited filter pattern ends with ]")
    columns = [column.strip() for column in text[1:-1].split(",")]
    tests = [_column(column) for column in columns]

    def matcher(message: str) -> Fields | None:
        words = [next(g for g in m.groups() if g is not None) for m in WORD.finditer(message)]
        named = _assigned(tests, words)
        if named is None:
            return None
        for (_, conditions), value in named:
            if conditions and not any(all(test(value) for test in both) for both in conditions):
                return None
        return {name: value for (name, _), value in named}

    return matcher


def _assigned(tests: list, words: list[str]) -> list | None:
    """Columns beside their words; `...` takes as many words as the others leave."""
    rest = next((i for i, (name, _) in enumerate(tests) if name == "..."), None)
    if rest is None:
        return list(zip(tests, words, strict=True)) if len(tests) == len(words) else None
    after = len(tests) - rest - 1
    if len(words) < rest + after:
        return None
    tail = words[len(words) - after :] if after else []
    return [*zip(tests[:rest], words, strict=False), *zip(tests[rest + 1 :], tail, strict=True)]


def _column(column: str) -> tuple[str, list[list[Callable[[str], bool]]]]:
    """(name, alternatives of joint conditions) of a column such as `status=4* || status=500`."""
    if not column:
        raise BadPattern("A column of a space-delimited filter pattern has no name")
    name = re.match(r"\.\.\.|[\w]+", column)
    if not name:
        raise BadPattern(f"Invalid column in a space-delimited filter pattern: {column}")
    if name.group() == column:
        return column, []
    alternatives = []
    for alternative in column.split("||"):
        both = []
        for condition in alternative.split("&&"):
            parts = re.fullmatch(r"\s*[\w]+\s*(!=|<=|>=|=|<|>)\s*(.+?)\s*", condition)
            if not parts:
                raise BadPattern(f"Invalid condition in a filter pattern: {condition.strip()}")
            both.append(json_patterns.comparison(*parts.groups()))
        alternatives.append(both)
    return name.group(), alternatives
