"""`python -m helpers notify`: marks and errors to people by SNS, and what is left for a person."""

from __future__ import annotations

import argparse

from helpers.errors import LabError

UNSETTLED = "list the events that were perhaps notified of and will not be again"
OLDER = "with --unsettled: not those that a running process may be at work on (60)"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    add = parser.add_argument
    add("--bucket", required=True, help="for the history and the claims")
    add("--sns-topic", metavar="ARN", help="where it is published")
    add("--target", choices=("local", "cloud"), default="local")
    add("--prefix", default="", help="a student's own topics and groups on a shared cluster")
    add("--folder", metavar="KEY/", help="of the bucket; default: historial/ after the prefix")
    add("--group", default="notify")
    add("--instance", metavar="NAME", help="a name that stays: back at once after a kill")
    add("--min-severity", choices=("WARN", "ERROR", "CRITICAL"), default="CRITICAL")
    add("--per-second", type=float, default=5, metavar="N", help="notifications at most (5)")
    quiet = "one page about a service in each window of S seconds (300); 0: about every error"
    add("--quiet", type=float, default=300, metavar="S", help=quiet)
    add("--set", action="append", default=[], metavar="NAME=VALUE", help="for the consumer")
    add("--verbose", action="store_true", help="a line for every notification")
    instead = parser.add_mutually_exclusive_group()
    instead.add_argument("--unsettled", action="store_true", help=UNSETTLED)
    instead.add_argument("--settle", metavar="EVENT_ID", help="it arrived: note that, send nothing")
    instead.add_argument("--resend", metavar="EVENT_ID", help="it did not arrive: send it now")
    add("--older-than", type=float, default=60, metavar="S", help=OLDER)


def main(args: argparse.Namespace) -> int:
    """Run until SIGTERM or Ctrl-C, or do what is asked instead. Exit status 0 or 1."""
    from helpers.pipeline import service
    from helpers.pipeline.notify import Notify, Settings
    from helpers.pipeline.notify_history import FOLDER

    service.log_lines(args.verbose)
    if not args.sns_topic and not (args.unsettled or args.settle):
        raise LabError("say with --sns-topic where to publish: the ARN of an SNS topic")
    args.folder = args.folder or args.prefix + FOLDER
    kafka = service.kafka(args, aws=True)
    if args.unsettled or args.settle or args.resend:
        return _by_hand(args)
    settings = Settings(
        bucket=args.bucket,
        sns_topic=args.sns_topic,
        notifications=f"{args.prefix}notificaciones",
        logs=f"{args.prefix}sistema-logs",
        folder=args.folder,
        group=args.prefix + args.group,
        instance=args.instance,
        min_severity=args.min_severity,
        per_second=args.per_second,
        quiet_s=args.quiet,
        kafka=service.overrides(args.set),
    )
    service.need_topics(kafka, settings.notifications, settings.logs)
    done = service.until_signal(Notify(settings, kafka)).done
    counts = ", ".join(f"{number} {what}" for what, number in sorted(done.items()))
    print(f"stopped: {counts or 'nothing to do'}")
    return 0


def _by_hand(args: argparse.Namespace) -> int:
    from helpers.pipeline.notify_history import Bucket, History
    from helpers.pipeline.notify_sns import Publisher, Refused, Unknown, publish

    history = History(Bucket(args.bucket), args.folder)
    if args.unsettled:
        rows = history.unsettled(args.older_than)
        for row in rows:
            about = f"{row.notice.source}: {row.notice.subject}"
            why = f" ({row.why})" if row.why else ""
            print(f"{row.notice.event_id}  {row.state}{why}  {row.claimed_at}  {about}")
        print(f"{len(rows)} unsettled; decide with --settle EVENT_ID or --resend EVENT_ID")
        return 0
    if args.settle:
        history.settled(history.find(args.settle).notice, "settled by hand")
        print("noted; it will not be sent")
        return 0
    row = history.find(args.resend)
    if row.state != "refused":
        history.free(args.resend, "a person says that it was not sent")
    claim = history.claim(row.notice)
    if claim is None:
        raise LabError(f"{args.resend} is being sent by somebody else at this moment")
    try:
        message_id = publish(history, Publisher(args.sns_topic), claim, by="hand")
    except (Refused, Unknown) as error:
        raise LabError(f"{args.resend} was not sent, or perhaps not: {error}") from None
    print(f"sent as {message_id}")
    return 0
