"""Distributions: percentiles, limits; batches within what CloudWatch takes."""

from __future__ import annotations

import json
import math
import random
from datetime import UTC, datetime

import boto3
import pytest
from botocore.exceptions import BotoCoreError

from helpers.pipeline.monitor_logs import BYTES as LOG_BYTES
from helpers.pipeline.monitor_logs import OVERHEAD, log_batches
from helpers.pipeline.monitor_values import Distribution
from helpers.pipeline.monitor_window import DATA, Window, batches, pack, series, size

SHARES = (0.01, 0.25, 0.5, 0.9, 0.99, 0.999)


def exact(values: list[float], share: float) -> float:
    return sorted(values)[max(1, math.ceil(share * len(values))) - 1]


def filled(values) -> Distribution:
    made = Distribution()
    for value in values:
        made.add(value)
    return made


def test_few_values_are_kept_as_they_are():
    made = filled([3.14, 2, 2, 900, 0, -7.5])
    assert made.items() == [(-7.5, 1), (0, 1), (2, 2), (3.14, 1), (900, 1)]
    assert made.data() == [{"Values": [-7.5, 0, 2, 3.14, 900], "Counts": [1, 1, 2, 1, 1]}]


@pytest.mark.parametrize(
    "draw",
    [
        lambda dice: dice.lognormvariate(3, 1.5),
        lambda dice: round(dice.lognormvariate(5, 2)),
        lambda dice: dice.uniform(0, 1e6),
        lambda dice: dice.choice((5, 6, 7, 2_000)) + dice.random(),
        lambda dice: dice.gauss(0, 1000),
        lambda dice: 10 ** dice.uniform(-6, 9),
    ],
    ids=["skewed", "whole", "even", "two humps", "negative too", "fifteen decades"],
)
def test_percentiles_within_half_a_percent(draw):
    dice = random.Random(7)
    values = [draw(dice) for _ in range(20_000)]
    made = filled(values)
    assert made.count == len(values)
    for share in SHARES:
        want = exact(values, share)
        assert made.quantile(share) == pytest.approx(want, rel=0.00501, abs=1e-9), share
    assert made.items()[0][0] == min(values)
    assert made.items()[-1][0] == max(values)
    assert sum(n for _, n in made.items()) == len(values)
    total = sum(v * n for v, n in made.items())
    assert total == pytest.approx(sum(values), abs=0.00501 * sum(map(abs, values)))


def test_merged_is_as_good_as_counted_together():
    dice = random.Random(3)
    parts = [[dice.lognormvariate(4, 1) for _ in range(n)] for n in (10, 140, 151, 9_000)]
    merged = Distribution()
    for part in parts:
        merged.update(filled(part))
    values = [value for part in parts for value in part]
    for share in SHARES:
        assert merged.quantile(share) == pytest.approx(exact(values, share), rel=0.00501)
    assert (merged.minimum, merged.maximum) == (min(values), max(values))
    assert merged.count == len(values)


def test_memory_is_bounded_from_a_millisecond_to_a_day():
    dice = random.Random(1)
    made = filled(dice.uniform(1, 86_400_000) for _ in range(50_000))
    made.update(filled(10 ** dice.uniform(0, math.log10(86_400_000)) for _ in range(200_000)))
    assert len(made) <= 1_850


def test_no_more_than_150_in_a_datum():
    made = filled(range(1, 100_000, 7))
    pieces = made.data()
    assert len(pieces) > 2
    assert all(len(p["Values"]) == len(p["Counts"]) <= 150 for p in pieces)
    joined = [v for p in pieces for v in p["Values"]]
    assert joined == sorted(set(joined))


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_cloudwatch_refuses_is_refused(value):
    with pytest.raises(ValueError, match="CloudWatch refuses"):
        Distribution().add(value)


def test_an_empty_one():
    assert Distribution().data() == []
    assert Distribution().quantile(0.5) is None


def datum(values: int, name: str = "EndToEndLatency") -> dict:
    head = {
        "MetricName": name,
        "Dimensions": [{"Name": "Topic", "Value": "ana-estudiante-eventos"}],
        "Timestamp": datetime.now(UTC),
        "Unit": "Milliseconds",
        "StorageResolution": 1,
    }
    if not values:
        return {**head, "Value": 123.456789012345}
    numbers = [1234567.890123 + n for n in range(values)]
    return {**head, "Values": numbers, "Counts": [100000.0] * values}


def sent_bytes(data: list[dict]) -> int:
    """What boto3 really sends, before compression."""
    seen = []
    settings = boto3.session.Config(
        disable_request_compression=True, retries={"total_max_attempts": 1}
    )
    session = boto3.session.Session("k", "s", region_name="us-east-1")
    client = session.client("cloudwatch", endpoint_url="http://127.0.0.1:1", config=settings)
    client.meta.events.register("before-send", lambda request, **_: seen.append(request.body))
    with pytest.raises(BotoCoreError):
        client.put_metric_data(Namespace="n" * 255, MetricData=data)
    return len(seen[0])


@pytest.mark.parametrize("values", [0, 1, 150])
def test_a_batch_is_within_the_limits_as_it_is_sent(values):
    data = [datum(values)] * (150 if values > 1 else 2_500)
    parts = list(batches(data))
    assert [d for part in parts for d in part] == data
    assert max(map(len, parts)) <= DATA
    assert all(sent_bytes(part) <= 1_000_000 for part in parts)
    if values < 2:
        assert [len(part) for part in parts] == [1000, 1000, 500]
    else:
        assert 1 < len(parts) < 5


def test_size_is_never_less_than_the_wordiest_protocol():
    import urllib.parse

    one = datum(150)
    fields = {"MetricData.member.1000.MetricName": one["MetricName"]}
    fields["MetricData.member.1000.Dimensions.member.30.Name"] = "Topic"
    fields["MetricData.member.1000.Dimensions.member.30.Value"] = "ana-estudiante-eventos"
    fields["MetricData.member.1000.Timestamp"] = one["Timestamp"].isoformat()
    fields["MetricData.member.1000.Unit"] = one["Unit"]
    fields["MetricData.member.1000.StorageResolution"] = 1
    for key in ("Values", "Counts"):
        for at, number in enumerate(one[key], 1):
            fields[f"MetricData.member.1000.{key}.member.{at}"] = number
    assert len(urllib.parse.urlencode(fields)) <= size(one) < 20_000


def test_pack_puts_what_is_too_large_alone():
    assert list(pack([1, 9, 1, 1], lambda n: (n,), (3,))) == [[1], [9], [1, 1]]
    assert list(pack([], lambda n: (n,), (3,))) == []


def test_a_window_in_parts_never_splits_a_series():
    window = Window(1_000_000.0)
    for number in range(40):
        found = window.distribution(series("EndToEndLatency", Topic=f"t{number}"))
        for value in range(1, 200_000, 11):
            found.add(value)
        window.counts[series("Processed", Topic=f"t{number}", Type="login")] = number
    parts = window.parts(1)
    assert len(parts) > 2
    names = [of for which, _ in parts for of in which]
    assert len(names) == len(set(names)) == 80
    for which, data in parts:
        assert len(data) <= 1000
        assert sum(map(size, data)) <= 1_000_000
        topics = {d["Dimensions"][0]["Value"] for d in data}
        assert topics == {dict(of[1])["Topic"] for of in which}
    window.sent(parts[0][0])
    assert set(window.counts) | set(window.values) == set(names) - set(parts[0][0])


def test_windows_merge():
    one, two = Window(10), Window(20)
    of = series("Processed", Topic="t", Type="login")
    late = series("EndToEndLatency", Topic="t")
    for window, n in ((one, 3), (two, 5)):
        window.counts[of] = n
        window.distribution(late).add(n, n)
        window.ends["t", 0] = n
        window.records = n
    two.merge(one)
    assert (two.start, two.records, two.counts[of], two.ends["t", 0]) == (10, 8, 8, 5)
    assert two.values[late].items() == [(3, 3), (5, 5)]
    assert one.values[late].items() == [(3, 3)]


def event(at: int, message: str) -> dict:
    return {"timestamp": at, "message": message}


def test_log_batches_keep_every_limit():
    dice = random.Random(5)
    day = 86_400_000
    events = [
        event(dice.randrange(3 * day), "ñ" * dice.choice((1, 50, 5_000, 140_000)))
        for _ in range(600)
    ]
    events += [event(day, "x")] * 25_000
    parts = list(log_batches(events))
    assert sum(map(len, parts)) == len(events)
    stamps = [e["timestamp"] for part in parts for e in part]
    assert stamps == sorted(stamps)
    for part in parts:
        assert len(part) <= 10_000
        assert part[-1]["timestamp"] - part[0]["timestamp"] < day
        sizes = [len(e["message"].encode()) + OVERHEAD for e in part]
        assert sum(sizes) <= LOG_BYTES
        assert max(sizes) <= 256 * 1024


def test_a_long_line_is_cut_between_letters():
    (part,) = log_batches([event(1, "ñ" * 200_000)])
    text = part[0]["message"]
    assert text.endswith("ñ…")
    assert len(text.encode()) + OVERHEAD <= 256 * 1024
    assert json.loads(json.dumps(text)) == text
