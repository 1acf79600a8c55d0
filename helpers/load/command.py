"""`python -m helpers load`: a load test of a cluster that is yours, in a topic of its own."""

from __future__ import annotations

import argparse
import json
import signal
import sys
from pathlib import Path
from typing import Any

from helpers.arguments import number_of
from helpers.errors import LabError

KINDS = ("constant", "step", "spike", "ramp")
PEAK = 4  # times --rate
MOST = 1e12  # of any number
STRANGER = "is not this machine"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    add = parser.add_argument
    positive, count = number_of(float, 1e-6, MOST), number_of(int, 1, MOST)
    add("--rate", type=positive, default=1000, metavar="R", help="records a second (1000)")
    add("--duration", type=positive, default=10, metavar="S", help="seconds (10)")
    add("--count", type=count, metavar="N", help="end after so many records")
    about = "step to --peak at half time, spike to it in the middle fifth, ramp to it, or constant"
    add("--schedule", choices=KINDS, default="constant", help=about)
    add("--peak", type=positive, metavar="R", help=f"records a second ({PEAK} times --rate)")
    add("--target", choices=("local", "cloud"), default="local", help="the shared lab, or .env's")
    add("--bootstrap", metavar="HOST:PORT", help="a cluster of yours instead")
    add("--config", metavar="FILE", help="lines NAME=VALUE for the clients: passwords, say")
    add("--size", type=count, default=200, metavar="B", help="bytes of a value (200)")
    add("--acks", choices=("0", "1", "all"), default="all")
    add("--linger", type=number_of(float, 0, MOST), default=5, metavar="MS", help="linger.ms (5)")
    add("--batch-size", type=count, metavar="B", help="batch.size, bytes")
    kinds = ("none", "gzip", "snappy", "lz4", "zstd")
    add("--compression", choices=kinds, default="none")
    add("--set", action="append", default=[], metavar="NAME=VALUE", help="for the producer")
    add("--topic", help="a name that is not taken (load-… and a random word)")
    add("--partitions", type=count, default=6, metavar="N", help="of the topic (6)")
    add("--keep", action="store_true", help="leave the topic and its records there")
    add("--processes", type=number_of(int, 1, 64), default=1, metavar="N", help="that send (1)")
    add("--report", metavar="FILE.html", help="a page with everything, and a CSV beside it")
    add("--json", action="store_true", help="the result as JSON, on stdout")
    add("--yes", action="store_true", help="do not ask before load goes to another machine")


def main(args: argparse.Namespace) -> int:
    """Ask if need be, make the topic, send, delete it. Exit status: 0 all acknowledged, 1 some not,
    2 not confirmed, 130 after Ctrl-C. Raises LabError, one line, for what cannot be."""
    from helpers.load import place
    from helpers.load.topic import Topic

    schedule, settings = plan(args), clients(args)
    if args.report:
        _writable(args.report)
    rates = [rate for piece in schedule.pieces for rate in (piece.first, piece.last)]
    usd = place.cost(schedule.count, args.size, max(rates), schedule.seconds, args.partitions)
    lines = [
        f"{schedule.count:,} records of {args.size} bytes in {schedule.seconds:g} s, up to"
        f" {max(rates):,.0f} a second, {schedule.count * args.size / 1e6:,.1f} MB",
        place.cost_line(usd),
    ]
    strangers = place.outside(settings["bootstrap.servers"])
    if strangers and not confirmed(strangers, lines, args.yes):
        return 2
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    topic = Topic(settings, args.topic)
    advertised = [host for host in topic.brokers() if not place.is_local(host)]
    if advertised and not strangers and not confirmed(advertised, lines, args.yes):
        return 2
    with topic.made(args.partitions, args.keep):
        result = _send(args, settings, topic.name, schedule)
    return _show(args, result, lines)


def plan(args: argparse.Namespace):
    """The schedule that the options ask for. Raises LabError for options that do not fit."""
    from helpers.load import schedule as make

    rate, seconds = args.rate, args.duration
    peak = args.peak or PEAK * rate
    if args.count and args.schedule != "constant":
        raise LabError(f"--count goes with a constant rate; a {args.schedule} ends by --duration")
    if args.peak and args.schedule == "constant":
        raise LabError("--peak needs --schedule step, spike or ramp")
    if args.schedule == "step":
        return make.step(rate, peak, seconds)
    if args.schedule == "spike":
        return make.spike(rate, peak, 0.4 * seconds, 0.2 * seconds, seconds)
    if args.schedule == "ramp":
        return make.ramp(rate, peak, seconds)
    return make.constant(rate, min(seconds, args.count / rate) if args.count else seconds)


def clients(args: argparse.Namespace) -> dict[str, Any]:
    """The producer's settings. Connects to nothing. Raises LabError for what cannot be."""
    from helpers import config
    from helpers.local import shared
    from helpers.pipeline.service import overrides

    if args.bootstrap and args.target == "cloud":
        raise LabError("--target cloud is the cluster in .env; give that or --bootstrap, not both")
    own, more = _properties(args.config), overrides(args.set)
    if {"bootstrap.servers", "metadata.broker.list"} & {*own, *more}:
        raise LabError("say where the cluster is with --bootstrap, not by a setting")
    if args.bootstrap:
        where = {"bootstrap.servers": args.bootstrap}
    else:
        where = config.cloud_kafka() if args.target == "cloud" else shared.need()["kafka"]
    options = {"acks": args.acks, "linger.ms": args.linger, "compression.type": args.compression}
    if args.batch_size:
        options["batch.size"] = args.batch_size
    told = {**where, **own, **options, **more}
    most = told.get("message.max.bytes", "1000000")
    if str(most).isdigit() and args.size >= int(most):
        raise LabError(f"the client sends less than {most} bytes at once; set message.max.bytes")
    _valid(told)
    return told


def _valid(settings: dict[str, Any]) -> None:
    """Ask the client itself, before a topic is made. Without an address it connects to nothing."""
    from confluent_kafka import KafkaException, Producer

    try:
        Producer({k: v for k, v in settings.items() if k != "bootstrap.servers"} | {"log_level": 0})
    except KafkaException as error:
        raise LabError(f"the client does not take that: {error.args[0].str()}") from error


def _properties(path: str | None) -> dict[str, str]:
    """A file of NAME=VALUE lines, as Kafka's own tools read with --command-config."""
    if path is None:
        return {}
    from helpers.pipeline.service import overrides

    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is not UTF-8"
        raise LabError(f"cannot read {path}: {why}; --config names a text file") from error
    lines = [line.strip() for line in text.splitlines()]
    wanted = [line for line in lines if line and not line.startswith("#")]
    if wrong := next((n for n, line in enumerate(lines, 1) if _odd(line)), None):
        raise LabError(f"{path} line {wrong} is not NAME=VALUE")  # the line itself may be a secret
    return {name.strip(): value.strip() for name, value in overrides(wanted).items()}


def _odd(line: str) -> bool:
    return bool(line) and not line.startswith("#") and "=" not in line


def confirmed(strangers: list[str], lines: list[str], yes: bool) -> bool:
    """Say what is about to happen elsewhere and, without --yes, ask. Only a person can agree."""
    names = ", ".join(dict.fromkeys(strangers))
    if not yes and not sys.stdin.isatty():
        words = f"{names} {STRANGER}: {'; '.join(lines)}; add --yes to send that there"
        print(words, file=sys.stderr)
        return False
    print(f"{names} {STRANGER}.", *lines, sep="\n", file=sys.stderr)
    if yes:
        return True
    print("Is the cluster yours, and may it be loaded so? Type yes: ", end="", file=sys.stderr)
    sys.stderr.flush()
    if sys.stdin.readline().strip().lower() == "yes":
        return True
    print("nothing was sent", file=sys.stderr)
    return False


def _writable(path: str) -> None:
    """Found out before the load, not after it."""
    try:
        with Path(path).open("a"):
            pass
    except OSError as error:
        raise LabError(f"cannot write {path}: {error.strerror}; name another file") from error


def _send(args: argparse.Namespace, settings: dict[str, Any], topic: str, schedule):
    from helpers.load import many, open_loop
    from helpers.load.progress import Bar

    quiet = {"log_level": 0, **settings}  # what goes wrong is in the result
    with Bar(schedule) as bar:
        more = {"progress": bar.show, "name": args.schedule}
        if args.processes > 1:
            return many(quiet, topic, schedule, args.size, processes=args.processes, **more)
        return open_loop(quiet, topic, schedule, args.size, **more)


def _show(args: argparse.Namespace, result, lines: list[str]) -> int:
    """The result on stdout, the report where it was wanted; the exit status."""
    from helpers.load.progress import table
    from helpers.load.report import report

    settings = {"value, bytes": args.size, "partitions": args.partitions}
    settings["cost"] = lines[-1]
    result.settings.pop("log_level", None)
    if args.report:
        report(result, args.report, f"Load test: {args.schedule}", settings)
    if args.json:
        told = {**result.summary(), "settings": {**settings, **result.settings}}
        print(json.dumps(told, indent=2, default=str))
    else:
        print(*table(result), lines[-1], sep="\n")
        if args.report:
            print(f"report: {args.report}")
    if result.interrupted:
        return 130
    return 0 if result.acknowledged == result.scheduled else 1
