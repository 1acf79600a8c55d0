"""The two ways to generate load, and why they see different things.

Open loop: records are due on a schedule, come what may, and latency counts from the due time. When
the broker stalls, the records that fell due meanwhile have waited, and it shows. Closed loop: the
next record is sent when the last one is answered. When the broker stalls, one record waits and the
others are never sent: the test looks away while it is slow. Gil Tene named that coordinated
omission (https://www.youtube.com/watch?v=lJ8ydIuPFeU).
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from confluent_kafka import KafkaException, Producer

from helpers import config
from helpers.errors import LabError
from helpers.load.ledger import Chunk, Ledger
from helpers.load.result import Result
from helpers.load.schedule import SECOND, Schedule
from helpers.load.sending import Sender
from helpers.load.values import Value, Values

clock = time.perf_counter_ns
ANSWER_S = 10.0
KNOWN_S = 5.0  # for a broker to hear of a topic that another one has created
MOST_ROWS = 600
HARVEST_NS = SECOND // 10
SHOW_NS = SECOND // 4
HARVEST = 50  # records of a closed loop
Progress = Callable[[float, int, int, int], None]


def open_loop(
    producer: Producer | dict[str, Any],
    topic: str,
    schedule: Schedule,
    value: Value = 200,
    *,
    key: Callable[[int], bytes] | None = None,
    partition: int | None = None,
    stamp: bool = False,
    places: bool = False,
    interval: float | None = None,
    drain: float = 30.0,
    progress: Progress | None = None,
    stop: Callable[[], bool] | None = None,
    start_ns: int | None = None,
    name: str = "open loop",
) -> Result:
    """Send each record when it is due, whatever became of the others; wait for the last answers.

    A full queue of the client loses nothing: a record is sent when there is room, late, and that is
    part of its latency. Records that are due within 0.25 ms of each other are sent by one call and
    count from the first one's due time: latencies are never shorter than they were.

    stamp: each value begins with its due time (see `Values`); `places`: the result says where each
    acknowledged record is. `interval`: seconds of a row (1, or more for long schedules); `drain`:
    seconds to wait for answers after the last record, and after the schedule's end for a client
    whose queue is full. `progress` is called with seconds, sent, acknowledged, errors. `start_ns`:
    a time.time_ns() at which to begin, for several processes at once. Ctrl-C, or `stop`, ends the
    sending early; a second Ctrl-C does not wait for answers. The result is valid all the same.

    Raises LabError when nobody answers or there is no such topic, before anything is sent.
    """
    with _producer(producer, topic) as (client, settings), interrupts() as caught:
        while start_ns is not None and (early := start_ns - time.time_ns()) > 0:
            time.sleep(min(early / SECOND, 0.5))
        epoch = time.time_ns() if start_ns is None else start_ns
        began = clock() - (time.time_ns() - epoch)
        values = Values(value, key, epoch if stamp else None)
        ledger = Ledger(began, interval or max(1.0, schedule.seconds / MOST_ROWS), places)
        sender = Sender(client, topic, schedule, values, ledger, partition)
        shown = added = began
        over = began + int((schedule.seconds + drain) * SECOND)
        while not (sender.done or caught or clock() > over or (stop and stop())):
            sender.turn()
            if (now := clock()) - added > HARVEST_NS:
                added = now
                ledger.harvest()
                if progress and now - shown > SHOW_NS:
                    shown = now
                    progress((now - began) / SECOND, *ledger.account())
        last = clock() + int(drain * SECOND)
        while ledger.harvest() and clock() < last and len(caught) < 2:
            client.poll(0.05)  # not flush(): it would override linger.ms
            if progress:
                progress((clock() - began) / SECOND, *ledger.account())
        return ledger.result(schedule, name=name, settings=settings, interrupted=bool(caught))


def closed_loop(
    producer: Producer | dict[str, Any],
    topic: str,
    records: int | None = None,
    seconds: float | None = None,
    value: Value = 200,
    *,
    rate: float | None = None,
    key: Callable[[int], bytes] | None = None,
    interval: float = 1.0,
    drain: float = 30.0,
    name: str = "closed loop",
) -> Result:
    """One record at a time: the next one is sent when the last one is answered.

    Latency counts from produce(). With `rate` it waits between records to reach that many a second,
    but after a stall it does not catch up. Ends after `records` or `seconds`, or by Ctrl-C; waits
    `drain` seconds at most for an answer. Raises LabError as `open_loop`.
    """
    if records is None and seconds is None:
        raise LabError("say when a closed loop ends: records=… or seconds=…")
    with _producer(producer, topic) as (client, settings), interrupts() as caught:
        values = Values(value, key)
        began = clock()
        ledger = Ledger(began, interval, places=False)
        number, due = 0, began
        while not caught and (records is None or number < records):
            now = clock()
            if seconds is not None and now - began >= seconds * SECOND:
                break
            if rate and now < due:
                time.sleep((due - now) / SECOND)
            due = clock() + (int(SECOND / rate) if rate else 0)
            sent = clock() - began
            chunk = Chunk(number, sent, sent)
            messages = values.messages(number, np.array([sent]))
            client.produce(topic, **messages[0], on_delivery=ledger.reporter(chunk, 1))
            ledger.add(chunk, 1, values.size(messages))
            number += 1
            last = clock() + int(drain * SECOND)
            while ledger.waiting and clock() < last and len(caught) < 2:
                client.poll(0.1)
            if ledger.waiting:
                break
            if not number % HARVEST:
                ledger.harvest()
        more = {"name": name, "settings": settings, "interrupted": bool(caught)}
        return ledger.result(None, **more, target_rate=rate or 0.0)


@contextmanager
def _producer(given: Producer | dict, topic: str) -> Iterator[tuple[Producer, dict[str, Any]]]:
    """A producer that knows the topic. One that is made here leaves nothing in its queue."""
    heard: list[str] = []
    settings = {}
    if isinstance(given, dict):
        settings = {k: v for k, v in config.masked(given).items() if not callable(v)}
        try:
            client = Producer({"error_cb": lambda error: heard.append(error.str()), **given})
        except KafkaException as error:
            raise LabError(f"the client does not take that: {error.args[0].str()}") from error
    else:
        client = given
    try:
        until = time.monotonic() + KNOWN_S
        while topic not in client.list_topics(timeout=ANSWER_S).topics:
            if time.monotonic() > until:
                raise LabError(f"there is no topic {topic} here; create it first")
            time.sleep(0.1)  # a new one: this broker has not heard of it yet
        client.list_topics(topic, timeout=ANSWER_S)  # or the first record would wait for it
    except KafkaException as error:
        why = f" ({heard[-1]})" if heard else ""
        where = f" at {settings['bootstrap.servers']}" if settings else ""
        raise LabError(f"nobody answers{where} within {ANSWER_S:g} s{why}") from error
    try:
        yield client, settings
    finally:
        if client is not given:
            client.purge()
            client.flush(1)


@contextmanager
def interrupts() -> Iterator[list[int]]:
    """Collect SIGINT in a list instead of being cut off in the middle of a delivery report."""
    caught: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield caught
        return
    before = signal.signal(signal.SIGINT, lambda number, _frame: caught.append(number))
    try:
        yield caught
    finally:
        signal.signal(signal.SIGINT, before)
