"""Records processed hundreds at a time become what they become one by one, byte for byte."""

from __future__ import annotations

import gzip
import itertools
import json
import re
from random import Random

import pytest

from helpers.pipeline.batch import Limits, store
from helpers.pipeline.campus import students
from helpers.pipeline.columns import fits, judge
from helpers.pipeline.filters import drop
from helpers.pipeline.lane import Lane
from helpers.pipeline.ledger import Ledger
from helpers.pipeline.process import Processor
from helpers.pipeline.roster import piece
from helpers.pipeline.schemas import EVENT_TYPES, json_schema
from helpers.pipeline.validation import Validator
from helpers.pipeline.writers import writer_for
from tests.schema_checks import FRIENDLY, HOSTILE, examples
from tests.sink.support import MemoryStore, Record, events

TOPIC = "estudiante-eventos"
DROPS = ["duration_s < 900 # short", "device in movil, tablet # mobile", "late == true # late"]


def lane_on(bucket: MemoryStore, processor: Processor, **limits) -> Lane:
    make = lambda name: writer_for(name, TOPIC)  # noqa: E731
    lane = Lane(
        Ledger(bucket, "", TOPIC), 0, processor, make, "json", Limits(**limits), lambda: 0.0
    )
    lane.start()
    lane.found()
    return lane


def spoiled(dice: Random, key: bytes, value: bytes) -> tuple[bytes | None, bytes | None]:
    """One of many ways in which a record can be unusual or wrong."""
    event = json.loads(value)
    wrong_hour = {**event, "timestamp": f"2026-{dice.choice(('02-30', '03-05'))}T09:00:00.000Z"}
    dumps = lambda what: json.dumps(what, ensure_ascii=False).encode()  # noqa: E731
    return dice.choice(
        [
            (key, value[:-1]),
            (key, None),
            (None, value),
            (b"E999999", value),
            (key + b"\n" + key, value),
            (key, b" " + value + b"\t "),
            (key, value.replace(b",", b",\n", 1)),
            (key, value.replace(b",", b",\r", 1)),
            (key, dumps({**event, "extra": 1})),
            (key, dumps(wrong_hour)),
            (key, dumps(dict(reversed(event.items())))),
            (key, value + b"," + value),
            (key, value + value),
            (key, b""),
            (key, b"{}"),
            (key, b"x" * 5000),
        ]
    )


def the_log(seed: int, share: float) -> list[Record]:
    """Some thousand records over many hours, a share of them spoiled, with gaps between offsets."""
    dice, offset, log = Random(seed), 0, []
    for event in events(3000):
        pair = event.key_bytes, event.value_bytes
        if dice.random() < share:
            pair = spoiled(dice, *pair)
        log.append(Record(offset, *pair, timestamp=1_772_000_000_000 + dice.randint(0, 99)))
        offset += 1 if dice.random() > share / 10 else dice.randint(2, 40)
    return log


def outcome(bucket: MemoryStore, lane: Lane) -> tuple[dict, list, int]:
    """Every line by its object, every dead letter, and what was dropped."""
    lane.cut()
    dead, dropped = [], 0
    while lane.closed:
        batch = lane.closed.popleft()
        dropped += sum(batch.dropped.values())
        dead += batch.dead
        assert store(lane.ledger, 0, batch) is None
    named = {key: body for key, body in bucket.objects.items() if "_plans" not in key}
    plans = {key: body for key, body in bucket.objects.items() if "_plans" in key}
    return {k: gzip.decompress(b) for k, b in named.items()} | plans, dead, dropped


@pytest.mark.parametrize("share", [0, 0.002, 0.05, 0.5])
def test_many_at_a_time_or_one_by_one(share):
    roster = {s.student_id: piece(s.name, s.programme, s.year) for s in students(7, 150)}
    limits = {"records": 777, "bytes": 150_000, "hours": 5}
    log, found = the_log(11, share), []
    for size in (1, 10, 333, 3000):
        processor = Processor(TOPIC, list(map(drop, DROPS)), roster, max_bytes=4000)
        bucket = MemoryStore()
        lane = lane_on(bucket, processor, **limits)
        parts = iter(log)
        while part := list(itertools.islice(parts, size)):
            lane.take(part)
        found.append(outcome(bucket, lane))
    lines, dead, dropped = found[0]
    assert len(lines) > 10
    assert dropped > 500
    assert bool(dead) is bool(share)
    for other in found[1:]:
        assert other == found[0]


def test_usual_records_are_processed_many_at_a_time(monkeypatch):
    """Else the sink would be right and slow."""
    monkeypatch.setattr(Lane, "add", lambda lane, message: pytest.fail(f"{message.offset()}"))
    lane = lane_on(MemoryStore(), Processor(TOPIC, list(map(drop, DROPS))), records=10_000)
    log = [Record(i, e.key_bytes, e.value_bytes) for i, e in enumerate(events(3000))]
    lane.take(log)
    assert (lane.next, lane.batch.records) == (3000, 3000)


def test_two_halves_and_a_double_are_not_taken_for_three_events():
    """The count of events would be right, and the events too: only that they are other records'."""
    one, two, three = (e.value_bytes for e in events()[:3])
    validator = Validator(TOPIC)
    assert validator.decode_all([one, two, three]) is not None
    for cut in range(1, len(one)):
        halves = [one[:cut], one[cut:].lstrip(b","), two + b"," + three]
        assert validator.decode_all(halves) is None, cut
        braced = [one[:cut] + b"}", b"{" + one[cut:], two + b"," + three]
        assert validator.decode_all(braced) is None, cut
    many = [b"[" + one, two + b"]", one + b"," + two, three]
    assert validator.decode_all(many) is None


RULES = {
    f"{kind}.{field}": rule
    for kind in EVENT_TYPES
    for field, rule in json_schema(kind)["properties"].items()
    if "pattern" in rule or "not" in rule
}


@pytest.mark.parametrize("name", RULES)
def test_columns_say_yes_only_when_each_fits(name):
    """Every text with one character changed, and odd ones: never a yes where the pattern says no."""
    rule, (kind, field) = RULES[name], name.split(".")
    one, all_fit = judge(rule), fits(rule)
    good = examples()[kind][field]
    length = range(rule.get("minLength", 0), rule.get("maxLength", 10**6) + 1)
    odd = [v for _, v in (*HOSTILE, *FRIENDLY) if isinstance(v, str)]
    for at in range(len(good)):
        odd += [good[:at] + c + good[at + 1 :] for c in "0189afgzAEZ-_:T. \n\x00é٣😀"]
    odd = [text for text in odd if len(text) in length]
    assert all_fit([good] * 3)
    assert all_fit([])
    wrong = 0
    for text in odd:
        fit = bool(one(text))
        wrong += not fit
        for column in ([text], [good, text], [text, good, good]):
            said = all_fit(column)
            assert said <= fit, text
            if text.isascii() and re.fullmatch(r"[0-9a-zTZE:. -]+", text):
                assert said is fit, text
    assert wrong > 5 or rule.get("pattern") == r"\S"
