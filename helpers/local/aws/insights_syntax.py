"""The expressions of CloudWatch Logs Insights queries, parsed into functions.

Source: "CloudWatch Logs Insights language query syntax" of the Amazon CloudWatch Logs User Guide.
An expression becomes a function of (record, group): `group` are a stats group's records, else None.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from helpers.local.aws import insights_functions as functions
from helpers.local.aws.insights_tokens import Malformed, Token, regex

Expression = Callable[[dict, "list[dict] | None"], object]
COMPARISONS = ("=", "!=", "<", "<=", ">", ">=", "like", "=~", "in", "not")


class Parser:
    """Reads the tokens of one command."""

    def __init__(self, query: str, tokens: list[Token]) -> None:
        self._query, self._tokens, self._at = query, tokens, 0

    @property
    def done(self) -> bool:
        """Whether all tokens are read."""
        return self._at == len(self._tokens)

    @property
    def word(self) -> str:
        """The next token in lower case, "" at the end."""
        return "" if self.done else self._tokens[self._at].text.lower()

    def take(self, *words: str) -> bool:
        """Read the next token if it is one of `words`."""
        if not self.done and self._tokens[self._at].kind in ("name", "op") and self.word in words:
            self._at += 1
            return True
        return False

    def expect(self, word: str) -> None:
        """Read `word` or refuse the query."""
        if not self.take(word):
            raise Malformed(f"expected {word} but found {self.word or 'the end'}")

    def next(self, *kinds: str) -> Token:
        """Read the next token, which must be of one of `kinds`."""
        if self.done or self._tokens[self._at].kind not in kinds:
            raise Malformed(f"unexpected {self.word or 'end of the command'}")
        self._at += 1
        return self._tokens[self._at - 1]

    def name(self) -> str:
        """A field's name, backticks undone."""
        return self.next("name", "field").text.strip("`")

    def named(self) -> tuple[str, Expression]:
        """An expression and its column's name: its alias, or its own text."""
        start = self._at
        expression = self.expression()
        end = self._tokens[self._at - 1].end
        if self.take("as"):
            return self.name(), expression
        return self._query[self._tokens[start].start : end].strip("`"), expression

    def listed(self, read: Callable[[], object]) -> list:
        """One or more, separated by commas."""
        items = [read()]
        while self.take(","):
            items.append(read())
        return items

    def expression(self) -> Expression:
        """A whole expression, from `or` down."""
        parts = [self._and()]
        while self.take("or"):
            parts.append(self._and())
        if len(parts) == 1:
            return parts[0]
        return lambda record, group: any(functions.true(part(record, group)) for part in parts)

    def _and(self) -> Expression:
        parts = [self._not()]
        while self.take("and"):
            parts.append(self._not())
        if len(parts) == 1:
            return parts[0]
        return lambda record, group: all(functions.true(part(record, group)) for part in parts)

    def _not(self) -> Expression:
        if self.take("not"):
            inner = self._not()
            return lambda record, group: not functions.true(inner(record, group))
        return self._comparison()

    def _comparison(self) -> Expression:
        left = self._sum()
        operator = self.word
        if not self.take(*COMPARISONS):
            return left
        if operator == "not":
            positive = self.word
            if not self.take("like", "in"):
                raise Malformed("expected like or in after not")
            inner = self._right(positive, left)
            return lambda record, group: not inner(record, group)
        return self._right(operator, left)

    def _right(self, operator: str, left: Expression) -> Expression:
        if operator in ("like", "=~"):
            token = self.next("regex", "string")
            pattern = (
                regex(token.text)
                if token.kind == "regex"
                else re.compile(re.escape(functions.unquoted(token.text)))
            )
            return lambda record, group: (
                pattern.search(functions.text(left(record, group))) is not None
            )
        if operator == "in":
            self.expect("[")
            items = self.listed(self._sum)
            self.expect("]")
            return lambda record, group: any(
                functions.compare("=", left(record, group), item(record, group)) for item in items
            )
        right = self._sum()
        return lambda record, group: functions.compare(
            operator, left(record, group), right(record, group)
        )

    def _chain(self, below: Callable[[], Expression], *operators: str) -> Expression:
        left = below()
        while self.word in operators and self._tokens[self._at].kind == "op":
            operator = self.word
            self.take(operator)
            left = _binary(operator, left, below())
        return left

    def _sum(self) -> Expression:
        return self._chain(self._product, "+", "-")

    def _product(self) -> Expression:
        return self._chain(self._power, "*", "/", "%")

    def _power(self) -> Expression:
        return self._chain(self._primary, "^")

    def _primary(self) -> Expression:
        if self.take("("):
            inner = self.expression()
            self.expect(")")
            return inner
        if self.take("-"):
            inner = self._primary()
            return _binary("-", lambda record, group: 0, inner)
        token = self.next("string", "field", "number", "duration", "name")
        if token.kind == "string":
            return _constant(functions.unquoted(token.text))
        if token.kind == "number":
            return _constant(float(token.text))
        if token.kind == "duration":
            return _constant(functions.seconds(token.text))
        if token.kind == "name" and self.take("("):
            return self._call(token.text.lower())
        if token.text.lower() in ("true", "false"):
            return _constant(int(token.text.lower() == "true"))
        name = token.text.strip("`")
        return lambda record, group: record.get(name)

    def _call(self, function: str) -> Expression:
        args: list[Expression] = []
        if self.take("*"):
            self.expect(")")
        elif not self.take(")"):
            args = self.listed(self.expression)
            self.expect(")")
        if function in functions.AGGREGATES:
            work = functions.AGGREGATES[function]
            return lambda record, group: work(group if group is not None else [record], args)
        if function not in functions.SCALARS:
            raise Malformed(f"unknown function {function}")
        work = functions.SCALARS[function]
        return lambda record, group: work(record, *(arg(record, group) for arg in args))


def _constant(value: object) -> Expression:
    return lambda record, group: value


def _binary(operator: str, left: Expression, right: Expression) -> Expression:
    work = functions.ARITHMETIC[operator]

    def apply(record: dict, group: list[dict] | None) -> float | None:
        a, b = functions.number(left(record, group)), functions.number(right(record, group))
        try:
            return None if a is None or b is None else work(a, b)
        except ZeroDivisionError:
            return None

    return apply
