"""Cut the part of requirements.lock that the AWS stand-in needs out into docker/aws.lock.

Run after tools/lock.sh, with the environment installed: .venv/bin/python docker/lock.py
"""

from __future__ import annotations

import re
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
# What helpers.local.aws.server imports, and DuckDB, without which MiniStack's Athena answers wrong.
ROOTS = ("ministack", "aiosmtpd", "duckdb")
# The image's, whatever Python this runs on
IMAGE = {"python_version": "3.11", "python_full_version": "3.11.0", "sys_platform": "linux"}
HEAD = "# The part of requirements.lock that the AWS stand-in needs, cut out by docker/lock.py.\n"


def needed() -> set[str]:
    """Names of the packages that ROOTS need, themselves included, by what is installed here."""
    found, queue = set(), list(ROOTS)
    while queue:
        name = canonicalize_name(queue.pop())
        if name in found:
            continue
        found.add(name)
        try:
            wanted = map(Requirement, requires(name) or [])
        except PackageNotFoundError:  # needed on the image's Python, not on this one
            continue
        marked = {**IMAGE, "extra": ""}
        queue += [r.name for r in wanted if not r.marker or r.marker.evaluate(marked)]
    return found


def entries(text: str) -> dict[str, str]:
    """A lock's entries, each with its hashes, by package name; one name may hold several."""
    split: dict[str, str] = {}
    for entry in re.split(r"^(?=\S)", text, flags=re.M):
        if match := re.match(r"[A-Za-z0-9][\w.-]*(?===)", entry):
            name = canonicalize_name(match[0])
            split[name] = split.get(name, "") + entry
    return split


def subset(lock: str) -> str:
    """The text of docker/aws.lock for the text of requirements.lock."""
    names = needed()
    return HEAD + "".join(text for name, text in entries(lock).items() if name in names)


if __name__ == "__main__":
    target = ROOT / "docker" / "aws.lock"
    target.write_text(subset((ROOT / "requirements.lock").read_text("utf-8")), "utf-8")
    print(f"{target.name}: {len(entries(target.read_text('utf-8')))} packages")
