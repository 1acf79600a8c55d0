"""CloudWatch Logs: order, filter patterns, metric filters, embedded metrics, what is refused."""

from __future__ import annotations

import json

import pytest

from tests.aws.support import event, refused

INVALID = "InvalidParameterException"


def test_order_and_the_token_at_the_end(aws, stream):
    events = [event(60_000 - i, str(i)) for i in range(50)]
    events.sort(key=lambda e: e["timestamp"])
    assert "rejectedLogEventsInfo" not in stream(*events)
    where = {"logGroupName": stream.group, "logStreamName": "s", "startFromHead": True}
    page = aws("logs").get_log_events(**where)
    assert [e["message"] for e in page["events"]] == [str(i) for i in range(50)]
    token = page["nextForwardToken"]
    last = aws("logs").get_log_events(**where, nextToken=token)
    assert (last["events"], last["nextForwardToken"]) == ([], token)


TEXTS = [
    "ERROR db timeout",
    "ERROR cache",
    "WARN db slow",
    '127.0.0.1 - ana [10/Oct/2025 13:55] "GET /notas HTTP/1.1" 404 1534',
]
JSONS = [
    json.dumps({"status": 500 if i % 10 == 0 else 200, "path": f"/p{i % 3}", "user": {"n": i}})
    for i in range(60)
] + [json.dumps({"status": None, "ok": True, "tags": ["a", "b"]}), "plain text"]


@pytest.mark.parametrize(
    ("pattern", "count"),
    [
        ("", 4),
        ("ERROR db", 1),
        ("ERROR -timeout", 1),
        ("?ERROR ?WARN", 3),
        ('"db timeout"', 1),
        ('"timeout db"', 0),
        ("error", 0),
        ("%[A-Z]+ db%", 2),
        ("[ip, id, user, time, request, status = 4*, size]", 1),
        ("[ip, id, user, time, request, status >= 400 && status < 500, size > 2000]", 0),
        ("[level = ERROR, ...]", 2),
    ],
)
def test_patterns_of_text(aws, stream, pattern, count):
    stream(*TEXTS)
    found = aws("logs").filter_log_events(logGroupName=stream.group, filterPattern=pattern)
    assert len(found["events"]) == count


@pytest.mark.parametrize(
    ("pattern", "count"),
    [
        ("{ $.status >= 500 }", 6),
        ("{ $.status = 200 }", 54),
        ("{ $.status != 200 && $.path = /p0 }", 2),
        ('{ ($.status = 500) || ($.path = "/p1") }', 24),
        ('{ $.status = 500 || $.path = "/p1" && $.user.n < 5 }', 8),
        ('{ $.path = "/p*" }', 60),
        ("{ $.path = %^/p[12]$% }", 40),
        ("{ $.user.n > 5.7e1 }", 2),
        ("{ $.status IS NULL }", 1),
        ("{ $.ok IS TRUE }", 1),
        ("{ $.path NOT EXISTS }", 1),
        ("{ $.tags[0] = a }", 1),
        ("{ $.tags[*] = b }", 1),
        ("{ $.nothing = * }", 0),
    ],
)
def test_patterns_of_json(aws, stream, pattern, count):
    stream(*JSONS)
    found = aws("logs").filter_log_events(logGroupName=stream.group, filterPattern=pattern)
    assert len(found["events"]) == count


@pytest.mark.parametrize("pattern", ["{ $.x >= a }", "{ $.x = 1", "{ x = 1 }", "[a, b", "a/b"])
def test_a_bad_pattern_is_refused(aws, stream, pattern):
    change = [{"metricName": "m", "metricNamespace": "n", "metricValue": "1"}]
    with refused(INVALID):
        aws("logs").filter_log_events(logGroupName=stream.group, filterPattern=pattern)
    with refused(INVALID):
        aws("logs").put_metric_filter(
            logGroupName=stream.group,
            filterName="f",
            filterPattern=pattern,
            metricTransformations=change,
        )


def test_a_pattern_can_be_tried(aws):
    messages = ["10 GET /a", "20 PUT /b", "GET"]
    answer = aws("logs").test_metric_filter(
        filterPattern="[ms, verb = GET, path]", logEventMessages=messages
    )
    (match,) = answer["matches"]
    assert (match["eventNumber"], match["eventMessage"]) == (1, "10 GET /a")
    assert match["extractedValues"] == {"$ms": "10", "$verb": "GET", "$path": "/a"}
