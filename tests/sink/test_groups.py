"""The group and its brokers: the newer protocol, and a broker that dies under the sink."""

from __future__ import annotations

import pytest

from tests.sink.rig import rig_on

BROKER_ASSIGNS = {"group.protocol": "consumer"}  # KIP-848


def test_the_group_protocol_of_kip_848(rig):
    limits = {"records": 200, "age_s": 0.2}
    first = rig.sink(kafka=BROKER_ASSIGNS, limits=limits)
    first.wait_for("took over {0")
    rig.produce(1500)
    second = rig.sink(kafka=BROKER_ASSIGNS, limits=limits)
    second.wait_for("took over {")
    rig.produce(1500)
    rig.wait_until_stored()
    assert second.finish() == 0, second.text
    rig.produce(500)
    rig.wait_until_stored()
    assert first.finish() == 0, first.text
    rig.prove()


@pytest.mark.soak
@pytest.mark.timeout(300)
def test_a_broker_killed_under_the_sink(three_brokers):
    """Each of three in turn, the group's coordinator and the partitions' leaders among them."""
    config = {"min.insync.replicas": "2"}
    with rig_on(three_brokers, **config) as rig:
        sink = rig.sink(limits={"records": 300, "age_s": 0.3})
        sink.wait_for("took over {0")
        rig.produce(1000)
        for broker in three_brokers.cluster.brokers.values():
            rig.produce(700, flush=False)
            broker.kill()
            rig.produce(700)
            rig.wait_until_stored(90)
            broker.start()
        assert sink.finish() == 0, sink.text
        rig.prove()
        print(f"3 brokers killed: {len(rig.good)} records once, {len(rig.bad)} dead letters once")
