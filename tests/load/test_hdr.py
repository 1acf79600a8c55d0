"""The histogram against exact percentiles, and against HdrHistogram's own layout."""

from __future__ import annotations

import numpy as np
import pytest

from helpers.load import Histogram, histogram
from helpers.load.hdr import LARGEST, _highest, _index

PERCENTS = (0, 1, 50, 90, 99, 99.9, 99.99, 100)
RANDOM = np.random.default_rng(7)
SAMPLES = {
    "few": np.array([3, 1, 2]),
    "one": np.array([1_234_567]),
    "even": RANDOM.integers(0, 5_000, 20_000),
    "heavy tail": RANDOM.lognormal(8, 2, 50_000).astype(np.int64),
    "two humps": np.concatenate(
        [RANDOM.integers(900, 1_100, 9_000), RANDOM.integers(10**6, 10**7, 99)]
    ),
    "huge": RANDOM.integers(0, LARGEST, 1_000),
    "at the edges": np.array([0, 1023, 1024, 2047, 2048, 4095, 4096, LARGEST - 1, LARGEST]),
}


def exact(values: np.ndarray, percent: float) -> int:
    rank = max(1, int(np.ceil(round(percent / 100 * values.size, 6))))
    return int(np.sort(values)[rank - 1])


@pytest.mark.parametrize("name", SAMPLES)
def test_percentiles_are_never_less_than_the_exact_ones_and_hardly_more(name):
    values = SAMPLES[name]
    found = histogram(values)
    for percent in PERCENTS:
        truth, told = exact(values, percent), found.percentile(percent)
        assert truth <= told <= truth * 1.001 + 1e-9, percent
    assert (found.count, found.min, found.max) == (values.size, values.min(), values.max())
    assert found.mean == pytest.approx(values.mean())


def test_layout_is_that_of_hdrhistogram():
    # Worked out by HdrHistogram's countsArrayIndex and highestEquivalentValue, 3 digits, unit 1:
    # subBucketCount 2048; 2051 is in bucket 1 (>> 1 = 1025), so (2 << 10) + 1025 - 1024.
    known = {
        0: (0, 0),
        2047: (2047, 2047),
        2048: (2048, 2049),
        2051: (2049, 2051),
        4096: (3072, 4099),
    }
    for value, (place, highest) in known.items():
        assert _index(np.array([value]))[0] == place
        assert _highest(np.array([place]))[0] == highest


def test_buckets_are_adjacent_and_no_wider_than_a_thousandth():
    places = np.arange(43 * 1024)
    top = _highest(places)
    assert (_index(top) == places).all()
    assert (_index(top[:-1] + 1) == places[1:]).all()
    assert (np.diff(top)[2048:] / top[2048:-1] <= 0.001).all()


def test_merging_gives_the_histogram_of_both():
    parts = list(SAMPLES.values())
    both = histogram(parts[2]).merge(histogram(parts[3]))
    assert both == histogram(np.concatenate(parts[2:4]))
    assert Histogram().merge(both) == both
    assert Histogram().merge(Histogram()) == Histogram()


@pytest.mark.parametrize("name", SAMPLES)
def test_bytes_there_and_back(name):
    found = histogram(SAMPLES[name])
    again = Histogram.from_bytes(found.to_bytes())
    assert again == found
    assert again.mean == found.mean


@pytest.mark.parametrize("data", [b"", b"nonsense", histogram(np.arange(9)).to_bytes()[:-3]])
def test_other_bytes_are_refused(data):
    with pytest.raises(ValueError, match="not a histogram"):
        Histogram.from_bytes(data)


def test_counts_stand_for_repeated_values():
    values, counts = np.array([5, 70_000]), np.array([2, 3])
    weighted = Histogram()
    weighted.record_many(values, counts)
    one_by_one = Histogram()
    one_by_one.record(5, 2)
    one_by_one.record(70_000, 3)
    assert weighted == one_by_one == histogram(np.repeat(values, counts))
    assert weighted.mean == pytest.approx(42_002)


@pytest.mark.parametrize(
    ("count", "last"),
    [(19, None), (20, 50), (99, 50), (100, 90), (1_000, 99), (9_999, 99), (10_000, 99.9)],
)
def test_percentiles_go_as_far_as_ten_values_lie_beyond(count, last):
    told = histogram(np.arange(count)).percentiles()
    assert (max(told) if told else None) == last
    curve = histogram(np.arange(count)).curve()
    assert curve.percentile.max() <= 100 * (count - 10) / count
    for percent in told:
        assert count - np.ceil(round(percent / 100 * count, 6)) >= 10


def test_what_does_not_fit_is_refused():
    for wrong in (np.array([-1]), np.array([LARGEST * 2]), np.array([np.nan])):
        with pytest.raises(ValueError, match=r"2\^52"):
            histogram(wrong)
    with pytest.raises(ValueError, match="between 0 and 100"):
        Histogram().percentile(101)


def test_empty():
    found = histogram(np.array([]))
    assert (found.count, found.percentile(99), found.max, found.mean) == (0, 0, 0, 0)
    assert found.percentiles() == {}
    assert found.above(3) == 0
