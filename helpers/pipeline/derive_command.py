"""`python -m helpers derive`: notifications from marks, as a process. Several share the work."""

from __future__ import annotations

import argparse

from helpers.pipeline import service


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    add = parser.add_argument
    add("--target", choices=("local", "cloud"), default="local")
    add("--prefix", default="", help="a student's own topics and groups on a shared cluster")
    add("--group", default="derive")
    add("--instance", metavar="NAME", help="a name that stays: back at once after a kill")
    add("--dead-letters", metavar="TOPIC", help="default: estudiante-eventos-dlq")
    add("--set", action="append", default=[], metavar="NAME=VALUE", help="for the consumer")
    add("--verbose", action="store_true")


def main(args: argparse.Namespace) -> int:
    """Run until SIGTERM or Ctrl-C, then commit what was taken. Exit status 0 or 1."""
    from helpers.pipeline.derive import Derive, Settings
    from helpers.pipeline.events import NOTIFICATIONS, STUDENT_EVENTS

    service.log_lines(args.verbose)
    settings = Settings(
        topic=args.prefix + STUDENT_EVENTS,
        output=args.prefix + NOTIFICATIONS,
        group=args.prefix + args.group,
        dead_letters=args.dead_letters and args.prefix + args.dead_letters,
        instance=args.instance,
        kafka=service.overrides(args.set),
    )
    derive = service.until_signal(Derive(settings, service.kafka(args, aws=False)))
    told = f"{derive.derived} notifications, {derive.dead} dead letters"
    print(f"stopped: {derive.read} records read, {told}")
    return 0
