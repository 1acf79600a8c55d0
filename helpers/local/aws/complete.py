"""Apply every completion to the MiniStack of this process, and run what needs a clock."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from pathlib import Path

from helpers.local.aws import (
    alarms,
    dashboards,
    gate,
    identity,
    logs,
    metrics,
    notify,
    objects,
    stacks,
    tables,
)
from helpers.local.aws.mail import Post

TICK = 1.0  # seconds between two looks at alarms and new subscriptions
log = logging.getLogger("completions")


def apply(app) -> None:
    """Patch the services, open the inbox, put `gate.Gate` before MiniStack's ASGI application."""
    host, port = os.environ["SMTP_HOST"].rsplit(":", 1)
    post = Post(host, int(port), Path(os.environ["AWS_STAND_IN_INBOX"]))
    identity.install(app)
    notify.install(post)
    metrics.install()
    alarms.install()
    dashboards.install()
    logs.install()
    objects.install()
    stacks.install()
    tables.install(app)
    try:
        post.start()
    except OSError as error:
        sys.exit(f"aws: the inbox cannot use port {port} of {host} ({error.strerror}); free it")
    app.app = gate.Gate(app.app, clock)


async def clock() -> None:
    """What AWS does by itself, once a second."""
    while True:
        for work in (notify.ask_for_confirmations, alarms.evaluate_all):
            try:
                work()
            except Exception:  # the clock must go on
                log.exception("background work failed")
        await asyncio.sleep(TICK)
