"""JSON filter patterns such as `{ ($.status >= 500) && ($.path = "/api/*") }`.

Source: "Using filter patterns to match terms in JSON log events" of the Amazon CloudWatch Logs
User Guide.
"""

from __future__ import annotations

import re
from collections.abc import Callable

Test = Callable[[object], bool]
TOKEN = re.compile(
    r"""\s*(?:(?P<op>&&|\|\||!=|<=|>=|=|<|>|\(|\))
    |(?P<selector>\$(?:\.[\w@-]+|\[\d+\]|\[\*\]|\['[^']*'\])+)
    |"(?P<quoted>(?:[^"\\]|\\.)*)"
    |%(?P<regex>(?:[^%\\]|\\.)+)%
    |(?P<word>[^\s()=<>!&|"]+))""",
    re.VERBOSE,
)
STEP = re.compile(r"\.([\w@-]+)|\[(\d+)\]|\['([^']*)'\]|\[\*\]")
_ABSENT = object()


def select(document: object, selector: str) -> object:
    """What `$.a.b[0]` names in a parsed JSON document; None if it is not there."""
    found = _find(document, selector)
    return None if found is _ABSENT else found


def _find(document: object, selector: str) -> object:
    for step in STEP.finditer(selector):
        name, index = step.group(1) or step.group(3), step.group(2)
        if name is not None and isinstance(document, dict) and name in document:
            document = document[name]
        elif index is not None and isinstance(document, list) and int(index) < len(document):
            document = document[int(index)]
        elif step.group() == "[*]" and isinstance(document, list):
            continue
        else:
            return _ABSENT
    return document


def compiled(text: str) -> Test:
    """The test that the pattern `text`, braces included, makes of a parsed JSON document.

    Raises:
        ValueError: it is no pattern.
    """
    if not text.endswith("}"):
        raise ValueError("A JSON filter pattern ends with }")
    body, tokens, at = text[1:-1].strip(), [], 0
    while at < len(body):
        found = TOKEN.match(body, at)
        if not found:
            raise ValueError(f"Invalid filter pattern at {body[at:]!r}")
        tokens.append((found.lastgroup, found.group(found.lastgroup)))
        at = found.end()
    parser = _Parser(tokens)
    test = parser.either()
    if parser.kind != "end":
        raise ValueError(f"Invalid filter pattern at {parser.text!r}")
    return test


class _Parser:
    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens, self._at = [*tokens, ("end", "")], 0

    @property
    def kind(self) -> str:
        return self._tokens[self._at][0]

    @property
    def text(self) -> str:
        return self._tokens[self._at][1]

    def _take(self, *texts: str) -> bool:
        if self.kind != "end" and self.text in texts:
            self._at += 1
            return True
        return False

    def either(self) -> Test:
        tests = [self.both()]
        while self._take("||"):
            tests.append(self.both())
        return lambda document: any(test(document) for test in tests)

    def both(self) -> Test:
        tests = [self.one()]
        while self._take("&&"):
            tests.append(self.one())
        return lambda document: all(test(document) for test in tests)

    def one(self) -> Test:
        if self._take("("):
            test = self.either()
            if not self._take(")"):
                raise ValueError("Invalid filter pattern: ) is missing")
            return test
        if self.kind != "selector":
            raise ValueError(f"Invalid filter pattern at {self.text!r}: $.name expected")
        selector = self.text
        self._at += 1
        if self._take("IS"):
            return self._is(selector)
        if self._take("NOT"):
            if not self._take("EXISTS"):
                raise ValueError("Invalid filter pattern: NOT EXISTS expected")
            return lambda document: _find(document, selector) is _ABSENT
        operator = self.text
        if not self._take("=", "!=", "<", "<=", ">", ">="):
            raise ValueError(f"Invalid filter pattern at {operator!r}: an operator expected")
        if self.kind not in ("quoted", "regex", "word"):
            raise ValueError("Invalid filter pattern: a value is missing")
        kind, value = self.kind, self.text
        self._at += 1
        raw = {"quoted": f'"{value}"', "regex": f"%{value}%", "word": value}[kind]
        test = comparison(operator, raw)

        def applies(document: object) -> bool:
            found = _find(document, selector)
            if found is _ABSENT or (found is None and operator != "!="):
                return False
            many = found if isinstance(found, list) and "[*]" in selector else [found]
            return any(test(item) for item in many)

        return applies

    def _is(self, selector: str) -> Test:
        constants = {"NULL": None, "TRUE": True, "FALSE": False}
        word = self.text
        if not self._take(*constants):
            raise ValueError("Invalid filter pattern: IS NULL, IS TRUE or IS FALSE expected")
        return lambda document: _find(document, selector) is constants[word]


def comparison(operator: str, raw: str) -> Test:
    """The test `operator raw` of one value; `*` in a string stands for any characters.

    Raises:
        ValueError: < or > with something that is no number.
    """
    regex = re.fullmatch(r"%(.+)%", raw)
    text = raw[1:-1].replace('\\"', '"') if raw.startswith('"') else raw
    number = None if raw.startswith('"') else _number(text)
    if operator in ("<", "<=", ">", ">="):
        if number is None:
            raise ValueError(f"Invalid filter pattern: {operator} compares numbers, not {raw}")
        order = {
            "<": lambda a: a < number,
            "<=": lambda a: a <= number,
            ">": lambda a: a > number,
            ">=": lambda a: a >= number,
        }[operator]
        return lambda value: (own := _number(value)) is not None and order(own)
    wildcard = re.compile(".*".join(map(re.escape, text.split("*"))), re.DOTALL)

    def equal(value: object) -> bool:
        if regex:
            return re.search(regex.group(1), _text(value)) is not None
        own = _number(value)
        if number is not None and own is not None:
            return own == number
        return wildcard.fullmatch(_text(value)) is not None

    return equal if operator == "=" else lambda value: not equal(value)


def _number(value: object) -> float | None:
    if isinstance(value, bool) or value is None:
        return None
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return value if isinstance(value, str) else "" if value is None else str(value)
