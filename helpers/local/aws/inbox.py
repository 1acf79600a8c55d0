"""The reader's side of the local inbox: the e-mails and SMS that the local AWS delivered."""

from __future__ import annotations

import fcntl
import json
import re
import time
from collections.abc import Callable
from pathlib import Path

from helpers.local.aws import inbox_file


class Inbox:
    """What SNS (and SES) delivered in the lab whose run directory is `run_dir`."""

    def __init__(self, run_dir: Path) -> None:
        self._file = inbox_file(run_dir)

    def mails(self, to: str | None = None) -> list[dict]:
        """E-mails, oldest first: dicts with `to`, `subject`, `body`, `received` (UTC, ISO 8601)."""
        return self._read("mail", to)

    def sms(self, to: str | None = None) -> list[dict]:
        """SMS, oldest first; as `mails`, with an empty `subject`."""
        return self._read("sms", to)

    def wait(
        self,
        kind: str,
        wanted: int | Callable[[dict], bool] = 1,
        seconds: float = 30.0,
        to: str | None = None,
    ) -> list[dict]:
        """Wait for messages of `kind` ("mail" or "sms") and return those that were waited for.

        `wanted` is how many must have arrived, or a test that one of them must pass.

        Raises:
            TimeoutError: they had not arrived after `seconds`; says what had.
        """
        passes = wanted if callable(wanted) else None
        count = 1 if passes else wanted
        deadline = time.monotonic() + seconds
        while True:
            arrived = self._read(kind, to)
            found = [message for message in arrived if passes is None or passes(message)]
            if len(found) >= count:
                return found
            if time.monotonic() > deadline:
                raise TimeoutError(_missing(kind, to, count, passes is not None, seconds, arrived))
            time.sleep(0.05)

    def confirmation_url(self, to: str, seconds: float = 10.0) -> str:
        """The link in the newest subscription confirmation sent to `to`; opening it confirms."""
        link = re.compile(r"http\S+Action=ConfirmSubscription\S+")
        mails = self.wait("mail", lambda mail: bool(link.search(mail["body"])), seconds, to)
        return link.search(mails[-1]["body"]).group()

    def clear(self) -> None:
        """Throw everything away, for every reader of this inbox."""
        if self._file.exists():
            with self._file.open("r+") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                file.truncate(0)

    def _read(self, kind: str, to: str | None) -> list[dict]:
        if kind not in ("mail", "sms"):
            raise ValueError(f'kind is "mail" or "sms", not {kind!r}')
        if not self._file.exists():
            return []
        with self._file.open(encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_SH)
            entries = [json.loads(line) for line in file]
        keep = ("to", "subject", "body", "received")
        return [
            {name: entry[name] for name in keep}
            for entry in entries
            if entry["kind"] == kind and to in (None, entry["to"])
        ]


def _missing(
    kind: str, to: str | None, count: int, tested: bool, seconds: float, arrived: list[dict]
) -> str:
    what = f"{'a matching' if tested else count} {kind}" + (f" to {to}" if to else "")
    seen = ", ".join(repr(m["subject"] or m["body"][:40]) for m in arrived[-5:]) or "nothing"
    return (
        f"no {what} arrived within {seconds:g} s; arrived so far: {seen}. Is the subscription "
        "confirmed, and did the alarm or the publish reach its topic?"
    )
