"""With a real broker and the AWS stand-in: what CloudWatch says is what was produced."""

from __future__ import annotations

import random
import statistics
import time
from collections import Counter

import pytest
from confluent_kafka import Consumer, KafkaException, TopicPartition

from helpers.pipeline.monitor import Monitor
from helpers.pipeline.monitor_lag import lag
from helpers.pipeline.monitor_outbox import Outbox
from helpers.pipeline.monitor_window import Window, series
from tests.monitor.rig import until


def test_counts_are_exact(rig):
    rig.produce(3000, poison=31)
    monitor = rig.monitor()
    rig.wait_until_committed()
    rig.produce(500)
    rig.wait_until_committed()
    assert monitor.finish() == 0, monitor.text
    rig.prove()
    every = sum(rig.processed.values()) + 31
    assert f"DONE {every}" in monitor.text
    by_severity = Counter()
    for (severity, _), n in rig.errors.items():
        by_severity[severity] += n
    assert {s: rig.total("Errors", Severity=s) for s in by_severity} == by_severity
    seen = rig.statistics("EndToEndLatency", "SampleCount", Topic=f"{rig.prefix}notificaciones")
    topic = "notificaciones"
    assert seen["SampleCount"] == rig.processed[topic, "notificacion"] + rig.malformed[topic]
    assert rig.total("Heartbeat") >= 1
    lines = rig.lines()
    assert sum(line.get("severity") is not None for line in lines) == sum(rig.errors.values())
    assert (
        Counter((line["severity"], line["service"]) for line in lines if "severity" in line)
        == rig.errors
    )
    malformed = [line for line in lines if line.get("cause") == "not-json"]
    assert len(malformed) == 31
    places = {(line["topic"], line["partition"], line["offset"]) for line in lines}
    assert len(places) == len(lines)


def test_the_end_sends_what_there_is(rig, here):
    """An interval of an hour, left after a moment: all is sent and committed; a snapshot shows it."""
    settings = here(every_s=3600, log_group="eventos", log_all=True, groups={"monitor": ()})
    with Monitor(settings, rig.servers.kafka) as monitor:
        rig.produce(400, poison=3)
        every = sum(rig.processed.values()) + 3
        seen = until(lambda: (s := monitor.snapshot()).records == every and s)
        assert seen.rate > 0
        assert 0 <= seen.p50_ms <= seen.p99_ms < 30_000
        full = {(rig.prefix + topic, kind): n for (topic, kind), n in rig.processed.items()}
        assert {key: n for key, n in seen.processed.items() if n} == full
        assert {key: n for key, n in seen.errors.items() if n} == rig.errors
        assert seen.malformed == {rig.prefix + t: n for t, n in rig.malformed.items()}
        assert (seen.kept, seen.trouble) == (0, "")
        assert rig.committed() == {}
    assert monitor.outbox.calls == 1
    rig.prove()
    assert rig.committed() == rig.ends
    lines = rig.lines()
    assert Counter(line.get("type") for line in lines) == Counter(
        {
            **{kind: n for (_, kind), n in rig.processed.items()},
            None: 3,
        }
    )
    login = next(line for line in lines if line.get("type") == "login")
    assert login["level"] == "INFO"
    assert login["topic"] == f"{rig.prefix}estudiante-eventos"
    assert {"partition", "offset", "key", "event_id", "record_timestamp"} <= set(login)
    group = rig.servers.client("logs").describe_log_groups(logGroupNamePrefix=rig.prefix)
    assert [g["retentionInDays"] for g in group["logGroups"]] == [14]


@pytest.mark.parametrize("resolution", [1, 60])
def test_percentiles_in_cloudwatch_are_those_of_the_values(rig, here, resolution):
    dice = random.Random(11)
    values = [dice.lognormvariate(4, 1.2) for _ in range(6_000)]
    here()
    outbox = Outbox(f"{rig.prefix}AulaStreaming", resolution, 60)
    for part in (
        values[:100],
        values[100:2_000],
        values[2_000:],
    ):  # as they come, interval by interval
        window = Window(time.time())
        for value in part:
            window.distribution(series("EndToEndLatency", Topic="t")).add(value)
        outbox.put(window)
    outbox.start()
    assert outbox.flush(20)
    outbox.close()
    names = ("SampleCount", "Minimum", "Maximum", "Average", "p1", "p50", "p90", "p99", "p99.9")
    seen = rig.statistics("EndToEndLatency", *names, Topic="t")
    assert seen["SampleCount"] == len(values)
    assert (seen["Minimum"], seen["Maximum"]) == (min(values), max(values))
    assert seen["Average"] == pytest.approx(statistics.fmean(values), rel=0.005)
    cuts = statistics.quantiles(values, n=1000, method="inclusive")
    for name in ("p1", "p50", "p90", "p99", "p99.9"):
        want = cuts[round(float(name[1:]) * 10) - 1]
        assert seen[name] == pytest.approx(want, rel=0.0051), name


def test_latency_is_from_the_records_time_to_now(rig, here):
    """Records that say they are 20 to 600 s old: the percentiles say so too."""
    dice = random.Random(5)
    ages = [dice.uniform(20_000, 600_000) for _ in range(3_000)]
    topic = f"{rig.prefix}notificaciones"
    begun = time.time()
    for age in ages:
        at = int((begun - age / 1000) * 1000)
        rig._producer.produce(topic, b"{}", timestamp=at)
    assert rig._producer.flush(30) == 0
    with Monitor(here(topics=("notificaciones",)), rig.servers.kafka) as monitor:
        until(lambda: monitor.snapshot().records == len(ages))
    took = (time.time() - begun) * 1000
    seen = rig.statistics("EndToEndLatency", "p50", "p99", "SampleCount", Topic=topic)
    assert seen["SampleCount"] == len(ages)
    cuts = statistics.quantiles(ages, n=100, method="inclusive")
    for name, want in (("p50", cuts[49]), ("p99", cuts[98])):
        assert want * 0.994 - 2 <= seen[name] <= (want + took) * 1.006


def test_lag(rig, here):
    rig.produce(900)
    topic, other = f"{rig.prefix}estudiante-eventos", f"{rig.prefix}sistema-logs"
    ends = {place: end for place, end in rig.ends.items() if place[0] == topic}
    group = f"{rig.prefix}sink"
    kafka = rig.servers.kafka
    assert lag(kafka, group, [topic, f"{rig.prefix}not-there"]) == ends  # nothing committed yet
    consumer = Consumer({**kafka, "group.id": group, "enable.auto.commit": False})
    done = [TopicPartition(topic, 0, ends[topic, 0]), TopicPartition(topic, 1, 7)]
    until(lambda: _committed(consumer, done))
    assert lag(kafka, group, [topic]) == {
        (topic, 0): 0,
        (topic, 1): ends[topic, 1] - 7,
        (topic, 2): ends[topic, 2],
    }
    settings = here(groups={"sink": (), "late": ("sistema-logs",)})
    with Monitor(settings, kafka) as monitor:
        until(lambda: len(monitor.snapshot().lag) == 2)
        seen = monitor.snapshot().lag
    total = ends[topic, 1] - 7 + ends[topic, 2]
    assert sum(seen[group].values()) == total
    assert {t for t, _ in seen[group]} == {topic}  # it has nothing to do with the others
    late = sum(end for (t, _), end in rig.ends.items() if t == other)
    found = rig.statistics("ConsumerLag", "Maximum", Group=group, Topic=topic)
    assert found["Maximum"] == total
    found = rig.statistics("ConsumerLag", "Minimum", Group=f"{rig.prefix}late", Topic=other)
    assert found["Minimum"] == late
    assert not rig.statistics("ConsumerLag", "Maximum", Group=group, Topic=other)
    consumer.close()


def _committed(consumer, offsets) -> bool:
    try:
        consumer.commit(offsets=offsets, asynchronous=False)
    except KafkaException:  # its coordinator is only just found
        return False
    return True


def test_no_student_becomes_a_dimension_whatever_is_in_the_records(rig, here):
    rig.produce(50)
    strange = (
        b'{"event_id":"019cad90-227d-7007-8000-000000000001","type":"error",'
        b'"timestamp":"2026-03-02T08:00:30.333Z","service":"evil-%d","level":"WARN","code":404,'
        b'"message":"x","latency_ms":1,"student_id":null,"session_id":null}'
    )
    for number in range(40):
        rig._producer.produce(f"{rig.prefix}sistema-logs", strange % number, b"evil-%d" % number)
    assert rig._producer.flush(30) == 0
    with Monitor(here(), rig.servers.kafka) as monitor:
        until(lambda: monitor.snapshot().records >= 90)
    assert rig.total("Errors", Severity="WARN", Service="other") == 40
    pages = rig.servers.client("cloudwatch").get_paginator("list_metrics")
    found = [
        (metric["MetricName"], d["Name"], d["Value"])
        for page in pages.paginate(Namespace=f"{rig.prefix}AulaStreaming")
        for metric in page["Metrics"]
        for d in metric["Dimensions"]
    ]
    assert {name for _, name, _ in found} == {"Topic", "Type", "Severity", "Service"}
    assert not any("evil" in value or value.startswith("E0") for _, _, value in found)
