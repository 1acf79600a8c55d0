"""Who is told: the addresses that a lesson or service subscribes to a topic.

On a local lab they are invented and end in the lab's inbox. On the cloud they are yours, from
`ALERT_EMAIL` and `ALERT_PHONE`: a real person gets real messages there.
"""

from __future__ import annotations

from zlib import crc32

from helpers import config
from helpers.errors import LabError
from helpers.lab import Lab


def mailbox(lab: Lab, who: str) -> str:
    """The e-mail address of `who`, "guardia" say: ana-guardia@example.com, you+guardia@your.org.

    What stands after a + names no other mailbox with most providers; all comes to `ALERT_EMAIL`.

    Raises:
        LabError: on the cloud, when `ALERT_EMAIL` is not set.
    """
    if lab.is_local:
        return f"{lab.name(who)}@example.com"
    name, _, domain = _setting("ALERT_EMAIL").rpartition("@")
    return f"{name}+{lab.name(who)}@{domain}"


def phone(lab: Lab) -> str:
    """The phone number that gets the SMS, in E.164 form; on a local lab one for each prefix.

    Raises:
        LabError: on the cloud, when `ALERT_PHONE` is not set.
    """
    if lab.is_local:  # 555-01.. is kept for fiction, and nothing leaves the lab anyway
        return f"+1555010{crc32(lab.prefix.encode()) % 10_000:04d}"
    return _setting("ALERT_PHONE")


def _setting(name: str) -> str:
    value = config.variables().get(name)
    if value is None:
        raise LabError(f"{name} is not set; write it into .env (see .env.example)")
    return value
