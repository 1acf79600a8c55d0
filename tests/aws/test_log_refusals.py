"""PutLogEvents refuses, or reports and drops, what AWS does, and only that."""

from __future__ import annotations

import pytest

from tests.aws.support import event, refused

DAY = 86_400_000
INVALID = "InvalidParameterException"


@pytest.mark.parametrize(
    ("events", "message"),
    [
        ([event(0), event(1000)], "chronological order"),
        ([event(0)] * 10_001, "less than or equal to 10000"),
        ([event(0, "a" * (1_048_576 - 25))], "Upload too large"),
        ([event(0, "ñ" * 524_288)], "Upload too large"),
        ([event(DAY + 5000), event(0)], "24 hours"),
    ],
    ids=["unordered", "many", "large", "bytes", "span"],
)
def test_bad_batches_are_refused_whole(aws, stream, events, message):
    with refused(INVALID, message=message):
        stream(*events)
    where = {"logGroupName": stream.group, "logStreamName": "s"}
    assert aws("logs").get_log_events(**where)["events"] == []


def test_the_largest_batches_are_taken(stream):
    assert "rejectedLogEventsInfo" not in stream(event(0, "a" * (1_048_576 - 26)))
    same = event(0)
    assert "rejectedLogEventsInfo" not in stream(*[same] * 10_000)


def test_events_too_old_or_too_new_are_reported_and_dropped(aws, stream):
    first, second = event(14 * DAY + 5000, "older"), event(14 * DAY + 4000, "old")
    good = event(13 * DAY + DAY // 2, "good")
    assert stream(first, second, good)["rejectedLogEventsInfo"] == {"tooOldLogEventEndIndex": 2}
    ahead = event(-3 * 3_600_000, "ahead")
    info = stream(event(0, "now"), ahead)["rejectedLogEventsInfo"]
    assert info == {"tooNewLogEventStartIndex": 1}
    kept = aws("logs").filter_log_events(logGroupName=stream.group)["events"]
    assert [e["message"] for e in kept] == ["good", "now"]


def test_events_beyond_the_retention_are_reported(aws, stream):
    aws("logs").put_retention_policy(logGroupName=stream.group, retentionInDays=3)
    info = stream(event(4 * DAY))["rejectedLogEventsInfo"]
    assert info == {"expiredLogEventEndIndex": 1}
    assert "rejectedLogEventsInfo" not in stream(event(2 * DAY))


def test_other_refusals(aws, stream):
    with refused(INVALID):
        aws("logs").put_retention_policy(logGroupName=stream.group, retentionInDays=4)
    with refused("ResourceNotFoundException"):
        aws("logs").put_log_events(logGroupName="/nope", logStreamName="s", logEvents=[event(0)])
