"""`python -m helpers produce`: the course's producer as a script."""

from __future__ import annotations

import json
import math
import signal
import sys
from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from io import RawIOBase
from pathlib import Path
from typing import Any

from confluent_kafka import KafkaException, Message

from helpers.errors import LabError
from helpers.pipeline.events import STUDENT_EVENTS, SYSTEM_LOGS, Event, generate
from helpers.pipeline.pacing import STEP_S, clock, paced
from helpers.pipeline.producer import EventProducer

TOPICS = (STUDENT_EVENTS, SYSTEM_LOGS)
LATE_S = 0.5  # an event sent so long after its time is a schedule that was not kept
PROGRESS_S = 0.5


def main(args: Namespace, kafka: dict[str, Any], **config: Any) -> int:
    """Produce until done, or until Ctrl-C or SIGTERM; flush, print a summary.

    `config` overrides the producer's settings. Exit status: 0 all acknowledged, 1 some were not,
    130 after Ctrl-C and 143 after SIGTERM. Raises LabError, before anything is sent, when nobody
    answers, a topic is missing or the acks file cannot be written.
    """
    with _opened(args.acks_file) as file, _signals() as caught:
        keep = _writer(file) if file else None
        producer = EventProducer(kafka, args.prefix, on_ack=keep, **config)
        _check_topics(producer, args, kafka)
        progress = _Progress(producer)
        schedule = paced(
            generate(args.seed),
            args.rate,
            seconds=args.duration or math.inf,
            count=args.count,
            wait=progress.wait,
            stop=lambda: bool(caught),
        )
        problem, late, start = "", 0.0, clock()
        try:
            for due, event in schedule:
                late = max(late, clock() - due)
                producer.send(event, due)
                progress.show()
                if caught:
                    break
        except LabError as error:
            problem = str(error)
        problem = _finish(producer, caught, problem)
        progress.end()
        _summary(producer, clock() - start)
        if late > LATE_S:
            words = f"could not keep to {args.rate:g} events a second: up to {late:.1f} s late"
            print(f"{words}; send fewer, or start a second process", file=sys.stderr)
        if problem:
            print(problem, file=sys.stderr)
        if caught:
            return 128 + caught[0]
        return 1 if problem else 0


def _finish(producer: EventProducer, caught: list[int], problem: str) -> str:
    """Wait for the last answers. A second signal ends the wait; what it left is in the account."""
    left = producer.account.waiting
    while left and len(caught) < 2:
        try:
            left = producer.close(2 * STEP_S)
        except LabError as error:  # from the acks file
            problem = problem or str(error)
    failed = producer.account.failed.total()
    if not problem and left:
        problem = f"{left:,} events have no answer: they may be in Kafka or not"
    elif not problem and failed:
        problem = f"{failed:,} events failed{producer.last_error}; they may be in Kafka or not"
    return problem


def _check_topics(producer: EventProducer, args: Namespace, kafka: dict[str, Any]) -> None:
    """Topics are made on purpose or not at all: a typing error must not become a topic."""
    try:
        there = producer.topics()
    except KafkaException as error:
        raise LabError(
            f"nobody answers at {kafka['bootstrap.servers']} within 10 s{producer.last_error};"
            " look whether it is up: python -m helpers doctor"
        ) from error
    missing = [args.prefix + name for name in TOPICS if args.prefix + name not in there]
    if missing:
        words = f" --target {args.target}" if args.target != "local" else ""
        words += f" --prefix {args.prefix}" if args.prefix else ""
        raise LabError(
            f"no topic {' and '.join(missing)} here, or your key may not see it;"
            f" create it: python -m helpers topics{words}"
        )


@contextmanager
def _signals() -> Iterator[list[int]]:
    """Collect SIGINT and SIGTERM in a list instead of dying of them, as long as the block lasts."""
    caught: list[int] = []
    handlers = {
        number: signal.signal(number, lambda number, frame: caught.append(number))
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield caught
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


def _opened(path: str | None):
    """The acks file, to be appended to, or nothing. Unbuffered: a line written is a line kept."""
    if path is None:
        return nullcontext()
    try:
        return Path(path).open("ab", buffering=0)
    except OSError as error:
        raise LabError(f"cannot write {path}: {error.strerror}; name another file") from error


def _writer(file: RawIOBase) -> Callable[[Event, Message], None]:
    def keep(event: Event, record: Message) -> None:
        line = {
            "topic": record.topic(),
            "partition": record.partition(),
            "offset": record.offset(),
            "event_id": event.value["event_id"],
        }
        try:
            file.write(json.dumps(line).encode() + b"\n")
        except OSError as error:
            raise LabError(f"cannot write {file.name}: {error.strerror}; stopped") from error

    return keep


class _Progress:
    """One line on stderr that is written over, on a terminal only."""

    def __init__(self, producer: EventProducer) -> None:
        self._producer, self._start, self._shown = producer, clock(), 0.0

    def wait(self, seconds: float) -> None:
        self._producer.wait(seconds)
        self.show()

    def show(self) -> None:
        if sys.stderr.isatty() and clock() - self._shown > PROGRESS_S:
            self._shown = clock()
            account = self._producer.account
            text = f"{account.sent.total():,} sent, {account.acknowledged.total():,} acknowledged"
            text += f", {account.failed.total():,} failed, {clock() - self._start:.0f} s"
            print(f"\r{text}{self._producer.last_error}\033[K", end="", file=sys.stderr, flush=True)

    def end(self) -> None:
        if self._shown:
            print("\r\033[K", end="", file=sys.stderr, flush=True)


def _summary(producer: EventProducer, seconds: float) -> None:
    """What became of the events, on stdout."""
    account = producer.account
    sent = account.sent.total()
    wide = max([24, *(len(topic) + 3 for topic in account.sent)])
    for word, number in (
        ("sent", sent),
        ("acknowledged", account.acknowledged.total()),
        ("failed", account.failed.total()),
        ("without answer", account.waiting),
    ):
        print(f"{word:<{wide}}{number:>10,}")
    for topic in sorted(account.sent):
        print(f"  {topic:<{wide - 2}}{account.acknowledged[topic]:>10,}")
    for (topic, error), number in sorted(account.failed.items()):
        print(f"  {topic:<{wide - 2}}{number:>10,}  {error}")
    print(f"{'seconds':<{wide}}{seconds:>10.1f}")
    print(f"{'events a second':<{wide}}{sent / max(seconds, 1e-9):>10.1f}")
    for percent in (50, 99):
        milliseconds = 1000 * account.percentile(percent)
        print(f"{f'ms to acknowledge, p{percent}':<{wide}}{milliseconds:>10.1f}")
