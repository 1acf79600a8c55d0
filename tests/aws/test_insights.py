"""CloudWatch Logs Insights queries over 180 events, one a second."""

from __future__ import annotations

import json

import pytest

from tests.aws.support import milliseconds, refused

FIRST = (milliseconds() // 60_000 - 10) * 60_000
GROUP = "/test/insights"


@pytest.fixture(scope="module")
def ask(stand_in):
    """ask(query) gives the rows as dicts."""
    logs = stand_in.client("logs")
    logs.create_log_group(logGroupName=GROUP)
    logs.create_log_stream(logGroupName=GROUP, logStreamName="s")
    events = [
        {
            "timestamp": FIRST + i * 1000,
            "message": json.dumps(
                {
                    "status": 500 if i % 10 == 0 else 200,
                    "latency": i,
                    "path": f"/p{i % 3}",
                    "user": {"name": f"u{i % 2}"},
                    "retry": i % 4 == 0,
                    **({"trace": f"t{i}"} if i < 5 else {}),
                }
            ),
        }
        for i in range(180)
    ]
    events.append({"timestamp": FIRST + 180_000, "message": "[WARN] disk 91% full"})
    logs.put_log_events(logGroupName=GROUP, logStreamName="s", logEvents=events)

    def ask(query: str, **more) -> list[dict]:
        begun = logs.start_query(
            logGroupName=GROUP,
            startTime=FIRST // 1000 - 60,
            endTime=FIRST // 1000 + 300,
            queryString=query,
            **more,
        )
        answer = logs.get_query_results(queryId=begun["queryId"])
        assert answer["status"] == "Complete"
        return [{cell["field"]: cell["value"] for cell in row} for row in answer["results"]]

    return ask


def test_fields_filter_sort_limit(ask):
    query = (
        "fields @timestamp, @message | filter @message like /500/ | sort @timestamp asc | limit 3"
    )
    rows = ask(query)
    assert [json.loads(row["@message"])["latency"] for row in rows] == [0, 10, 20]
    assert rows[0]["@timestamp"] < rows[1]["@timestamp"]
    assert set(rows[0]) == {"@timestamp", "@message", "@ptr"}


def test_json_fields_are_discovered(ask):
    rows = ask("filter status = 500 | fields latency, path, user.name, nothing | sort latency desc")
    assert len(rows) == 18
    row = {k: v for k, v in rows[0].items() if k != "@ptr"}
    assert row == {"latency": "170", "path": "/p2", "user.name": "u0"}


def test_without_sort_the_newest_come_first(ask):
    assert [row.get("latency") for row in ask("fields latency | limit 3")] == [None, "179", "178"]
    assert len(ask("fields @message", limit=7)) == 7


@pytest.mark.parametrize(
    ("condition", "count"),
    [
        ("latency > 9 and latency <= 20", 11),
        ("status = 500 or latency < 5", 22),
        ("not (status = 200)", 19),
        ('path = "/p1"', 60),
        ("path != '/p1' and ispresent(path)", 120),
        ("path in ['/p1', '/p2']", 120),
        ("path not in ['/p1', '/p2'] and ispresent(path)", 60),
        ("@message not like /status/", 1),
        ("@message like 'disk 91'", 1),
        ("@message like /(?i)warn/", 1),
        ("path =~ /p[01]$/", 120),
        ("ispresent(trace)", 5),
        ("retry = 1", 45),
        ("strcontains(path, 'p2')", 60),
        ("latency % 60 = 0", 3),
        ("latency * 2 + 1 > 350", 5),
        ("toupper(path) = '/P0'", 60),
    ],
)
def test_conditions(ask, condition, count):
    assert len(ask(f"fields @message | filter {condition}")) == count


def test_stats_over_all(ask):
    rows = ask(
        "filter ispresent(status) | stats count(*), count(trace) as traces, sum(latency) as total, "
        "avg(latency) as mean, min(latency) as low, max(latency) as high, "
        "count_distinct(path) as paths, sum(latency) / count(*) as quotient"
    )
    assert rows == [
        {
            "count(*)": "180",
            "traces": "5",
            "total": "16110",
            "mean": "89.5",
            "low": "0",
            "high": "179",
            "paths": "3",
            "quotient": "89.5",
        }
    ]


def test_stats_by_time(ask):
    rows = ask("filter ispresent(status) | stats count(*) as n by bin(1m) | sort `bin(1m)`")
    assert [row["n"] for row in rows] == ["60", "60", "60"]
    assert rows[0]["bin(1m)"].endswith(":00.000")
    assert rows[0]["bin(1m)"] < rows[1]["bin(1m)"]


def test_stats_by_field_and_percentile(ask):
    rows = ask(
        "filter ispresent(path) | stats avg(latency) as mean, pct(latency, 99) as p99 by path "
        "| sort path"
    )
    assert [(row["path"], row["mean"]) for row in rows] == [
        ("/p0", "88.5"),
        ("/p1", "89.5"),
        ("/p2", "90.5"),
    ]
    assert [float(row["p99"]) for row in rows] == pytest.approx([176, 177, 178], abs=1)


def test_stats_of_nothing(ask):
    assert ask("filter status = 404 | stats count(*) as n") == [{"n": "0"}]
    assert ask("filter status = 404 | stats count(*) as n by path") == []


def test_a_filter_after_stats(ask):
    rows = ask("stats count(*) as n by status | filter n > 100")
    assert rows == [{"status": "200", "n": "162"}]


def test_parse_with_wildcards_and_regex(ask):
    (row,) = ask("parse @message '[*] disk *% full' as level, percent | filter level = 'WARN'")
    assert (row["level"], row["percent"]) == ("WARN", "91")
    query = r'parse @message /"latency": (?<ms>\d+)/ | stats max(ms) as slowest'
    assert ask(query) == [{"slowest": "179"}]


def test_expressions_get_names(ask):
    (row,) = ask("filter latency = 7 | fields latency * 2 as twice, concat(path, '!'), retry")
    assert (row["twice"], row["concat(path, '!')"], row["retry"]) == ("14", "/p1!", "0")


def test_dedup_display_and_comments(ask):
    query = "filter ispresent(path) # only JSON\n| dedup path | sort path | display path"
    assert [row["path"] for row in ask(query)] == ["/p0", "/p1", "/p2"]


def test_the_time_range_bounds(stand_in, ask):
    logs = stand_in.client("logs")
    begun = logs.start_query(
        logGroupName=GROUP,
        startTime=FIRST // 1000 + 10,
        endTime=FIRST // 1000 + 19,
        queryString="stats count(*) as n",
    )
    answer = logs.get_query_results(queryId=begun["queryId"])
    assert answer["results"] == [[{"field": "n", "value": "10"}]]
    assert answer["statistics"]["recordsScanned"] == 10


@pytest.mark.parametrize(
    "query",
    [
        "select * from logs",
        "fields a b",
        "stats nope(latency)",
        "filter latency >",
        "filter @message like /(/",
        "limit many",
        "limit 0",
        "fields @message |",
        "parse @message '* *' as one",
        "sort latency sideways",
    ],
)
def test_a_malformed_query_is_refused(ask, query):
    with refused("MalformedQueryException"):
        ask(query)
