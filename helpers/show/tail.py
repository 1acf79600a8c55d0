"""A live tail: the records of a topic as they arrive, in a table that ends by itself.

    view = Tail(lab.kafka, topic, seconds=60)
    display(view)

It reads beside everybody else: with a consumer of its own that joins no group and commits nothing.
"""

from __future__ import annotations

import atexit
import json
import threading
import time
from collections import deque
from html import escape
from typing import ClassVar

import ipywidgets
from confluent_kafka import Consumer, KafkaException, Message, TopicPartition

from helpers.show.table import DIM, cell

COLUMNS = ("partition", "offset", "key", "type", "happened", "and so on")
SHOWN_ELSEWHERE = ("event_id", "session_id")  # long, and no news to the eye
WIDEST = 64  # characters of a value; more would wrap the row


class Tail(ipywidgets.HTML):
    """The last `rows` records of `topic`, newest at the bottom, redrawn as they come.

    It starts at the topic's end (`from_start=True`: at its beginning) and stops after `records`
    records, after `seconds`, when the topic goes away, or when another Tail of that topic starts.
    It shows at most one record every `pace` seconds, so that the eye can follow.

    Raises KafkaException when no broker answers or the topic does not exist.
    """

    running: ClassVar[dict[str, Tail]] = {}

    def __init__(
        self,
        config: dict[str, str],
        topic: str,
        *,
        rows: int = 10,
        records: int = 1000,
        seconds: float = 60,
        from_start: bool = False,
        pace: float = 0.05,
    ) -> None:
        super().__init__()
        if topic in self.running:
            self.running[topic].stop()
        self._topic, self._records, self._pace = topic, records, pace
        self._rows: deque[str] = deque(maxlen=rows)
        self._seen, self._ended = 0, ""
        self._changed = threading.Condition()
        self._stopping = threading.Event()
        self._deadline = time.monotonic() + seconds
        self._consumer = _reader(config, topic, from_start)
        self._thread = threading.Thread(target=self._read, name=f"tail {topic}", daemon=True)
        self.running[topic] = self
        self._draw()
        self._thread.start()

    def __repr__(self) -> str:
        return f"a live tail of {self._topic}: run this cell to see it"

    @property
    def seen(self) -> int:
        """How many records were shown so far."""
        return self._seen

    def wait(self, records: int, seconds: float = 10) -> int:
        """Wait until so many records were shown, or it ended, or the time is up; return `seen`."""
        with self._changed:
            self._changed.wait_for(lambda: self._seen >= records or self._ended, seconds)
        return self._seen

    def stop(self) -> None:
        """End it now; what was shown stays. Safe to call twice."""
        self._stopping.set()
        if self._thread is not threading.current_thread():
            self._thread.join(10)

    # -- the reading thread -------------------------------------------------------------------

    def _read(self) -> None:
        why = "ended with an error"
        try:
            why = self._follow()
        except (KafkaException, RuntimeError) as error:  # the lab stopped under it
            why = f"ended: {error}"
        finally:
            self._consumer.close()
            with self._changed:
                self._ended = why
                self._changed.notify_all()
            if self.running.get(self._topic) is self:
                del self.running[self._topic]
            self._draw()

    def _follow(self) -> str:
        """Show records until there is a reason to end, and return it."""
        drawn = time.monotonic()
        while not self._stopping.is_set():
            if self._seen >= self._records:
                return f"ended after {self._records} records"
            if time.monotonic() > self._deadline:
                return "ended: its time was up"
            record = self._consumer.poll(0.2)
            if record is not None and record.error():
                return f"ended: {record.error().str()}"
            if record is not None:
                self._add(record)
            if record is not None or time.monotonic() - drawn > 1:  # the seconds left go down
                self._draw()
                drawn = time.monotonic()
            if record is not None:
                self._stopping.wait(self._pace)
        return "stopped"

    def _add(self, record: Message) -> None:
        with self._changed:
            self._rows.append(_row(record))
            self._seen += 1
            self._changed.notify_all()

    def _draw(self) -> None:
        left = max(0, self._deadline - time.monotonic())
        state = f"■ {self._ended}" if self._ended else f"● listening, {left:.0f} s left"
        head = "".join(cell(name, "th") for name in COLUMNS)
        self.value = (
            f"<div style='color: {DIM}; line-height: 1.6'><b>{escape(self._topic)}</b> · "
            f"{self._seen} records · {escape(state)}</div>"
            "<table style='border-collapse: collapse; font-size: 12px; line-height: 1.5; "
            f"color: var(--jp-content-font-color1, #1f2328)'><tr>{head}</tr>"
            f"{''.join(self._rows)}</table>"
        )


def _reader(config: dict[str, str], topic: str, from_start: bool) -> Consumer:
    """A consumer assigned to every partition, each at a known offset: no group is asked."""
    consumer = Consumer(
        {
            **config,
            "group.id": "tail",  # the client insists on a name; `assign` never uses it
            "enable.auto.commit": False,
            "log_level": 0,  # a lab that ends while the tail reads is no news
        }
    )
    found = consumer.list_topics(topic, timeout=10).topics[topic]
    if found.error:
        consumer.close()
        raise KafkaException(found.error)
    places = []
    for partition in found.partitions:
        place = TopicPartition(topic, partition)
        first, end = consumer.get_watermark_offsets(place, timeout=10)
        places.append(TopicPartition(topic, partition, first if from_start else end))
    consumer.assign(places)
    return consumer


def _row(record: Message) -> str:
    key = (record.key() or b"").decode("utf-8", "replace")
    kind, when, rest = "", "", (record.value() or b"").decode("utf-8", "replace")
    try:
        fields = json.loads(rest)
    except ValueError:
        fields = None
    if isinstance(fields, dict):  # what is no JSON object is shown as it is
        kind, when = str(fields.pop("type", "")), str(fields.pop("timestamp", ""))[11:19]
        left = {k: v for k, v in fields.items() if k not in SHOWN_ELSEWHERE and v != key}
        rest = ", ".join(f"{name}: {value}" for name, value in left.items())
    short = rest if len(rest) <= WIDEST else rest[: WIDEST - 1] + "…"
    shown = (record.partition(), record.offset(), key, kind, when, short)
    return f"<tr>{''.join(cell(str(value)) for value in shown)}</tr>"


@atexit.register
def _end_all() -> None:
    for view in list(Tail.running.values()):
        view.stop()
