"""Faults of the commands that run a lab or lessons: up, down, doctor, run, kit."""

from __future__ import annotations

from pathlib import Path

from tests.faults.case import Case, Scene
from tests.faults.cases_fetch import CLOSED, FETCHING, OWN_HOME, nothing_half_written
from tests.faults.provoke import env_file


def damaged_state(scene: Scene) -> None:
    (scene.path / "home").mkdir()
    (scene.path / "home" / "shared.json").write_bytes(b"\xff[1")


def leaves(folder: Path) -> None:
    """Nothing in it."""
    assert list(folder.iterdir()) == []


CASES = [
    Case(
        "too many brokers",
        "up --brokers 9",
        "python -m helpers up: error: argument --brokers: '9' is no number from 1 to 5",
        "Each broker takes 350 MB.",
        "Three are enough for every lesson.",
        status=2,
        lab=False,
    ),
    Case(
        "no such part of a lab",
        "up --parts zookeeper",
        "python -m helpers up: error: argument --parts: invalid choice: 'zookeeper' "
        "(choose from …)",
        "Kafka 4 has no ZooKeeper; a lab has these three parts.",
        "Leave `--parts` out to get all.",
        status=2,
        lab=False,
    ),
    Case(
        "a lab that cannot come up",
        "up",
        "the shared lab did not come up; …/shared.log ends with:\n" + FETCHING + "\n"
        "no network: cannot fetch … (ConnectionError); connect once "
        "(or use a kit, see README and docs/install.md) and run the same again",
        "The lab starts in the background; its last lines say why it ended.",
        "As the last line says.",
        lab=False,
        env=OWN_HOME | {"AWS_CONFLUENT_MAVEN": CLOSED},
        after=nothing_half_written,
    ),
    Case(
        "Ctrl-C while it starts",
        "up",
        "interrupted",
        "You stopped it; what was begun in the background has ended, too.",
        "The same again.",
        status=130,
        lab=False,
        interrupt=lambda scene: any(Path(scene.env["AWS_CONFLUENT_HOME"]).glob("run/*/ports")),
    ),
    Case(
        "no Docker",
        "up --docker",
        "docker is not installed; install it with its compose plugin, or leave --docker out: the "
        "lab runs without containers",
        "`--docker` wants Docker, and it is not installed or not started.",
        "Leave `--docker` out: the lab needs no Docker.",
        lab=False,
        env={"PATH": "/nowhere"},
    ),
    Case(
        "nothing to end",
        "down",
        "",
        "No shared lab runs, or it was killed. Nothing is wrong.",
        "Nothing.",
        status=0,
        lab=False,
        prints="no shared lab was running",
    ),
    Case(
        "a damaged note of what runs",
        "down",
        "",
        "The file `shared.json` in the cache is unreadable; it is removed.",
        "Nothing.",
        status=0,
        lab=False,
        prints="no shared lab was running",
        env=OWN_HOME,
        given=damaged_state,
    ),
    Case(
        "a line of .env is no setting",
        "doctor",
        "….env line 1 is not NAME=value; compare it with .env.example",
        "A line without `=`, a pasted key without its name, say.",
        "Correct that line.",
        lab=False,
        given=env_file(b"ABCD1234\n"),
    ),
    Case(
        "no accounts yet",
        "doctor --target cloud",
        "",
        "The list says for each ❌ what is missing and what to do about it.",
        "Fill in `.env` (docs/cloud.md), or stay local: no lesson needs an account.",
        lab=False,
        prints=None,
    ),
    Case(
        "no such lesson",
        "run 99",
        "there is no lesson 99; lessons: 00_start_here, …",
        "A typing error.",
        "A number from the list.",
        lab=False,
    ),
    Case(
        "a seed that is no number",
        "run 02 --seed x",
        "python -m helpers run: error: argument --seed: invalid int value: 'x'",
        "The seed is a whole number; 7 is what the lessons print.",
        "`--seed 11`, say.",
        status=2,
        lab=False,
    ),
    Case(
        "a target that there is not",
        "run 02 --target mars",
        "python -m helpers run: error: argument --target: invalid choice: 'mars' (choose from …)",
        "Lessons run on this machine or on your accounts.",
        "`local` or `cloud`.",
        status=2,
        lab=False,
    ),
    Case(
        "a prefix that no topic can have",
        "run 02 --prefix 'josé '",
        "'josé ' cannot be a prefix: at most 40 of A-Z a-z 0-9 . _ - and first a letter or "
        "digit, such as ana-",
        "Topics, groups and buckets begin with it, and Kafka and S3 allow these letters only.",
        "`--prefix jose-`, say.",
        lab=False,
    ),
    Case(
        "side by side on one lab",
        "run --jobs 2",
        "on the shared lab lessons use the same topics: run them with --jobs 1",
        "Two lessons at once would read each other's records.",
        "`--jobs 1`, or end the shared lab (`python -m helpers down`): then each has its own.",
    ),
    Case(
        "Ctrl-C in a lesson",
        "run 00",
        "",
        "You stopped it; kernel and lab have ended.",
        "Nothing.",
        status=130,
        lab=False,
        prints="interrupted during 00_start_here\n\nlesson … result",
        interrupt=lambda scene: any(Path(scene.env["AWS_CONFLUENT_HOME"]).glob("run/*/ports")),
        slow=True,
    ),
    Case(
        "a kit into a file",
        "kit --out Makefile",
        "cannot write to Makefile (File exists); name another --out",
        "`--out` names a folder in which the archive is written.",
        "Another folder; `build` if you leave it out.",
        lab=False,
    ),
    Case(
        "a kit without a network",
        "kit --out {T}/kit",
        "could not collect the wheels: ERROR: …; a kit is made with a network",
        "The packages are fetched from the package index, which cannot be reached.",
        "Connect, then the same again. Nothing half-made is left.",
        lab=False,
        prints="Collecting the wheels of requirements.lock (about 280 MB)",
        env={"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": ""},
        after=lambda scene: leaves(scene.path / "kit"),
    ),
]
