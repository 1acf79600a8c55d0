"""A live view of a consumer group: its members, the partitions that each has, how far behind.

It asks as any administrator may, joins nothing, and works alike for groups of the classic protocol
and of KIP-848's: `display(GroupView(lab.kafka, group, topic, seconds=60))`.
"""

from __future__ import annotations

import threading
import time
from html import escape
from typing import NamedTuple

import ipywidgets
from confluent_kafka import Consumer, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from helpers.show.partitions import COLOURS
from helpers.show.table import DIM, cell

SECONDS, WIDEST = 10, 120  # for an answer; pixels of the longest bar
RUNNING: dict[str, GroupView] = {}


class Snapshot(NamedTuple):
    """What was answered last: members by client.id, lag in records (None: nothing committed)."""

    kind: str  # of the group: "classic" or "consumer"
    state: str
    members: dict[str, list[int]]
    lag: dict[int, int | None]


class GroupView(ipywidgets.HTML):
    """Who of `group` reads which partition of `topic`, and its lag, asked again every `pace` s.

    It ends after `seconds`, or when another view of the group starts. `seen`: the last answer."""

    def __init__(
        self, config: dict, group: str, topic: str, *, seconds: float = 60, pace: float = 0.3
    ) -> None:
        super().__init__()
        if group in RUNNING:
            RUNNING[group].stop()
        self._config = {**config, "group.id": group, "log_level": 0}  # a lab that ends is no news
        self._group, self._topic, self._pace = group, topic, pace
        self.seen = Snapshot("", "new", {}, {})
        self._stopping, self._deadline = threading.Event(), time.monotonic() + seconds
        self._thread = threading.Thread(target=self._follow, name=f"group {group}", daemon=True)
        RUNNING[group] = self
        self._thread.start()

    def __repr__(self) -> str:
        return f"a live view of the group {self._group}: run this cell to see it"

    def stop(self) -> None:
        """End it now; what was shown stays. Safe to call twice."""
        self._stopping.set()
        self._thread.join(3 * SECONDS)

    def _follow(self) -> None:
        reader = Consumer(self._config)  # never subscribes: it only asks
        admin = AdminClient({k: v for k, v in self._config.items() if k != "group.id"})
        while not self._stopping.is_set() and (left := self._deadline - time.monotonic()) > 0:
            trouble = ""
            try:
                self.seen = _ask(admin, reader, self._group, self._topic)
            except (KafkaException, TimeoutError) as error:  # a broker is down: ask again
                trouble = f" · {error or 'no answer'}"
            self._draw(f"● live, {left:.0f} s left{trouble}")
            self._stopping.wait(self._pace)
        reader.close()
        if RUNNING.get(self._group) is self:
            del RUNNING[self._group]
        self._draw("■ stopped" if self._stopping.is_set() else "■ its time was up")

    def _draw(self, status: str) -> None:
        kind, state, members, lag = self.seen
        paint = dict(zip(sorted(members), COLOURS * len(members), strict=False))
        owner = {number: name for name, held in members.items() for number in held}
        most = max([1, *(behind or 0 for behind in lag.values())])
        rows = ["".join(cell(name, "th") for name in ("partition", "member", "lag"))]
        for number, behind in sorted(lag.items()):
            name, told = owner.get(number, "nobody"), "no commit" if behind is None else str(behind)
            style = f"height: 9px; width: {(behind or 0) * WIDEST // most}px; background: "
            bar = f"<td><div style='{style}{paint.get(name, COLOURS[-1])}'></div></td>"
            rows.append("".join(map(cell, (str(number), name, told))) + bar)
        rows += ["".join(map(cell, ("none", name, "–"))) for name in members if not members[name]]
        told = f" · {kind} group · {state} · {len(members)} members · {status}"
        self.value = (
            f"<div style='color: {DIM}'><b>{escape(self._group)}</b>{escape(told)}</div>"
            "<table style='border-collapse: collapse; font-size: 12px; color: "
            f"var(--jp-content-font-color1, #1f2328)'><tr>{'</tr><tr>'.join(rows)}</tr></table>"
        )


def _ask(admin: AdminClient, reader: Consumer, group: str, topic: str) -> Snapshot:
    told = admin.describe_consumer_groups([group], request_timeout=SECONDS)[group].result(SECONDS)
    members: dict[str, list[int]] = {}
    for member in told.members:
        held = [at.partition for at in member.assignment.topic_partitions if at.topic == topic]
        members[member.client_id] = sorted(members.get(member.client_id, []) + held)
    found = admin.list_topics(timeout=SECONDS).topics.get(topic)
    places = [TopicPartition(topic, number) for number in (found.partitions if found else ())]
    ends = admin.list_offsets({at: OffsetSpec.latest() for at in places}) if places else {}
    newest = {at.partition: end.result(SECONDS).offset for at, end in ends.items()}
    # list_consumer_group_offsets crashes while a coordinator moves (librdkafka issue 5040).
    saved = {at.partition: at.offset for at in reader.committed(places, SECONDS)} if places else {}
    lag = {number: newest[number] - at if at >= 0 else None for number, at in saved.items()}
    return Snapshot(told.type.name.lower(), told.state.name.lower(), members, lag)
