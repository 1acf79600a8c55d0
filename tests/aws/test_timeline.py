"""Alarms change by the clock and tell their topic (staged in conftest.py, which see)."""

from __future__ import annotations

import json

import pytest

from tests.aws.support import state_of, until


@pytest.fixture(scope="module")
def changes(timeline):
    """Per alarm, the states that its topic was told, once all should have happened.

    Without the OK that comes first where the first ten seconds were not yet over.
    """

    def heard() -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for message in timeline.queue.messages():
            states = found.setdefault(message["AlarmName"], [])
            if states or message["NewStateValue"] != "OK":
                states.append(message["NewStateValue"])
        return found

    def over() -> bool:
        found = heard()
        return len(found.get("starves", [])) > 1 and len(found.get("falls", [])) > 1

    until(over, 75, "the alarms without data left the ALARM state", every=0.5)
    return heard()


def test_data_that_stop_end_the_alarm(changes):
    assert changes["falls"] == ["ALARM", "OK"]


def test_good_data_end_the_alarm(changes):
    assert changes["recovers"] == ["ALARM", "OK"]


def test_missing_data_can_mean_insufficient_data(changes):
    assert changes["starves"] == ["ALARM", "INSUFFICIENT_DATA"]


def test_ignored_missing_data_keep_the_state(changes, timeline):
    assert changes["holds"] == ["ALARM"]
    assert state_of(timeline.cloudwatch, "holds") == "ALARM"


def test_an_alarm_looks_only_at_its_own_dimensions(changes):
    assert changes["loud"] == ["ALARM", "OK"]
    assert changes["quiet"] == []


def test_disabled_actions_stay_silent(changes, timeline):
    assert "muted" not in changes
    history = timeline.cloudwatch.describe_alarm_history(
        AlarmName="muted", HistoryItemType="StateUpdate", ScanBy="TimestampAscending"
    )["AlarmHistoryItems"]
    assert [item["HistorySummary"] for item in history][-2:] == [
        "Alarm updated from OK to ALARM",
        "Alarm updated from ALARM to OK",
    ]


def test_history_tells_updates_and_actions(changes, timeline):
    items = timeline.cloudwatch.describe_alarm_history(
        AlarmName="falls", ScanBy="TimestampAscending"
    )["AlarmHistoryItems"]
    assert items[0]["HistoryItemType"] == "ConfigurationUpdate"
    assert [(item["HistoryItemType"], item["HistorySummary"]) for item in items[-4:]] == [
        ("StateUpdate", "Alarm updated from OK to ALARM"),
        ("Action", f"Successfully executed action {timeline.topic}"),
        ("StateUpdate", "Alarm updated from ALARM to OK"),
        ("Action", f"Successfully executed action {timeline.topic}"),
    ]


def test_the_message_has_the_form_of_aws(changes, timeline):
    about = [m for m in timeline.queue.messages() if m["AlarmName"] == "loud"]
    message = next(m for m in about if m["NewStateValue"] == "ALARM")
    assert message["AWSAccountId"] == "000000000000"
    assert message["AlarmArn"] == "arn:aws:cloudwatch:us-east-1:000000000000:alarm:loud"
    assert message["Region"] == "US East (N. Virginia)"
    assert message["Trigger"]["Statistic"] == "MAXIMUM"
    assert message["Trigger"]["Dimensions"] == [{"name": "Host", "value": "loud"}]
    assert message["NewStateReason"].startswith(
        "Threshold Crossed: 1 out of the last 1 datapoints [500.0 ("
    )
    envelope = json.loads(timeline.queue.bodies[0])
    assert envelope["Type"] == "Notification"
    assert envelope["TopicArn"] == timeline.topic


def test_people_are_told_in_words(changes, inbox):
    subject = 'ALARM: "falls" in US East (N. Virginia)'
    inbox.wait("mail", lambda m: m["subject"] == subject.replace("ALARM", "OK", 1), 5)
    mail = next(m for m in inbox.mails("timeline@example.com") if m["subject"] == subject)
    assert mail["body"].startswith(
        'You are receiving this email because your Amazon CloudWatch Alarm "falls"'
    )
    assert subject in [sms["body"] for sms in inbox.sms("+15550100100")]


def test_who_has_not_confirmed_hears_nothing(changes, inbox):
    assert len(inbox.mails("timeline@example.com")) > 5
    subjects = [mail["subject"] for mail in inbox.mails("silent@example.com")]
    assert subjects == ["AWS Notification - Subscription Confirmation"]
