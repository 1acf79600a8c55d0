"""Check an answer to the capstone: run it as a process, crash it, ask Kafka and AWS what it did.

`python -m helpers capstone my_answer.py [more.py ...]`; the task is docs/capstone.md. Each program
gets its settings as environment variables and is told nothing else. A lab is started for the check.
"""

from __future__ import annotations

import argparse
import signal
import uuid
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from helpers.capstone.room import METRIC, SECONDS, Program, Room, parsed
from helpers.checks.topic import read
from helpers.errors import LabError
from helpers.lab import Lab, start_lab
from helpers.pipeline.shared_accounts import expected_alerts, stream

CALM = 3.0  # after the last sign of life: what comes too much has time to come


def verdicts(path: Path, lab: Lab, seed: int = 7, seconds: float = SECONDS) -> dict[str, str]:
    """What was checked → "" if it holds, else one line that says what does not."""
    after = killed(path, lab, seed, seconds)
    return undisturbed(path, lab, seed, seconds) | {
        f"killed half way: {what}": said for what, said in after.items()
    }


def undisturbed(path: Path, lab: Lab, seed: int, seconds: float) -> dict[str, str]:
    """One run, ended with SIGTERM."""
    wanted, room = expected_alerts(seed), new_room(lab)
    room.send(stream(seed))
    program = Program(path, room)
    program.works_until(lambda: complete(room, set(wanted)), seconds)
    program.works_until(lambda: False, CALM)
    died = "" if program.alive else f"it ended by itself: {program.last_words()}"
    found = {"keeps running (poison records included)": died}
    found |= judged(room, wanted)
    found["counts each alert once in CloudWatch"] = differs(
        room.counted(), len(wanted), f"the sum of {METRIC} in {room.namespace}"
    )
    status = program.end() if program.alive else 0
    found["stops within 20 s of SIGTERM, status 0"] = differs(status, 0, "the exit status")
    return found


def killed(path: Path, lab: Lab, seed: int, seconds: float) -> dict[str, str]:
    """The same with a SIGKILL when a third of the alerts are out, and a restart."""
    room, wanted = new_room(lab), expected_alerts(seed)
    records = stream(seed)
    half = len(records) // 2
    room.send(records[:half])
    first = Program(path, room)
    first.works_until(lambda: len(room.ids()) >= len(wanted) // 3, seconds)
    first.end(signal.SIGKILL)
    room.send(records[half:])
    second = Program(path, room)
    second.works_until(lambda: complete(room, set(wanted)), seconds)
    second.works_until(lambda: False, CALM)
    second.end()
    return judged(room, wanted)


def new_room(lab: Lab) -> Room:
    """Topics, bucket and mailbox that nobody has used."""
    return Room(lab, f"capstone-{uuid.uuid4().hex[:8]}")


def complete(room: Room, wanted: set[str]) -> bool:
    """Whether topic, history and mailbox have all of the alerts."""
    return (
        wanted <= room.ids()
        and {f"{each}.json" for each in wanted} <= room.stored()
        and wanted <= set(room.mails())
    )


def judged(room: Room, wanted: dict[str, dict]) -> dict[str, str]:
    """Topic, history and mails against what should be there."""
    values, history, mails = room.told(), room.history(), room.mails()
    odd = [value for value in values if not isinstance(value, dict) or "alert_id" not in value]
    right = {each["alert_id"]: each for each in values if each not in odd}
    unkeyed = [
        record
        for record in read(room.lab.kafka, room.alerts)
        if (record.key() or b"").decode() != (parsed(record.value()) or {}).get("student_id")
    ]
    topic = missing_or_too_many(set(wanted), set(right))
    if odd:
        topic = f"a record is not an alert as docs/capstone.md describes it: {odd[0]!r:.60}"
    other = next((key for key in wanted if right.get(key) not in (None, wanted[key])), None)
    if not topic and other:
        topic = f"alert {other} says {right[other]}, not {wanted[other]}"
    if not topic and unkeyed:
        topic = "an alert's key is not its student_id"
    objects = {f"{each}.json": alert for each, alert in wanted.items()}
    stored = missing_or_too_many(set(objects), set(history))
    if not stored and (wrong := [key for key in objects if history[key] != objects[key]]):
        stored = f"alertas/{wrong[0]} does not hold the alert"
    return {
        "an alert for each shared account, for no other": topic,
        "one object in alertas/ for each alert": stored,
        "a mail for each alert": names(set(wanted) - set(mails), "without a mail"),
    }


def missing_or_too_many(wanted: set[str], found: set[str]) -> str:
    """ "" if they are the same, else how they differ."""
    return names(wanted - found, "missing") or names(found - wanted, "too many")


def names(ids: set[str], what: str) -> str:
    """ "" for none, else how many and one of them."""
    return f"{len(ids)} {what}, {min(ids)} for one" if ids else ""


def differs(found: Any, wanted: Any, what: str) -> str:
    """ "" if equal, else what it is and what it should be."""
    return "" if found == wanted else f"{what} is {found}, not {wanted}"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("programs", nargs="+", type=Path, metavar="PROGRAM.py")
    parser.add_argument("--seed", type=int, default=7, help="other students, other alerts")


def main(args: argparse.Namespace) -> int:
    """Check each program; 0 if all hold everything."""
    for path in args.programs:
        if not path.is_file():
            raise LabError(f"there is no file {path}; name the program to check")
    lab, failed = start_lab(aws=True, own=True, quiet=True), 0
    try:
        for path in args.programs:
            try:
                found = verdicts(path, lab, args.seed)
            except ClientError as error:
                raise LabError(f"the check could not ask AWS: {error}") from None
            good = sum(not said for said in found.values())
            failed += good < len(found)
            print(f"{path}: {good} of {len(found)}")
            for what, said in found.items():
                print(f"  {'❌' if said else '✅'} {what}{': ' if said else ''}{said}")
    finally:
        lab.stop()
    return 1 if failed else 0
