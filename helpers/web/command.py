"""`python -m helpers web`: the student portal as a process, on 127.0.0.1."""

from __future__ import annotations

import argparse
import socket
from typing import Any

from helpers.errors import LabError

HOST = "127.0.0.1"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("--target", choices=("local", "cloud"), default="local")
    where = "a local broker of yours instead of the shared lab's"
    parser.add_argument("--bootstrap", metavar="HOST:PORT", help=where)
    parser.add_argument("--prefix", default="", help="in front of the topics' names")
    parser.add_argument("--port", type=int, default=0, help="a free one if you do not say")


def main(args: argparse.Namespace) -> int:
    """Serve until SIGTERM or Ctrl-C; every event gets its answer first. Exit status 0."""
    kafka = _kafka(args)
    check_topics(kafka, args.prefix, args.target)
    listener = listen_on(args.port)
    url = f"http://{HOST}:{listener.getsockname()[1]}/"
    print(f"The portal: {url} (Ctrl-C ends it)", flush=True)
    return serve(kafka, args.prefix, listener)


def serve(kafka: dict[str, Any], prefix: str, listener: socket.socket, **producer: Any) -> int:
    """Serve on a listening socket until a signal; then say what became of the events."""
    from helpers.web.app import application
    from helpers.web.server import run

    door = application(kafka, listener.getsockname()[1], prefix, **producer)
    run(door, listener)
    sender = door.web.sender
    told = f"stopped: {sender.acknowledged:,} events acknowledged"
    print(f"{told}, {sender.unconfirmed:,} not confirmed", flush=True)
    return 0


def check_topics(kafka: dict[str, Any], prefix: str, target: str = "local") -> None:
    """Raises LabError when nobody answers or one of the three topics is missing."""
    from confluent_kafka import KafkaException
    from confluent_kafka.admin import AdminClient

    from helpers.pipeline.topics import TOPICS

    try:
        there = AdminClient({**kafka, "log_level": 0}).list_topics(timeout=10).topics
    except KafkaException as error:
        raise LabError(
            f"nobody answers at {kafka['bootstrap.servers']} within 10 s;"
            " look whether it is up: python -m helpers doctor"
        ) from error
    missing = [prefix + name for name in TOPICS if prefix + name not in there]
    if missing:
        words = "".join(
            f" --{name} {value}"
            for name, value, usual in (("target", target, "local"), ("prefix", prefix, ""))
            if value != usual
        )
        raise LabError(
            f"no topic {', '.join(missing)} here, or your key may not see it;"
            f" create it: python -m helpers topics{words}"
        )


def listen_on(port: int) -> socket.socket:
    """A listening socket on 127.0.0.1; 0: a free port. Raises LabError."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
        listener.listen(1024)  # before the address is told: who comes early waits a moment
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or error
        raise LabError(
            f"cannot listen on port {port} of {HOST} ({reason}); choose another with --port,"
            " or leave it out and get a free one"
        ) from error
    return listener


def _kafka(args: argparse.Namespace) -> dict[str, Any]:
    from helpers import config
    from helpers.local import cloudcheck, shared

    if args.target == "cloud":
        kafka = config.cloud_kafka()
        cloudcheck.kafka(kafka)  # a wrong key or address is found here, in words
        return kafka
    if args.bootstrap:
        return {"bootstrap.servers": args.bootstrap}
    return shared.need()["kafka"]
