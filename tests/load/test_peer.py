"""What ProducerPerformance prints, and that it runs here."""

from __future__ import annotations

import pytest

from helpers.errors import LabError
from helpers.load import peer

PRINTED = """Warmup first 200 records. Steady state results will print after the complete test summary.
90043 records sent, 17983.4 records/sec (3.43 MB/sec), 224.1 ms avg latency, 2508.0 ms max latency.
600 records sent, 69028.992177 records/sec (13.17 MB/sec), 592.48 ms avg latency, 2508.00 ms max latency, 380 ms 50th, 1645 ms 95th, 1729 ms 99th, 1846 ms 99.9th.
400 steady state records sent, 118976,799524 records/sec (22,69 MB/sec), 532,03 ms avg latency, 1718,00 ms max latency, 378 ms 50th, 1603 ms 95th, 1675 ms 99th, 1715 ms 99.9th.
"""


def test_parses_both_summaries_with_either_decimal_sign():
    whole, steady = peer.parse(PRINTED)
    assert whole == (600, 69028.992177, 13.17, 592.48, 2508.0, 380, 1645, 1729, 1846)
    assert steady.rate == pytest.approx(118976.799524)
    assert peer.parse("something else") == []


@pytest.mark.soak
def test_runs_beside_the_lab(lab, admin):
    from confluent_kafka.admin import NewTopic

    admin.create_topics([NewTopic("peer", 1)])["peer"].result(30)
    servers = lab.kafka["bootstrap.servers"]
    whole, steady = peer.producer_performance(
        servers, "peer", 3_000, settings={"acks": "all"}, warmup=1_000
    )
    assert (whole.records, steady.records) == (3_000, 2_000)
    assert whole.rate > 0
    with pytest.raises(
        LabError, match=r"ProducerPerformance ended with status 1: .*acks"
    ) as caught:
        peer.producer_performance(servers, "peer", 10, settings={"acks": "nobody"})
    assert "\n" not in str(caught.value)
