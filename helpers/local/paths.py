"""Where things live on this machine: one home per user, one directory per running lab."""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
import time
from contextlib import contextmanager, suppress
from pathlib import Path

from platformdirs import user_cache_path

from helpers.errors import LabError

PARTS = ("kafka", "registry", "aws")  # what a lab can consist of
OLD_S = 30 * 86_400  # so long is kept what was made for other versions, in seconds


def home() -> Path:
    """The per-user folder for downloads, templates and running labs.

    `AWS_CONFLUENT_HOME` moves it (a classroom image, a larger disk). Everything in it can be
    deleted while no lab runs; it is fetched or made again.
    """
    named = os.environ.get("AWS_CONFLUENT_HOME")
    path = Path(named).expanduser() if named else user_cache_path("aws-confluent")
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LabError(
            f"cannot create the lab's folder {path} ({error.strerror}); "
            "set AWS_CONFLUENT_HOME to a folder that you can write to"
        ) from error
    return path


def drop_old(made: Path, pattern: str) -> None:
    """Remove what was made long ago beside `made`, under names of a pattern: its predecessors."""
    for other in made.parent.glob(pattern):
        with suppress(OSError):
            if other != made and time.time() - other.stat().st_mtime > OLD_S:
                other.unlink()


@contextmanager
def locked(path: Path, doing: str, seconds: float = 900.0):
    """Hold an exclusive lock on `path` (created if missing) while `doing` what it says.

    Who has to wait for another process is told so after a second. The operating system drops the
    lock when its holder dies, however it dies, so none is ever stale.

    Raises:
        LabError: it was not to be had within `seconds`, by default what a slow download takes.
    """
    began, told = time.monotonic(), False
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        opened = path.open("a")
    except OSError as error:
        raise LabError(
            f"cannot write to {path.parent} ({error.strerror}); mend that, or set "
            "AWS_CONFLUENT_HOME to a folder that you can write to"
        ) from error
    with opened as handle:
        while not _taken(handle):
            waited = time.monotonic() - began
            if waited > seconds:
                raise LabError(
                    f"another lab on this machine has been at it ({doing}) for {seconds:.0f} s; "
                    f"see who holds {path} (lsof {path}), end that and run the same again"
                )
            if waited > 1 and not told:
                print(f"Waiting for another lab on this machine ({doing})", flush=True)
                told = True
            time.sleep(0.02)
        yield


def _taken(handle) -> bool:
    """Whether we have the lock on this open file now."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def new_run() -> Path:
    """A fresh, private directory for one lab. Sweeps what dead labs left, first."""
    runs = home() / "run"
    runs.mkdir(mode=0o700, exist_ok=True)
    sweep(runs)
    run = runs / secrets.token_hex(4)
    run.mkdir(mode=0o700)
    return run


def sweep(runs: Path) -> list[str]:
    """Remove run directories whose guard is gone (a power cut, say); return their names.

    A live lab's guard holds a lock on `<run>/guard.lock`. A directory without that file is
    being created right now and is left alone until it is a minute old.
    """
    removed = []
    for run in sorted(p for p in runs.iterdir() if p.is_dir()):
        lock = run / "guard.lock"
        if (lock.exists() and _free(lock)) or (not lock.exists() and _age(run) > 60):
            shutil.rmtree(run, ignore_errors=True)
            removed.append(run.name)
    return removed


def _free(lock: Path) -> bool:
    with lock.open("a") as handle:
        return _taken(handle)


def _age(path: Path) -> float:
    """Seconds since `path` last changed; 0 if it is gone already."""
    try:
        return time.time() - path.stat().st_mtime
    except FileNotFoundError:
        return 0.0
