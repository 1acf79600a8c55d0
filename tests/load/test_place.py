"""Is it this machine, and what would it cost? Nothing here connects to anything."""

from __future__ import annotations

import socket

import pytest

from helpers.errors import LabError
from helpers.load import place

LOCAL = [
    "127.0.0.1:9092",
    "127.8.9.1:1",
    "localhost:9092",
    "a.localhost:9092",
    "[::1]:9092",
    "PLAINTEXT://127.0.0.1:9092",
    "127.0.0.1:1, localhost:2",
]
OUTSIDE = [
    "192.0.2.7:9092",
    "broker.example:9092",
    "0.0.0.0:9092",
    "localhost.example:9092",
    "127.1:9092",
    "127.0.0.1.example:9092",
    "[2001:db8::1]:9092",
    "SASL_SSL://pkc-1.example:9092",
    "notlocalhost:9092",
]


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    def refuse(*_args, **_more):
        raise AssertionError("asked the network")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)


@pytest.mark.parametrize("servers", LOCAL)
def test_this_machine(servers):
    assert place.outside(servers) == []


@pytest.mark.parametrize("servers", OUTSIDE)
def test_another_machine(servers):
    assert len(place.outside(servers)) == 1
    assert len(place.outside(f"127.0.0.1:9092,{servers}")) == 1


@pytest.mark.parametrize(
    "servers",
    ["", "nonsense", "host:", ":9092", "host:port", "host:0", "host:70000", "127.0.0.1:1,,"],
)
def test_no_address(servers):
    with pytest.raises(LabError, match="is not HOST:PORT"):
        place.outside(servers)


@pytest.mark.parametrize(
    ("records", "size", "peak", "seconds", "partitions", "usd"),
    [
        (0, 1, 1, 1, 6, 0.0),
        (2**30, 1_000, 5_000, 3_600, 6, 50.0),  # a thousand GB of 2**30 bytes in, one eCKU
        (0, 1_000, 10_000, 60, 6, 0.14),  # 10 MB/s: two eCKU, an hour begun
        (0, 1_000, 10_000, 3_601, 6, 0.28),
        (0, 1, 1, 1, 61, 0.28),  # 61 partitions: three eCKU
    ],
)
def test_cost(records, size, peak, seconds, partitions, usd):
    assert place.cost(records, size, peak, seconds, partitions) == pytest.approx(usd)


def test_cost_says_what_it_is_made_of():
    line = place.cost_line(1.234)
    assert "1.23 USD" in line
    assert "0.05 a GB" in line
    assert place.PRICES_OF in line
    assert "less than 0.01 USD" in place.cost_line(0.001)
