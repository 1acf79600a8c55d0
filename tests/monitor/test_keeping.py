"""What is kept while AWS takes nothing, and what becomes of it. Without servers."""

from __future__ import annotations

import itertools
import json
import threading
import time
from collections import Counter

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from helpers.pipeline import monitor_logs
from helpers.pipeline.monitor_aws import MonitorStopped
from helpers.pipeline.monitor_logs import LogLines
from helpers.pipeline.monitor_outbox import KEPT, OLDEST_S, Outbox
from helpers.pipeline.monitor_window import Window, series
from tests.monitor.rig import until

LOGINS = series("Processed", Topic="t", Type="login")
LATENCY = series("EndToEndLatency", Topic="t")


def fault(code: str, status: int = 400) -> ClientError:
    answer = {
        "Error": {"Code": code, "Message": "no"},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    return ClientError(answer, "PutMetricData")


class CloudWatch:
    """Fails as long as it is told to, and remembers what it took."""

    def __init__(self, failure: Exception | None = None):
        self.failure, self.tries, self.took = failure, 0, []

    def put_metric_data(self, Namespace: str, MetricData: list) -> None:
        self.tries += 1
        if self.failure is not None:
            raise self.failure
        self.took += MetricData

    def total(self, name: str = "Processed") -> float:
        return sum(d["Value"] for d in self.took if d["MetricName"] == name)


def window(start: float, n: int) -> Window:
    made = Window(start)
    made.records = made.counts[LOGINS] = n
    made.distribution(LATENCY).add(n, n)
    made.ends["t", 0] = int(start)
    return made


@pytest.fixture
def began():
    """Started couriers; they end with the test."""
    every = []

    def start(courier):
        every.append(courier)
        courier.start()
        return courier

    yield start
    for courier in every:
        courier.close()


def test_an_outage_of_hours_is_kept_in_thirty_intervals(began):
    fake = CloudWatch(EndpointConnectionError(endpoint_url="http://nowhere"))
    outbox = began(Outbox("Test", 60, 3600, fake))
    first = time.time() // 10 * 10 - 7200
    starts = [first + 10 * n for n in range(720)]
    for n, start in enumerate(starts):
        outbox.put(window(start, n))
    until(lambda: fake.tries)
    assert outbox.kept <= KEPT + 1
    assert outbox.take_ends() == {}
    fake.failure = None
    assert outbox.flush(20)
    assert fake.total() == sum(range(720))
    late = Counter()
    for datum in fake.took:
        late.update(dict(zip(datum.get("Values", ()), datum.get("Counts", ()), strict=True)))
    assert late.total() == sum(range(720))
    assert outbox.take_ends() == {("t", 0): int(starts[-1])}
    stamps = sorted({d["Timestamp"].timestamp() for d in fake.took})
    assert stamps[0] == first
    # No time is much coarser than others: two hours in thirty pieces, none longer than 16 minutes.
    gaps = [later - earlier for earlier, later in itertools.pairwise(stamps)]
    assert len(stamps) > KEPT / 2
    assert max(gaps) <= 960


def test_a_part_that_was_taken_is_not_sent_again(began):
    """A window in several calls, the second of which fails at first."""

    class Second(CloudWatch):
        def put_metric_data(self, Namespace: str, MetricData: list) -> None:
            self.failure = fault("ThrottlingException") if self.tries == 1 else None
            super().put_metric_data(Namespace, MetricData)

    fake = Second()
    outbox = began(Outbox("Test", 60, 3600, fake))
    large = Window(time.time())
    for number in range(2_500):
        large.counts[series("Processed", Topic=f"t{number}")] = 1
    outbox.put(large)
    assert outbox.flush(20)
    assert fake.tries == 4
    assert fake.total() == 2_500


def test_what_is_refused_for_good_does_not_hold_up_the_rest(began, caplog):
    fake = CloudWatch(fault("InvalidParameterValue"))
    outbox = began(Outbox("Test", 60, 3600, fake))
    outbox.put(window(time.time(), 3))
    assert outbox.flush(20)
    assert outbox.refused == 2
    assert caplog.text.count("refuses 2 data for good, they are lost") == 1
    fake.failure = None
    outbox.put(window(time.time(), 4))
    assert outbox.flush(20)
    assert fake.total() == 4


def test_counts_of_long_ago_get_a_time_that_cloudwatch_takes(began):
    fake = CloudWatch()
    outbox = began(Outbox("Test", 60, 3600, fake))
    outbox.put(window(time.time() - 20 * 86_400, 3))
    assert outbox.flush(20)
    assert time.time() - fake.took[0]["Timestamp"].timestamp() == pytest.approx(OLDEST_S, abs=60)


def test_it_gives_up_after_a_while(began):
    outbox = began(Outbox("Test", 60, 0.5, CloudWatch(fault("ServiceUnavailable", 503))))
    outbox.put(window(time.time(), 3))
    until(lambda: outbox.failure)
    assert isinstance(outbox.failure, MonitorStopped)
    assert "CloudWatch has taken no data for 0.5 s" in str(outbox.failure)
    assert not outbox.flush(5)
    assert outbox.take_ends() == {}


class Logs:
    def __init__(self, failure: Exception | None = None):
        self.failure, self.took, self.hold = failure, [], threading.Event()
        self.hold.set()

    def create_log_stream(self, **_) -> None:
        if self.failure is not None:
            raise self.failure

    def put_log_events(self, logEvents: list, **_) -> dict:
        self.hold.wait(20)
        self.took += [json.loads(event["message"]) for event in logEvents]
        return {"rejectedLogEventsInfo": {"tooOldLogEventEndIndex": 2}} if self.failure else {}


def test_lines_beyond_the_bound_are_lost_and_counted(began, monkeypatch):
    monkeypatch.setattr(monitor_logs, "KEPT_LINES", 100)
    fake = Logs(EndpointConnectionError(endpoint_url="http://nowhere"))
    lines = began(LogLines("group", "stream", 14, fake))
    for number in range(50):
        lines.add([{"n": number * 10 + n} for n in range(10)])
    assert lines.take_lost() == 400
    fake.failure = None
    assert lines.flush(20)
    assert [line["n"] for line in fake.took] == list(range(400, 500))
    assert (lines.sent, lines.lost, lines.take_lost()) == (100, 400, 0)


def test_large_lines_are_bounded_by_bytes(began, monkeypatch):
    monkeypatch.setattr(monitor_logs, "KEPT_BYTES", 100_000)
    fake = Logs(EndpointConnectionError(endpoint_url="http://nowhere"))
    lines = began(LogLines("group", "stream", 14, fake))
    for number in range(30):
        lines.add([{"n": number, "text": "x" * 10_000}])
    assert lines.take_lost() == 21
    fake.failure = None
    assert lines.flush(20)
    assert [line["n"] for line in fake.took] == list(range(21, 30))


def test_lines_that_come_while_others_are_sent(began):
    fake = Logs()
    fake.hold.clear()
    lines = began(LogLines("group", "stream", 14, fake))
    lines.add([{"n": 0}])
    for n in range(1, 25_000):
        lines.add([{"n": n}])
    fake.hold.set()
    assert lines.flush(20)
    got = [line["n"] for line in fake.took]
    assert len(got) == lines.sent == 25_000 - lines.lost
    assert got == sorted(set(got))
