"""CloudWatch Logs Insights queries: fields, display, filter, stats, sort, limit, parse, dedup.

Source: "CloudWatch Logs Insights language query syntax" and "Supported logs and discovered fields"
of the Amazon CloudWatch Logs User Guide.
"""

from __future__ import annotations

import json
import re
import time

from ministack.core.responses import error_response_json
from ministack.services import cloudwatch_logs as logs

from helpers.local.aws import insights_functions as functions
from helpers.local.aws.insights_syntax import Parser
from helpers.local.aws.insights_tokens import Malformed, commands, regex

MOST = 10_000  # results of a query, also without a limit
MAX_FIELDS = 1000  # fields discovered in one JSON event
DEFAULT = ["@timestamp", "@message"]


def install() -> None:
    """Replace MiniStack's StartQuery; its GetQueryResults stays."""
    store = logs._start_query

    def start_query(data):
        response = store({**data, "queryString": "fields @message | limit 1"})
        if response[0] != 200:
            return response
        try:
            answer = run(data)
        except (ValueError, TypeError, IndexError) as error:
            return error_response_json("MalformedQueryException", f"{error}", 400)
        query = logs._queries[json.loads(response[2])["queryId"]]
        query.update(queryString=data.get("queryString", ""), **answer)
        return response

    logs._start_query = start_query


def run(data: dict) -> dict:
    """Results and statistics of a StartQuery request. Raises ValueError for a malformed query."""
    text = data.get("queryString") or ""
    stages = commands(text)
    groups = logs._resolve_query_log_groups(data)
    found = logs._collect_query_records(
        groups, data.get("startTime", 0), data.get("endTime", int(time.time()))
    )
    pipeline = _Pipeline([_record(record) for record in reversed(found)])  # newest first, as AWS
    for tokens in stages:
        pipeline.apply(text, tokens)
    limit = min(int(data.get("limit") or MOST), MOST)
    return {
        "results": pipeline.rows()[:limit],
        "statistics": {
            "recordsMatched": float(pipeline.matched),
            "recordsScanned": float(len(found)),
            "bytesScanned": float(sum(len(record["@message"].encode()) for record in found)),
        },
    }


def _record(record: dict) -> dict:
    known = {name: value for name, value in record.items() if name.startswith("@")}
    try:
        document = json.loads(record["@message"])
    except ValueError:
        return known
    discovered: dict = {}
    if isinstance(document, dict):
        _discover(document, "", discovered)
    return {**discovered, **known}


def _discover(value: object, path: str, into: dict) -> None:
    """JSON fields by their dotted path; true and false are 1 and 0, null is absent."""
    if len(into) >= MAX_FIELDS:
        return
    if isinstance(value, dict | list):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, inner in items:
            _discover(inner, f"{path}.{key}" if path else str(key), into)
    elif value is not None:
        into[path] = int(value) if isinstance(value, bool) else value


class _Pipeline:
    """The records between two commands, and what is to be shown of them."""

    def __init__(self, records: list[dict]) -> None:
        self._records = records
        self._shown: list[str] = []
        self._extracted: list[str] = []
        self._grouped = False
        self.matched = len(records)

    def apply(self, text: str, tokens: list) -> None:
        """Run one command."""
        parser = Parser(text, tokens)
        command = parser.name().lower()
        work = getattr(self, f"_{command}", None) if command in _COMMANDS else None
        if work is None:
            raise Malformed(f"unknown command {command}; known: {', '.join(_COMMANDS)}")
        work(parser)
        if not parser.done:
            raise Malformed(f"unexpected {parser.word} in {command}")
        if not self._grouped:
            self.matched = len(self._records)

    def _fields(self, parser: Parser) -> None:
        for name, expression in parser.listed(parser.named):
            if name not in self._shown:
                self._shown.append(name)
            for record in self._records:
                value = expression(record, None)
                if value is not None:
                    record[name] = value

    def _display(self, parser: Parser) -> None:
        self._shown = []
        self._fields(parser)

    def _filter(self, parser: Parser) -> None:
        condition = parser.expression()
        self._records = [r for r in self._records if functions.true(condition(r, None))]

    def _limit(self, parser: Parser) -> None:
        count = int(float(parser.next("number").text))
        if not 1 <= count <= MOST:
            raise Malformed(f"limit must be from 1 to {MOST}")
        self._records = self._records[:count]

    def _sort(self, parser: Parser) -> None:
        keys = parser.listed(lambda: (parser.named(), _direction(parser)))
        for (name, expression), descending in reversed(keys):
            self._records.sort(
                key=lambda record, n=name, e=expression: _order(
                    record[n] if n in record else e(record, None)
                ),
                reverse=descending,
            )

    def _dedup(self, parser: Parser) -> None:
        names = parser.listed(parser.name)
        first: dict[tuple, dict] = {}
        for record in self._records:
            first.setdefault(tuple(functions.text(record.get(name)) for name in names), record)
        self._records = list(first.values())

    def _stats(self, parser: Parser) -> None:
        wanted = parser.listed(parser.named)
        by = parser.listed(parser.named) if parser.take("by") else []
        groups: dict[tuple, tuple[dict, list[dict]]] = {}
        for record in self._records:
            keys = {name: expression(record, None) for name, expression in by}
            identity = tuple(functions.text(value) for value in keys.values())
            groups.setdefault(identity, (keys, []))[1].append(record)
        if not by and not groups:
            groups[()] = ({}, [])
        self._records = [
            {**keys, **{name: expression(keys, members) for name, expression in wanted}}
            for keys, members in groups.values()
        ]
        self._shown = [name for name, _ in [*by, *wanted]]
        self._grouped = True

    def _parse(self, parser: Parser) -> None:
        source = parser.name()
        pattern = parser.next("regex", "string")
        if pattern.kind == "regex":
            compiled = regex(pattern.text)
            names = list(compiled.groupindex)
            if parser.take("as"):
                names = parser.listed(parser.name)
        else:
            parts = functions.unquoted(pattern.text).split("*")
            middle = "(.*?)".join(map(re.escape, parts))
            compiled = re.compile(middle + ("$" if parts[-1] == "" else ""), re.DOTALL)
            parser.expect("as")
            names = parser.listed(parser.name)
            if len(names) != len(parts) - 1:
                raise Malformed(f"parse names {len(names)} fields for {len(parts) - 1} wildcards")
        self._extracted += names
        for record in self._records:
            found = compiled.search(functions.text(record.get(source)))
            if found:
                record.update(zip(names, found.groups(), strict=False))

    def rows(self) -> list[list[dict]]:
        """As GetQueryResults returns them; a field that a record lacks is left out of its row."""
        names = self._shown or [*DEFAULT, *self._extracted]
        if not self._grouped:
            names = [*(name for name in names if name != "@ptr"), "@ptr"]
        return [
            [
                {"field": name, "value": functions.text(record[name])}
                for name in names
                if record.get(name) is not None
            ]
            for record in self._records
        ]


_COMMANDS = ("fields", "display", "filter", "stats", "sort", "limit", "parse", "dedup")


def _direction(parser: Parser) -> bool:
    if parser.take("desc"):
        return True
    parser.take("asc")
    return False


def _order(value: object) -> tuple:
    """Missing first, then numbers, then texts."""
    number = functions.number(value)
    if value is None:
        return (0, 0, "")
    return (1, number, "") if number is not None else (2, 0, functions.text(value))
