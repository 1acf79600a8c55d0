"""The stream-processing library of lesson 16, in a folder of its own beside the environment.

    folder = streams.ready()  # a process that puts it first on sys.path imports quixstreams

quixstreams asks for an older confluent-kafka than the course has, and one environment holds one
version. `requirements-streams.lock` names what it needs and `requirements.lock` lacks, with hashes;
pip puts that into `<home>/streams/`, once. Nothing here is imported by the notebook's own process.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import subprocess
import sys
from pathlib import Path

from helpers.errors import LabError
from helpers.local.paths import home, locked

ROOT = Path(__file__).resolve().parents[1]
LOCK = ROOT / "requirements-streams.lock"
PIP = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
PIP += ["--no-input", "--no-deps", "--no-compile", "--require-hashes", "--only-binary=:all:"]
PIP += ["--retries", "1", "--timeout", "20"]


def folder() -> Path:
    """Where it is, or will be: one folder for each lock and Python version."""
    digest = hashlib.sha256(LOCK.read_bytes()).hexdigest()[:8]
    return home() / "streams" / f"py{sys.version_info.major}{sys.version_info.minor}-{digest}"


def ready() -> str:
    """Install it if it is not there; return the folder.

    Written under another name and renamed when complete: a kill leaves nothing half-made in use.

    Raises:
        LabError: no network (or no room, or a file that is not the locked one), in one line.
    """
    target = folder()
    if not target.exists():
        with locked(home() / "streams" / ".lock", "fetching quixstreams"):
            if not target.exists():
                _install(target)
    return str(target)


def _install(target: Path) -> None:
    for left in target.parent.glob(".part-*"):  # of a process that was killed: we hold the lock
        shutil.rmtree(left, ignore_errors=True)
    print(f"Fetching quixstreams, once: 12 MB, into {target.parent}", flush=True)
    scratch = target.parent / f".part-{secrets.token_hex(4)}"
    argv = [*PIP, "--target", str(scratch), "-r", str(LOCK)]
    if (kit := ROOT / "kit" / "wheels").is_dir():
        argv += ["--no-index", "--find-links", str(kit)]
    try:
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=-1, stderr=-1, text=True)
        if done.returncode:
            raise LabError(_why(done.stderr))
        os.replace(scratch, target)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _why(said: str) -> str:
    """What pip said, as one line with what to do about it."""
    if "No module named pip" in said:
        return "quixstreams needs pip, which this Python lacks; run make install, then the same"
    if "HASHES" in said or "hashes" in said.lower():
        return (
            "a package of quixstreams is not the locked one (its hash differs); a proxy or mirror "
            "may have altered it: try another network, nothing was kept"
        )
    if "No space left" in said:
        return (
            "the disk filled up while fetching quixstreams; nothing half-written was kept, "
            "free some space and run the same again"
        )
    last = next((x for x in reversed(said.splitlines()) if x.startswith("ERROR")), "no reason")
    return (
        f"cannot fetch quixstreams (pip: {last.removeprefix('ERROR: ')[:120]}); connect once (or "
        "use a kit, see README and docs/install.md) and run the same again"
    )
