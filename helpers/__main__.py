"""`python -m helpers COMMAND`: the lab and the lessons from a terminal."""

from __future__ import annotations

import argparse
import importlib
import sys

from helpers.arguments import number_of
from helpers.errors import LabError, in_a_line
from helpers.local.paths import PARTS

OLDEST, NEWEST = (3, 11), (3, 13)
# The student-events system, each part a process: command → module (add_arguments, main), help.
SERVICES = {
    "clean": ("helpers.clean_command", "delete all that the series made under a prefix"),
    "capstone": ("helpers.capstone.check", "check an answer to docs/capstone.md"),
    "web": ("helpers.web.command", "the student portal: a click becomes an event"),
    "derive": ("helpers.pipeline.derive_command", "make notifications from marks"),
    "monitor": ("helpers.pipeline.monitor_command", "tell CloudWatch how the system is doing"),
    "notify": ("helpers.pipeline.notify_command", "tell people by SNS, with a history in S3"),
    "infra": ("helpers.infra_command", "the AWS side as one stack: deploy, status, delete"),
    "load": ("helpers.load.command", "load a cluster of yours on a schedule, and measure"),
    "sink": ("helpers.pipeline.sink_command", "store a topic in S3, every record exactly once"),
}


def parser(wanted: str = "") -> argparse.ArgumentParser:
    """The command line: every command; the options of a service only for the one `wanted`."""
    top = argparse.ArgumentParser(prog="python -m helpers", description=__doc__)
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")

    up = commands.add_parser("up", help="start a lab that outlives one notebook; lessons find it")
    hold = commands.add_parser("hold")  # what `up` runs in the background
    for command in (up, hold):
        command.add_argument("--brokers", type=_brokers, default=1, metavar="N", help="1 to 5 (1)")
        command.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    up.add_argument("--docker", action="store_true", help="in containers; see docs/install.md")
    commands.add_parser("down", help="end that lab")

    doctor = commands.add_parser(
        "doctor", help="the status checklist, live, each ❌ with its remedy"
    )
    doctor.add_argument("--target", choices=("local", "cloud"), help="only that half of the list")

    run = commands.add_parser("run", help="execute lessons headlessly with papermill, into build/")
    run.add_argument("lesson", nargs="?", help="a number such as 02; without it, all in order")
    run.add_argument("--target", choices=("local", "cloud"), default="local")
    run.add_argument("--prefix", default="")
    run.add_argument("--seed", type=int, default=7)
    jobs = "lessons side by side (2 on 2 cores; 1 on a shared lab or the cloud)"
    run.add_argument("--jobs", type=number_of(int, 1), metavar="N", help=jobs)

    fetch = commands.add_parser("fetch", help="download everything now, to be offline later")
    fetch.add_argument("parts", nargs="*", type=_part, metavar="kafka|registry|streams|sink")
    topics = commands.add_parser("topics", help="create the three topics of the brief")
    topics.add_argument("--target", choices=("local", "cloud"), default="local")
    topics.add_argument("--prefix", default="")
    produce = commands.add_parser("produce", help="send seeded events: rate, progress, summary")
    _produce_options(produce)
    for name, (module, about) in SERVICES.items():
        service = commands.add_parser(name, help=about)
        if name == wanted:  # the others' modules are not even imported
            importlib.import_module(module).add_arguments(service)

    kit = commands.add_parser("kit", help="pack wheels, jars and registry into one offline archive")
    kit.add_argument("--out", default="build")
    return top


def _produce_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("--target", choices=("local", "cloud"), default="local")
    where = "a local broker of yours instead of the shared lab's"
    command.add_argument("--bootstrap", metavar="HOST:PORT", help=where)
    command.add_argument("--prefix", default="", help="in front of the topics' names")
    command.add_argument("--seed", type=number_of(int, 0), default=7, help="which events (7)")
    command.add_argument("--rate", type=number_of(float), default=50, help="events a second (50)")
    command.add_argument("--duration", type=number_of(float), metavar="S", help="seconds; no limit")
    command.add_argument("--count", type=number_of(int), metavar="N", help="events; no limit")
    acks = "append topic, partition, offset and event_id of what was acknowledged, as JSON lines"
    command.add_argument("--acks-file", metavar="FILE", help=acks)


def _brokers(word: str) -> int:
    """How many brokers; said here, before a lab is begun in the background."""
    if word not in ("1", "2", "3", "4", "5"):
        raise argparse.ArgumentTypeError(f"{word!r} is no number from 1 to 5")
    return int(word)


def _part(word: str) -> str:
    """One of the parts that `fetch` knows; argparse's choices would refuse leaving them out."""
    if word not in ("kafka", "registry", "streams", "sink"):
        raise argparse.ArgumentTypeError(f"{word!r} is not kafka, registry, streams or sink")
    return word


def main(argv: list[str] | None = None) -> int:
    """Run one command. Exit status: 0 done, 1 something to mend, 2 wrong words."""
    if not OLDEST <= sys.version_info[:2] <= NEWEST:
        here = ".".join(map(str, sys.version_info[:2]))
        print(f"Python {here} is not supported: install Python 3.11, 3.12 or 3.13", file=sys.stderr)
        return 1
    words = sys.argv[1:] if argv is None else argv
    args = parser(words[0] if words else "").parse_args(words)
    try:
        if "prefix" in args:
            from helpers.config import check_prefix

            check_prefix(args.prefix)
        if args.command in SERVICES:
            return importlib.import_module(SERVICES[args.command][0]).main(args)
        return COMMANDS[args.command](args)
    except LabError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    except Exception as error:
        if (line := in_a_line(error)) is None:
            raise
        print(line, file=sys.stderr)
        return 1


def _up(args) -> int:
    from helpers.local import containers, shared

    state = (containers if args.docker else shared).up(args.brokers, args.parts)
    for row in state["rows"]:
        print("{:<12}{:<24}{:<18}{:>8}".format(*row))
    print("Lessons find this lab by themselves. End it with: python -m helpers down")
    return 0


def _hold(args) -> int:
    from helpers.local import shared

    shared.hold(args.brokers, args.parts)
    return 0


def _down(_args) -> int:
    from helpers.local import shared

    print("the shared lab has ended" if shared.down() else "no shared lab was running")
    return 0


def _doctor(args) -> int:
    from helpers import doctor

    return doctor.main(args.target)


def _run(args) -> int:
    from helpers.run import run_lessons

    parameters = {"target": args.target, "prefix": args.prefix, "seed": args.seed}
    return run_lessons(args.lesson, parameters=parameters, jobs=args.jobs)


def _fetch(args) -> int:
    from helpers.local import fetch, java, prepare
    from helpers.pipeline import compiled

    parts = args.parts or ["kafka", "registry", "streams", "sink"]
    if "kafka" in parts:
        prepare.kafka_ready()
        java.classpath()  # checks every jar
        fetch.ensure("tools")
    if "registry" in parts:
        prepare.registry_ready()
    if "streams" in parts:
        prepare.streams_ready()
    if "sink" in parts:
        compiled.prepare()
    print(f"here: {', '.join(parts)}; lessons start without a network now")
    return 0


def _topics(args) -> int:
    from confluent_kafka.admin import AdminClient

    from helpers import config
    from helpers.local import cloudcheck, shared
    from helpers.pipeline.topics import create_topics

    settings = config.cloud_kafka() if args.target == "cloud" else shared.need()["kafka"]
    if args.target == "cloud":
        cloudcheck.kafka(settings)  # a wrong key or address is found here, in words
    made = create_topics(AdminClient({**settings, "log_level": 0}), prefix=args.prefix)
    print(f"created: {', '.join(made) or 'none, all were there'}")
    return 0


def _produce(args) -> int:
    from helpers import config
    from helpers.local import cloudcheck, shared
    from helpers.pipeline import produce

    if args.target == "cloud":
        settings = config.cloud_kafka()
        cloudcheck.kafka(settings)  # a wrong key or address is found here, in words
    elif args.bootstrap:
        settings = {"bootstrap.servers": args.bootstrap}
    else:
        settings = shared.need()["kafka"]
    return produce.main(args, settings)


def _kit(args) -> int:
    from helpers import kit

    return kit.main(args.out)


COMMANDS = {
    "up": _up,
    "hold": _hold,
    "down": _down,
    "doctor": _doctor,
    "run": _run,
    "fetch": _fetch,
    "topics": _topics,
    "produce": _produce,
    "kit": _kit,
}

if __name__ == "__main__":
    sys.exit(main())
