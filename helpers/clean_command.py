"""`python -m helpers clean --prefix ana-`: delete all that the series made, with a receipt."""

from __future__ import annotations

import argparse
import sys

from helpers.errors import LabError

SHOWN = 4  # names in a line of the list


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    add = parser.add_argument
    add("--target", choices=("local", "cloud"), default="local")
    add("--prefix", default="", help="what the names begin with; on the cloud there must be one")
    add("--yes", action="store_true", help="delete without asking")
    add("--dry-run", action="store_true", help="only list what there is")


def main(args: argparse.Namespace) -> int:
    """List, ask, delete, ask the services again. Status 0: nothing is left, or only a list."""
    from helpers.clean import Sweep

    if args.target == "cloud" and not args.prefix:
        raise LabError(
            "without a prefix everything of the account would be deleted; say which names are "
            "yours, such as --prefix ana-"
        )
    sweep = Sweep(args.prefix, *_connect(args), aws=True, scram=args.target == "local")
    found = sweep.find()
    _print(found)
    for kind, why in sweep.unasked.items():
        print(f"not asked: {kind} ({why})")
    if not found:
        print(f"nothing here begins with {args.prefix!r}" if args.prefix else "nothing is here")
        return 0
    if args.dry_run:
        print("a dry run: nothing was deleted")
        return 0
    if not args.yes and not _agreed(sum(map(len, found.values()))):
        print("nothing was deleted")
        return 1
    sweep.delete()
    left = sweep.find()
    _print(left, "still there: ")
    gone = sum(map(len, found.values())) - sum(map(len, left.values()))
    print(f"deleted {gone} things; asked again: {len(left) or 'nothing'} left")
    return 1 if left else 0


def _connect(args: argparse.Namespace) -> tuple[dict, dict | None]:
    """Kafka's and the registry's configuration; the latter only if there is one."""
    from helpers import config
    from helpers.lab import start_lab
    from helpers.local import shared

    if args.target == "local":
        registry = bool(shared.need().get("registry"))
    else:
        registry = "SCHEMA_REGISTRY_URL" in config.variables()
    lab = start_lab(args.target, args.prefix, registry=registry, aws=True, quiet=True)
    return lab.kafka, lab.registry


def _print(found: dict[str, list[str]], before: str = "") -> None:
    for kind, names in found.items():
        more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
        print(f"{before}{len(names):>4} {kind:<16}{', '.join(names[:SHOWN])}{more}")


def _agreed(count: int) -> bool:
    if not sys.stdin.isatty():
        raise LabError("nobody is there to be asked; to delete without a question say --yes")
    return input(f"Delete these {count} things for good? Type yes: ").strip().lower() == "yes"
