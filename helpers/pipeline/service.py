"""What every service is started with: options in common, its lines, its place, its end."""

from __future__ import annotations

import argparse
import logging
import signal
import threading
from typing import Protocol, TypeVar

from helpers.errors import LabError


class Service(Protocol):
    """What runs until it is told to stop."""

    def run(self) -> None:
        """Work until `stop`."""

    def stop(self) -> None:
        """Ask `run` to finish; callable in a signal handler."""


T = TypeVar("T", bound=Service)


def log_lines(verbose: bool) -> None:
    """Warnings to stderr; with `verbose` also what goes well."""
    logging.basicConfig(
        level=logging.INFO if verbose else logging.WARNING,
        format="%(asctime)s %(levelname)s %(message)s",
    )
    logging.getLogger("botocore").setLevel(logging.WARNING)  # it would say where keys were found


def overrides(words: list[str]) -> dict[str, str]:
    """`--set NAME=VALUE` as a dict. Raises LabError for a word without `=`."""
    if wrong := [word for word in words if "=" not in word]:
        raise LabError(f"--set takes NAME=VALUE, not {wrong[0]}")
    return dict(word.split("=", 1) for word in words)


def kafka(args: argparse.Namespace, aws: bool) -> dict[str, str]:
    """Where Kafka is; with `aws` the AWS_* variables of a local lab are exported as well."""
    from helpers.lab import start_lab
    from helpers.local import shared

    if args.target == "local":
        shared.need()
    return start_lab(args.target, aws=aws, quiet=True).kafka


def need_topics(kafka: dict[str, str], *topics: str) -> None:
    """Raises LabError when one of the topics is missing: a consumer would wait for it for ever."""
    from confluent_kafka.admin import AdminClient

    from helpers.pipeline.topics import how_to_create

    there = AdminClient({**kafka, "log_level": 0}).list_topics(timeout=10).topics
    for topic in topics:
        if topic not in there:
            raise LabError(f"there is no topic {topic}; {how_to_create(topic)}")


def until_signal(service: T) -> T:
    """Run it until SIGTERM or SIGINT; a second one ends the process as a kill would."""

    def handle(number: int, _frame) -> None:
        service.stop()
        signal.signal(number, signal.SIG_DFL)

    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, handle)
    service.run()
    return service
