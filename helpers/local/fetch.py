"""Download what Java needs, once, and never run a byte that the lock does not name.

`jars.lock` lists every file by Maven coordinate, size and sha256. Files go to `<home>/maven/`, are
written under a temporary name and renamed when complete, so that a killed download leaves nothing
half-written behind and two labs starting at once cannot disturb each other.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import tempfile
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from queue import SimpleQueue

import requests
from jgo.constants import MAVEN_CENTRAL_URL
from tqdm.auto import tqdm

from helpers.errors import LabError
from helpers.local.paths import home, locked

LOCK = Path(__file__).with_name("jars.lock")
_making = threading.Lock()  # of a scratch file
TIMEOUT = (10, 60)  # seconds to connect, and between two chunks


@dataclass(frozen=True)
class Jar:
    """One file of Maven Central: group:name:type[:classifier]:version, size in bytes, sha256."""

    artifact: str
    size: int
    sha256: str

    @property
    def path(self) -> str:
        """Its place in any Maven repository, relative to the repository's root."""
        group, name, kind, *classifier, version = self.artifact.split(":")
        tail = f"-{classifier[0]}" if classifier else ""
        return f"{group.replace('.', '/')}/{name}/{version}/{name}-{version}{tail}.{kind}"

    @property
    def local(self) -> Path:
        """Where it is kept on this machine."""
        return home() / "maven" / self.path.rsplit("/", 1)[1]


@cache
def lock() -> dict:
    """The committed lock: versions and, for each set ("kafka", "registry"), its files."""
    return json.loads(LOCK.read_text())


def jars(part: str) -> list[Jar]:
    """The files of one set, in class-path order."""
    return [Jar(**entry) for entry in lock()["sets"][part]]


def ensure(part: str) -> list[Path]:
    """Make sure that every file of `part` is here and unaltered; return their paths in order.

    Raises:
        LabError: as `obtain`; or a file whose sha256 is not the locked one.
    """
    obtain(part)
    wanted = jars(part)
    with ThreadPoolExecutor(4) as pool:
        digests = list(pool.map(lambda jar: sha256(jar.local), wanted))
    for jar, digest in zip(wanted, digests, strict=True):
        if digest != jar.sha256:
            jar.local.unlink(missing_ok=True)
            raise LabError(
                f"{jar.local.name} had been altered (sha256 {digest[:12]}…, locked "
                f"{jar.sha256[:12]}…); it was deleted, run the same again to fetch it anew"
            )
    return [jar.local for jar in wanted]


def obtain(part: str) -> None:
    """Download what is missing of `part`, with a progress bar, the size said beforehand.

    Raises:
        LabError: no network, or the disk is full.
    """
    wanted = jars(part)
    if not all(map(intact_size, wanted)):
        with locked(home() / "maven" / ".lock", f"fetching {part}"):
            _download([jar for jar in wanted if not intact_size(jar)], part)


def intact_size(jar: Jar) -> bool:
    """Whether the file is here with the right length (cheap; `ensure` also checks its sha256)."""
    try:
        return jar.local.stat().st_size == jar.size
    except (FileNotFoundError, NotADirectoryError):
        return False


def sha256(path: Path) -> str:
    """The file's digest in hexadecimal."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def _download(missing: list[Jar], part: str) -> None:
    if not missing:  # somebody else fetched it while we waited for the lock
        return
    total = sum(jar.size for jar in missing)
    source = repository()
    room = shutil.disk_usage(home()).free
    if room < 2 * total:
        raise LabError(
            f"{part} needs {total / 1e6:.0f} MB, only {room / 1e6:.0f} MB are free at {home()}; "
            "free some, or set AWS_CONFLUENT_HOME to a larger disk"
        )
    print(f"Fetching {part}, once: {len(missing)} files, {total / 1e6:.0f} MB, into {home()}")
    with tqdm(total=total, unit="B", unit_scale=True, desc=part) as bar:
        _side_by_side(lambda jar, stop: _one(jar, source, bar, stop), missing)


def _side_by_side(work: Callable[[Jar, threading.Event], None], jars: list[Jar]) -> None:
    """Do it for all, four at a time; raise the first error.

    In daemons, not in a pool: that would keep a Ctrl-C waiting for a server that says nothing.
    """
    left, done, stop = deque(jars), SimpleQueue(), threading.Event()

    def take() -> None:
        while not stop.is_set():
            try:
                done.put(work(left.popleft(), stop))
            except IndexError:
                return
            except Exception as error:  # noqa: BLE001 (raised below)
                done.put(error)

    try:  # an interrupt may come while the threads are being started
        for _ in range(4):
            threading.Thread(target=take, daemon=True).start()
        for _ in jars:
            if (error := done.get()) is not None:
                raise error
    finally:
        with _making:  # no daemon begins another file after this
            stop.set()
            for scratch in (home() / "maven").glob(f".part-{os.getpid()}-*"):
                scratch.unlink(missing_ok=True)


def repository() -> str:
    """Where files come from: AWS_CONFLUENT_MAVEN (a mirror, a folder, a kit) or Maven Central."""
    kit = Path(__file__).parents[2] / "kit" / "maven"
    return os.environ.get("AWS_CONFLUENT_MAVEN") or (
        str(kit) if kit.is_dir() else MAVEN_CENTRAL_URL
    )


def _one(jar: Jar, source: str, bar: tqdm, stop: threading.Event) -> None:
    target = jar.local
    try:
        with _making:
            if stop.is_set():
                return
            handle = tempfile.NamedTemporaryFile(  # noqa: SIM115 - renamed or removed below
                dir=target.parent, prefix=f".part-{os.getpid()}-", delete=False
            )
    except OSError as error:
        raise LabError(
            f"cannot write to {target.parent} ({error.strerror}); "
            "set AWS_CONFLUENT_HOME to a folder that you can write to"
        ) from error
    try:
        digest = hashlib.sha256()
        with handle:
            for chunk in _chunks(jar, source):
                if stop.is_set():
                    return
                handle.write(chunk)
                digest.update(chunk)
                bar.update(len(chunk))
        if digest.hexdigest() != jar.sha256:
            raise LabError(
                f"{target.name} from {source} is not the locked file (sha256 differs); "
                "a proxy or mirror may have altered it: try another network, nothing was kept"
            )
        os.replace(handle.name, target)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise LabError(
                f"the disk filled up while fetching {target.name}; nothing half-written was kept, "
                "free some space and run the same again"
            ) from error
        raise LabError(_no_network(jar, source, error)) from error
    finally:
        Path(handle.name).unlink(missing_ok=True)


def _chunks(jar: Jar, source: str):
    """The bytes of one file, from a folder or over HTTP."""
    if not source.startswith(("http://", "https://")):
        folder = Path(source)
        found = next((p for p in (folder / jar.path, folder / jar.local.name) if p.exists()), None)
        if found is None:
            raise FileNotFoundError(errno.ENOENT, "it is not there")
        yield found.read_bytes()
        return
    # One retry-free request: a learner on a bad network reruns the command, what is done stays
    # done.
    with requests.get(f"{source}/{jar.path}", stream=True, timeout=TIMEOUT) as answer:
        answer.raise_for_status()
        yield from answer.iter_content(1 << 18)


def _no_network(jar: Jar, source: str, error: OSError) -> str:
    name = jar.local.name
    if isinstance(error, requests.HTTPError):
        return (
            f"{source} answered {error.response.status_code} for {name}; check AWS_CONFLUENT_MAVEN"
        )
    if isinstance(error, requests.RequestException):
        return (
            f"no network: cannot fetch {name} ({type(error).__name__}); connect once "
            "(or use a kit, see README and docs/install.md) and run the same again"
        )
    return f"cannot fetch {name} from {source} ({error.strerror}); check AWS_CONFLUENT_MAVEN"
