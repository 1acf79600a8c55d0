"""`python -m helpers monitor`: the monitor as a process. Several of one group share the work."""

from __future__ import annotations

import argparse

from helpers.pipeline.monitor import Monitor
from helpers.pipeline.monitor_settings import GROUPS, LOG_GROUP, NAMESPACE, Settings
from helpers.pipeline.service import kafka, log_lines, need_topics, overrides, until_signal


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    add, usual = parser.add_argument, Settings()
    add("--target", choices=("local", "cloud"), default="local")
    add("--prefix", default="", help="in front of topics, groups, namespace and log group")
    add("--namespace", default=NAMESPACE, help=f"of the metrics ({NAMESPACE})")
    about = f"for errors and malformed records ({LOG_GROUP}); '' for no lines at all"
    add("--log-group", default=LOG_GROUP, metavar="NAME", help=about)
    add("--log-all", action="store_true", help="a line for every record")
    add("--retention-days", type=int, default=usual.retention_days, help="of a new log group (14)")
    add("--every", type=float, default=usual.every_s, metavar="S", help="seconds of a point (10)")
    add("--resolution", type=int, choices=(1, 60), default=60, help="StorageResolution")
    about = "whose lag is measured; GROUP=TOPIC,… also before it has committed anything"
    add("--groups", nargs="*", metavar="GROUP", default=list(GROUPS), help=about)
    add("--topics", nargs="+", metavar="TOPIC", default=list(usual.topics))
    add("--group", default=usual.group, help="the monitor's own (monitor)")
    add("--instance", metavar="ID", help="group.instance.id: back at once after a kill")
    about = "end when CloudWatch has taken nothing for so long (3600)"
    add("--give-up", type=float, default=usual.give_up_s, metavar="S", help=about)
    add("--set", action="append", default=[], metavar="NAME=VALUE", help="for the consumer")
    add("--verbose", action="store_true", help="a line for every interval")


def main(args: argparse.Namespace) -> int:
    """Run until SIGTERM or Ctrl-C, then send and commit what was counted. Exit status 0 or 1."""
    log_lines(args.verbose)
    told, where = settings(args), kafka(args, aws=True)
    need_topics(where, *told.names)
    monitor = run(told, where)
    print(f"stopped: {monitor.counted} records counted since the start")
    return 0


def run(settings: Settings, kafka: dict[str, str]) -> Monitor:
    """Run a monitor until SIGTERM or SIGINT (a second one ends the process as a kill would).

    Raises MonitorStopped when it cannot go on.
    """
    monitor = Monitor(settings, kafka)
    return until_signal(monitor)


def settings(args: argparse.Namespace) -> Settings:
    """The command line as `Settings`. Raises LabError for a value that cannot be."""
    groups = (text.partition("=") for text in args.groups)
    return Settings(
        prefix=args.prefix,
        namespace=args.namespace,
        log_group=args.log_group or None,
        topics=tuple(args.topics),
        group=args.group,
        instance=args.instance,
        groups={name: tuple(filter(None, topics.split(","))) for name, _, topics in groups},
        every_s=args.every,
        resolution=args.resolution,
        log_all=args.log_all,
        retention_days=args.retention_days,
        give_up_s=args.give_up,
        kafka=overrides(args.set),
    )
