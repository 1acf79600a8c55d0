"""Notify with a real broker, S3, SNS and inbox: who is told what, what is kept, what is promised."""

from __future__ import annotations

import json
import random
import signal
import time
from collections import Counter

import pytest

from tests.notify.rig import MAIL, PHONE, errors, marks


def ids(notifications) -> Counter:
    """Each once."""
    return Counter(n.value["source_event_id"] for n in notifications)


def test_marks_and_errors_reach_people_and_the_history(rig):
    rig.subscribe("email", MAIL)
    rig.subscribe("sms", PHONE)
    some = rig.notifications(marks(12))
    failed = [n for n in some if "sms" in n.value["channels"]]
    outage = [e for e in errors() if e.key == errors()[0].key][:5]
    rig.produce(rig.output, some)
    rig.produce(rig.logs, outage)
    process = rig.notify(quiet_s=86_400)
    rig.caught_up(rig.output, "notify")
    rig.caught_up(rig.logs, "notify")
    assert process.finish() == 0, process.text
    inbox = rig.servers.inbox
    mails = [
        m for m in inbox.wait("mail", 1 + 12 + 1, to=MAIL) if "confirm" not in m["body"].lower()
    ]
    assert len(mails) == 13
    assert len(inbox.sms(PHONE)) == len(failed) + 1
    assert sum(m["subject"].startswith("Nueva calificacion en ") for m in mails) == 12
    [page] = [m for m in mails if m["subject"].startswith("CRITICAL")]
    assert outage[0].value["message"] in page["body"]
    states = history_states(rig)
    assert states == {"sent": 13, "suppressed": len(outage) - 1}
    key = f"historial/type=calificacion/date=2026-03-02/{some[0].value['source_event_id']}.json"
    kept = json.loads(
        rig.servers.client("s3").get_object(Bucket=rig.bucket, Key=key)["Body"].read()
    )
    assert kept["message_id"]
    assert kept["attributes"]["channels"] == some[0].value["channels"]
    assert rig.history().unsettled() == []


def history_states(rig) -> dict[str, int]:
    s3, states = rig.servers.client("s3"), Counter()
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=rig.bucket):
        for item in page.get("Contents", []):
            if "/type=" in item["Key"]:
                body = s3.get_object(Bucket=rig.bucket, Key=item["Key"])["Body"].read()
                states[json.loads(body)["state"]] += 1
    return dict(states)


PLACES = [
    {"where": "History.claim", "when": "before", "call": 3},
    {"where": "History.claim", "when": "after", "call": 3},
    {"where": "Publisher.publish", "when": "after", "call": 2},
    {"where": "History.settled", "when": "after", "call": 2},
]


def test_sigkill_at_the_worst_places_and_read_again_from_the_beginning(rig):
    heard = rig.queue()
    some = rig.notifications(marks(30))
    rig.produce(rig.output, [*some, *some[:5]])  # five come twice
    for place in PLACES:
        assert rig.notify(place, instance="one").finish(None) == -9
    process = rig.notify(instance="one")
    rig.caught_up(rig.output, "notify")
    assert process.finish() == 0, process.text
    prove(rig, heard(), some)
    left = rig.history().unsettled()
    assert [row.state for row in left] == ["perhaps sent"] * 2  # places 2 and 3, and only there
    assert (ids(some) - heard()).total() == 1  # place 2: claimed and not yet published
    before = heard()
    process = rig.notify(group=f"{rig.name}-again")
    rig.caught_up(rig.output, "again")
    assert process.finish() == 0, process.text
    assert "'repeated': 35" in process.text
    assert heard() == before


def prove(rig, heard: Counter, notifications) -> None:
    """Nobody told twice; who was not told is listed."""
    wanted = ids(notifications)
    assert heard <= wanted, heard - wanted
    listed = {row.notice.event_id for row in rig.history().unsettled()}
    assert set(wanted - heard) <= listed, set(wanted - heard) - listed


@pytest.mark.soak
@pytest.mark.timeout(300)
def test_sigkill_at_random_points(rig):
    kills, dice, heard = 25, random.Random(2), rig.queue()
    to = f"{rig.name}@example.com"
    rig.subscribe("email", to)
    some = rig.notifications(marks(kills * 12))
    for number in range(kills):
        rig.produce(rig.output, some[number * 12 : number * 12 + 12])
        process = rig.notify(instance="one")
        process.wait_for("sent" if number % 2 else "took over")
        time.sleep(dice.uniform(0, 0.15))
        assert process.finish(signal.SIGKILL) == -9
    process = rig.notify(instance="one")
    rig.caught_up(rig.output, "notify")
    assert process.finish() == 0, process.text
    prove(rig, heard(), some)
    assert rig.mailed(to, heard().total()) == heard()
    left = len(rig.history().unsettled())
    print(f"{kills} kills, {len(some)} events: {heard().total()} mailed, {left} unsettled")
    assert left <= kills


@pytest.mark.soak
def test_two_processes_and_a_zombie(rig):
    heard = rig.queue()
    some = rig.notifications(marks(200))
    zombie = rig.notify(per_second=40)
    zombie.wait_for("took over")
    rig.produce(rig.output, some[:100])
    zombie.wait_for("sent")
    zombie.process.send_signal(signal.SIGSTOP)
    other = rig.notify(per_second=40)
    other.wait_for("sent")
    rig.produce(rig.output, some[100:])
    rig.caught_up(rig.output, "notify")
    zombie.process.send_signal(signal.SIGCONT)
    time.sleep(2)
    for process in (zombie, other):
        assert process.finish() == 0, process.text
    prove(rig, heard(), some)
    assert heard().total() >= 199


def test_poison_goes_to_the_dead_letters(rig):
    heard = rig.queue()
    some = rig.notifications(marks(6))
    [error] = errors()[:1]
    rig.produce(rig.output, some[:3])
    rig.produce(rig.output, [(some[0].key_bytes, b"{}"), (b"E999999", some[0].value_bytes)])
    rig.produce(rig.output, some[3:])
    rig.produce(rig.logs, [(error.key_bytes, error.value_bytes[:-1]), error])
    process = rig.notify()
    rig.caught_up(rig.output, "notify")
    rig.caught_up(rig.logs, "notify")
    assert process.finish() == 0, process.text
    assert heard() == ids(some) + Counter([error.value["event_id"]])
    causes = []
    for topic in (rig.output, rig.logs):
        causes += [dict(m.headers())["dlq.cause"].decode() for m in rig.read(f"{topic}-dlq", 1)]
    assert sorted(causes) == ["bad-key", "not-json", "schema"]


def at(error, event_id: str, timestamp: str) -> tuple[bytes, bytes]:
    value = {**error.value, "event_id": event_id, "timestamp": timestamp}
    return error.key_bytes, json.dumps(value, ensure_ascii=False).encode()


def test_a_flood_pages_once_in_a_window_also_across_restarts(rig):
    heard, [error] = rig.queue(), errors()[:1]
    ids = [f"{error.value['event_id'][:-2]}{n:02x}" for n in range(6)]
    times = ["10:00:00", "10:00:01", "10:04:59", "10:05:00", "10:05:01", "10:59:59"]
    flood = [
        at(error, event_id, f"2026-03-02T{time}.000Z")
        for event_id, time in zip(ids, times, strict=True)
    ]
    for part in (flood[:2], flood[2:]):
        rig.produce(rig.logs, part)
        process = rig.notify(quiet_s=300)
        rig.caught_up(rig.logs, "notify")
        assert process.finish() == 0, process.text
    assert sorted(heard()) == [ids[0], ids[3], ids[5]]
    assert history_states(rig) == {"sent": 3, "suppressed": 3}
    key = f"historial/type=error/date=2026-03-02/{ids[5]}.json"
    kept = json.loads(
        rig.servers.client("s3").get_object(Bucket=rig.bucket, Key=key)["Body"].read()
    )
    assert kept["body"].endswith("Desde el aviso anterior, sin enviar: 1")
