"""`make kit`: everything in one archive, for a room with thirty students and one Wi-Fi.

The archive holds the project, the wheels of both locks for this platform and Python, Kafka's
jars and the registry. Unpacked anywhere, `make lab` there needs no network: the Makefile and
helpers.local.fetch look into `kit/` first.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from helpers.config import ROOT
from helpers.errors import LabError
from helpers.local import fetch

PARTS = ("kafka", "tools", "registry")
LOCKS = ("requirements.lock", "requirements-streams.lock")


def main(out: str) -> int:
    """Make the archive in the folder `out` and print its name, size and how to use it."""
    folder = Path(out)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LabError(
            f"cannot write to {folder} ({error.strerror}); name another --out"
        ) from error
    archive = folder / f"{name()}.tar"
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        top = Path(scratch) / "aws-confluent"
        _project(top)
        _wheels(top / "kit" / "wheels")
        _jars(top / "kit" / "maven")
        with tarfile.open(archive, "w") as tar:  # wheels and jars are compressed already
            tar.add(top, "aws-confluent")
    print(
        f"{archive}: {archive.stat().st_size / 1e6:.0f} MB, for {sys.platform} {platform.machine()}"
    )
    print(f"On each machine: tar xf {archive.name} && cd aws-confluent && make lab")
    return 0


def name() -> str:
    """Names what the wheels inside fit: system, processor, Python."""
    python = f"py{sys.version_info.major}.{sys.version_info.minor}"
    return f"aws-confluent-kit-{sys.platform}-{platform.machine()}-{python}"


def _project(top: Path) -> None:
    """The files that git tracks, as they are in the work tree; outside a checkout, all of ours."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode:
        ignore = shutil.ignore_patterns(".venv", "build", "kit", ".git", "__pycache__", ".env")
        shutil.copytree(ROOT, top, ignore=ignore)
        return
    for path in filter(None, listed.stdout.split("\0")):
        target = top / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / path).is_file():
            shutil.copy2(ROOT / path, target)


def _wheels(folder: Path) -> None:
    folder.mkdir(parents=True)
    print("Collecting the wheels of requirements.lock (about 280 MB)")
    argv = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    argv += ["--require-hashes", "--no-deps", "--only-binary=:all:", "--dest", str(folder)]
    if (kit := ROOT / "kit" / "wheels").is_dir():  # a kit of a kit
        argv += ["--no-index", "--find-links", str(kit)]
    for lock in LOCKS:  # one after the other: they hold two versions of confluent-kafka
        done = subprocess.run([*argv, "-r", str(ROOT / lock)], text=True, stderr=-1)
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["pip gave no reason"])[-1]
            raise LabError(f"could not collect the wheels: {last}; a kit is made with a network")


def _jars(folder: Path) -> None:
    """Kafka's jars and the registry, checked against the lock; linked if on the same disk."""
    folder.mkdir(parents=True)
    for part in PARTS:
        for jar in fetch.ensure(part):
            try:
                os.link(jar, folder / jar.name)
            except OSError:
                shutil.copy2(jar, folder)
