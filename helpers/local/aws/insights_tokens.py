"""The tokens of CloudWatch Logs Insights queries.

Source: "CloudWatch Logs Insights language query syntax" of the Amazon CloudWatch Logs User Guide.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

TOKEN = re.compile(
    r"""(?P<space>\s+|\#[^\n]*)
    |(?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
    |(?P<field>`[^`]*`)
    |(?P<duration>\d+(?:ms|mo|[smhdwqy])\b)
    |(?P<number>\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)
    |(?P<op>\|\||=~|!=|<=|>=|[|()\[\],=<>+\-*/%^])
    |(?P<name>[@A-Za-z_$][\w.@$]*)""",
    re.VERBOSE,
)
REGEX = re.compile(r"/((?:[^/\\]|\\.)+)/([a-z]*)")


class Malformed(ValueError):
    """The query is not one that Logs Insights understands."""


@dataclass
class Token:
    """A piece of a query and where it stands in the text."""

    kind: str
    text: str
    start: int
    end: int


def commands(query: str) -> list[list[Token]]:
    """The query's tokens, one list for each command between pipes."""
    found: list[list[Token]] = [[]]
    at = 0
    while at < len(query):
        before = found[-1]
        starts_regex = (
            query[at] == "/"
            and before
            and (
                before[-1].text.lower() in ("like", "=~")
                or (len(before) == 2 and before[0].text.lower() == "parse")
            )
        )
        match = (REGEX if starts_regex else TOKEN).match(query, at)
        if not match:
            raise Malformed(f"unexpected symbol found {query[at]} at position {at}")
        kind = "regex" if starts_regex else match.lastgroup
        token = Token(kind, match.group(), match.start(), match.end())
        at = match.end()
        if token.text == "|" and kind == "op":
            found.append([])
        elif kind != "space":
            before.append(token)
    if not all(found):
        raise Malformed("a command is missing beside |")
    return found


def regex(text: str) -> re.Pattern:
    """The regular expression written as `/text/` or `/text/i`."""
    body, flags = REGEX.fullmatch(text).groups()
    # Insights writes named groups as (?<name>...), Python as (?P<name>...).
    body = re.sub(r"\(\?<(?![=!])", "(?P<", body)
    try:
        return re.compile(body, re.IGNORECASE if "i" in flags else 0)
    except re.error as error:
        raise Malformed(f"invalid regular expression {text}: {error}") from error
