"""Lesson 14: requests counted rather than lines; a pattern that masks telephones and no more."""

from __future__ import annotations

import json
import logging
import re
from collections import defaultdict
from collections.abc import Callable
from typing import Any
from uuid import uuid4

from helpers.exercises import Verdict, blank, exercise, right, wrong

TASK_1 = "failed = a query with the columns service and requests"
TASK_2 = "phone = r'...', a regular expression for Spanish mobile numbers"
STREAM, SERIOUS = "lines", {"ERROR", "CRITICAL"}
NAME = "telefono"

# Texts around a number; what has to be gone afterwards, and what has to be there still.
PHONES = ["612345678", "+34 712 345 678", "612-345-678", "+34612345678"]
OTHERS = ["E000123", "503", "612345678901", "12612345678", "912345678", "2026-11-24"]


@exercise("14.1")
def requests_that_failed(query, *, ask: Callable, logs: Any, group: str) -> Verdict:
    """Run the query; count the requests of the live log events by themselves."""
    if query is None or query is ...:
        return blank(TASK_1)
    try:
        rows = ask(query)
    except logs.exceptions.MalformedQueryException as error:
        return wrong(f"Insights does not understand it: {error.response['Error']['Message']}")
    if not rows or not all({"service", "requests"} <= set(row) for row in rows):
        return wrong("the answer has no rows with the columns service and requests")
    told = {row["service"]: float(row["requests"]) for row in rows}
    truth, lines, all_levels = _count(logs, group)
    if told == truth:
        counted = f"{sum(truth.values())} requests in {len(truth)} services"
        return right(f"{counted}, out of {sum(lines.values())} serious log events")
    if told == lines:
        return wrong(
            "these are log events: one request may write several, and each may have come twice; "
            "which field says what belongs to one request?"
        )
    if told == all_levels:
        return wrong("warnings are among them; a warning is a refusal, not a failure")
    service = min(set(told) ^ set(truth) or [s for s in truth if told[s] != truth[s]])
    return wrong(f"{service}: {told.get(service, 0):g} requests, not {truth.get(service, 0)}")


def _count(logs: Any, group: str) -> tuple[dict, dict, dict]:
    """By service: requests that failed; serious log events; requests with any line of a level."""
    failed, lines, warned = defaultdict(set), defaultdict(int), defaultdict(set)
    pages = logs.get_paginator("filter_log_events").paginate(
        logGroupName=group, logStreamNames=[STREAM]
    )
    for event in (event for page in pages for event in page["events"]):
        found = json.loads(event["message"])
        if found.get("type") == "error":
            warned[found["service"]].add(found["request_id"])
        if found.get("level") in SERIOUS:
            failed[found["service"]].add(found["request_id"])
            lines[found["service"]] += 1
    sizes = [{name: len(ids) for name, ids in each.items()} for each in (failed, warned)]
    return sizes[0], dict(lines), sizes[1]


@exercise("14.2")
def phones(pattern, *, secrets: dict, logger: logging.Logger, handler: Any, read) -> Verdict:
    """Log lines through the live handler with the pattern among its secrets; read the topic."""
    if pattern is None or pattern is ...:
        return blank(TASK_2)
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        return wrong(f"not a regular expression: {error}")
    mark = "".join(chr(ord("g") + int(digit, 16)) for digit in uuid4().hex[:12])  # no digits in it
    secrets[NAME] = compiled
    try:
        for text in PHONES + OTHERS:
            logger.warning("%s <%s> fin", mark, text, extra={"code": 400, "latency_ms": 1})
        handler.producer.flush(30)
    finally:
        del secrets[NAME]
    arrived = [json.loads(record.value())["message"] for record in read()]
    mine = " ".join(message for message in arrived if message.startswith(mark))
    if mine.count("fin") != len(PHONES + OTHERS):
        return wrong(f"{mine.count('fin')} of {len(PHONES + OTHERS)} lines arrived whole")
    for text in PHONES:
        if f"<[{NAME}]>" not in mine or re.search(rf"<{re.escape(text)}>", mine):
            return wrong(f"{text} is in the topic in plain text")
    for text in OTHERS:
        if f"<{text}>" not in mine:
            return wrong(f"{text} is no mobile number, and was masked, or a part of it")
    if mine.count(f"<[{NAME}]>") != len(PHONES):
        return wrong("a part of a number is still readable in the topic")
    return right(f"{len(PHONES)} numbers masked, {len(OTHERS)} others left alone")
