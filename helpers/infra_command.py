"""`python -m helpers infra deploy|status|delete`: the AWS side of the student-events system."""

from __future__ import annotations

import argparse

from helpers.errors import LabError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    add = parser.add_argument
    add("step", choices=("deploy", "status", "delete"))
    add("--target", choices=("local", "cloud"), default="local")
    add("--prefix", default="", help="in front of all names; one stack for each")
    add("--email", help="who gets e-mails (default: ALERT_EMAIL)")
    add("--phone", help="who gets SMS, as +15550100100 (default: ALERT_PHONE)")
    more = "a parameter of the template, such as MaxLag=100; may be repeated"
    add("--set", action="append", default=[], metavar="NAME=VALUE", help=more)
    add("--empty", action="store_true", help="delete what is in the bucket, too")


def main(args: argparse.Namespace) -> int:
    """Run one step. Exit status 0; a LabError says what went wrong."""
    _connect(args)
    return {"deploy": _deploy, "status": _status, "delete": _delete}[args.step](args)


def _connect(args: argparse.Namespace) -> None:
    from helpers.lab import start_lab
    from helpers.local import shared

    if args.target == "local":
        shared.need()
    start_lab(args.target, args.prefix, kafka=False, aws=True, quiet=True)


def _deploy(args: argparse.Namespace) -> int:
    from helpers import config, infra

    known = config.variables()
    values = {"Email": args.email, "Phone": args.phone}
    if infra.describe(args.prefix) is None:  # a change keeps whom it has unless told otherwise
        for name, variable in (("Email", "ALERT_EMAIL"), ("Phone", "ALERT_PHONE")):
            values[name] = known.get(variable) if values[name] is None else values[name]
    try:
        more = dict(text.split("=", 1) for text in args.set)
    except ValueError:
        raise LabError("--set takes NAME=VALUE, such as --set MaxLag=100") from None
    given = {name: value for name, value in values.items() if value is not None}
    made = infra.deploy(args.prefix, **given, **more)
    _print(made)
    if infra.pending(made["TopicArn"]):
        print("Open the link in the e-mail that has just been sent: until then none follows.")
    return 0


def _status(args: argparse.Namespace) -> int:
    import boto3

    from helpers import infra

    stack = infra.describe(args.prefix)
    if stack is None:
        print(f"there is no stack {infra.stack_name(args.prefix)}")
        return 1
    print(f"{'Stack':<20}{stack['StackName']} {stack['StackStatus']}")
    found = infra.outputs(args.prefix)
    _print(found)
    names = found.get("AlarmNames", "").split(",")
    for alarm in boto3.client("cloudwatch").describe_alarms(AlarmNames=names)["MetricAlarms"]:
        print(f"{alarm['AlarmName']:<32}{alarm['StateValue']}")
    if waiting := infra.pending(found["TopicArn"]) if found else []:
        print(f"not confirmed yet: {', '.join(waiting)}")
    return 0


def _delete(args: argparse.Namespace) -> int:
    from helpers import infra

    bucket = infra.bucket_of(args.prefix)
    count = infra.objects(bucket) if bucket else 0
    if count and not args.empty:
        raise LabError(
            f"the bucket {bucket} holds {count} objects, so nothing was deleted; to lose them "
            "say --empty"
        )
    gone = infra.remove(args.prefix)
    if gone is None:
        print(f"there is no stack {infra.stack_name(args.prefix)}")
    remains = infra.left(args.prefix)
    for kind, names in remains.items():
        print(f"still there: {kind} {', '.join(names)}")
    if gone is not None and not remains:
        print(f"deleted, and nothing of it is left ({gone} objects went with it)")
    return 1 if remains else 0


def _print(made: dict[str, str]) -> None:
    for name, value in sorted(made.items()):
        print(f"{name:<20}{value}")
