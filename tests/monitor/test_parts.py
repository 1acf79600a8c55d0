"""Parts without servers: what an answer means, settings, intervals."""

from __future__ import annotations

import os
import time

import pytest
from botocore.exceptions import EndpointConnectionError

from helpers.errors import LabError
from helpers.pipeline import monitor_aws
from helpers.pipeline.monitor_aws import Again, MonitorStopped, Refused, ask
from helpers.pipeline.monitor_intervals import Intervals
from helpers.pipeline.monitor_settings import Settings
from helpers.pipeline.monitor_window import series
from tests.monitor.test_keeping import LOGINS, fault

MEANINGS = [
    (fault("ThrottlingException"), Again),
    (fault("Throttling"), Again),
    (fault("InternalFailure", 500), Again),
    (fault("whatever", 503), Again),
    (fault("whatever", 429), Again),
    (EndpointConnectionError(endpoint_url="http://nowhere"), Again),
    (fault("InvalidParameterValue"), Refused),
    (fault("AccessDenied", 403), MonitorStopped),
    (fault("AccessDeniedException"), MonitorStopped),
    (fault("InvalidClientTokenId", 403), MonitorStopped),
    (fault("ExpiredTokenException"), MonitorStopped),
]


@pytest.mark.parametrize(("error", "meaning"), MEANINGS, ids=lambda value: str(value)[:60])
def test_what_an_answer_means(error, meaning):
    def call():
        raise error

    with pytest.raises(meaning) as seen:
        ask(call, "cloudwatch:PutMetricData")
    assert "\n" not in str(seen.value)


def test_without_a_region_or_keys(monkeypatch, tmp_path):
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(MonitorStopped, match="AWS_DEFAULT_REGION"):
        monitor_aws.client("cloudwatch")
    cloudwatch = monitor_aws.client("cloudwatch", region_name="eu-west-1")
    with pytest.raises(MonitorStopped, match="AWS_ACCESS_KEY_ID"):
        ask(cloudwatch.list_metrics, "x")


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"resolution": 10}, "resolution is 1 or 60"),
        ({"every_s": 0.1}, "every is a number of seconds"),
        ({"topics": ("other",)}, "estudiante-eventos"),
        ({"namespace": "AWS/Mine"}, "cannot be a namespace"),
        ({"namespace": "a b?"}, "cannot be a namespace"),
        ({"retention_days": 2}, "keeps lines for one of"),
    ],
)
def test_settings_that_cannot_be(wrong, words):
    with pytest.raises(LabError, match=words):
        Settings(**wrong)


def test_intervals_begin_at_whole_multiples_and_hold_each_record_once():
    made = Intervals(10, [LOGINS])
    done = []
    begin = time.time() // 10 * 10 + 10
    for tenth in range(250):
        now = begin + tenth / 10
        if (over := made.tick(now)) is not None:
            done.append(over)
        made.second.counts[LOGINS] += 1
        made.second.records += 1
    done.append(made.cut(begin + 25))
    starts = [window.start for window in done]
    assert starts[1:] == [begin, begin + 10, begin + 20]
    assert [window.counts[LOGINS] for window in done] == [0, 100, 100, 50]
    assert [window.counts[series("Heartbeat")] for window in done] == [1] * 4
    assert made.records == 250
