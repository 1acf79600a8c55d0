"""Every price has its page, the copy in which it was read, and a date; the course says one number."""

from __future__ import annotations

import re
from datetime import date
from urllib.parse import urlsplit

import pytest

from helpers.config import ROOT
from helpers.costs import GB, PRICES, UNIT_MB_S, UNIT_PARTITIONS, Price
from helpers.load import place

OFFICIAL = {"www.confluent.io", "aws.amazon.com"}
CLOUD = " ".join((ROOT / "docs" / "cloud.md").read_text("utf-8").split())


def source(lesson: str) -> str:
    [path] = (ROOT / "notebooks").glob(f"{lesson}_*.ipynb")
    return path.read_text("utf-8")


@pytest.mark.parametrize("name", PRICES)
def test_each_price_has_a_source_and_a_date(name):
    price = PRICES[name]
    assert price.usd > 0
    assert price.unit
    page, copy = urlsplit(price.page), urlsplit(price.copy)
    assert page.netloc in OFFICIAL
    assert "pricing" in page.path
    assert (page.scheme, copy.scheme) == ("https", "https")
    assert date(2022, 1, 1) <= date.fromisoformat(price.on) <= date(2026, 12, 31)


def test_the_first_units_are_free():
    price = Price(0.5, "GB", "https://x/pricing", "https://y", "2026-01-01", free=5)
    assert [price.month(amount) for amount in (0, 5, 7)] == [0, 0, 1]


def test_the_cloud_guide_says_the_same():
    usd = {name: f"{PRICES[name].usd:.2f}" for name in PRICES}
    assert f"each further one {usd['kafka capacity']} an hour while in use" in CLOUD
    assert f"{usd['kafka in']} a GB in, {usd['kafka out']} a GB out" in CLOUD
    assert f"{usd['kafka kept']} a GB stored a month" in CLOUD
    assert f"{usd['private hour']} an hour for each, and {usd['private data']} a GB" in CLOUD
    assert f"Serverless {usd['msk serverless']} an hour" in CLOUD
    assert PRICES["kafka in"].on in CLOUD
    assert f"admits {UNIT_MB_S} MB/s in, 15 MB/s out and {UNIT_PARTITIONS} partitions" in CLOUD
    assert GB == 2**30
    assert "2³⁰ bytes" in CLOUD


def test_the_lessons_say_the_same():
    thirteen = re.search(
        r"GB, GB_IN, GB_OUT, GB_MONTH = 2\*\*30, ([\d.]+), ([\d.]+), ([\d.]+)", source("13")
    )
    kafka = [PRICES[f"kafka {what}"].usd for what in ("in", "out", "kept")]
    assert [float(number) for number in thirteen.groups()] == kafka
    put, get = re.search(
        r"`PUT` cost ([\d.]+) dollars, a thousand `GET` ([\d.]+)\.", source("09")
    ).groups()
    assert float(put) == pytest.approx(1000 * PRICES["s3 put"].usd)
    assert float(get) == pytest.approx(1000 * PRICES["s3 get"].usd)


def test_the_load_generator_uses_them():
    assert (PRICES["kafka in"].usd, PRICES["kafka capacity"].usd) == (place.IN_GB, place.UNIT_HOUR)
    assert PRICES["kafka in"].on == place.PRICES_OF
