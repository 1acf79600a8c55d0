"""The post office of the AWS process: an SMTP server on 127.0.0.1 that fills the local inbox.

SNS e-mails travel over SMTP like any other (SES uses the same server); an SMS is written
straight into the inbox.
"""

from __future__ import annotations

import email
import email.policy
import fcntl
import json
import logging
import queue
import smtplib
import socket
import threading
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

from aiosmtpd.controller import Controller

log = logging.getLogger("mail")


class Post:
    """Sends e-mails through its own SMTP server and keeps what arrives in `inbox` (JSON lines)."""

    def __init__(self, host: str, port: int, inbox: Path) -> None:
        self._host, self._port, self._inbox = host, port, inbox
        self._inbox.parent.mkdir(parents=True, exist_ok=True)
        self._inbox.touch()
        self._outgoing: queue.Queue[EmailMessage] = queue.Queue()
        self._server = Controller(self, hostname=host, port=port, ready_timeout=10)

    def start(self) -> None:
        """Listen, and send what is queued from a thread of its own. Raises OSError."""
        with socket.socket() as probe:  # aiosmtpd would notice a taken port only after ten seconds
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((self._host, self._port))
        self._server.start()
        threading.Thread(target=self._send_all, daemon=True, name="mail").start()

    def mail(self, to: str, subject: str, body: str, sender: str = "AWS Notifications") -> None:
        """Queue one e-mail; returns at once, so that SNS never waits for a mail server."""
        message = EmailMessage()
        message["From"] = f"{sender} <no-reply@sns.amazonaws.com>"
        message["To"] = to
        message["Subject"] = " ".join(subject.split())
        message.set_content(body)
        self._outgoing.put(message)

    def sms(self, to: str, body: str) -> None:
        """Put one SMS into the inbox."""
        self._keep("sms", to, "", body)

    def _send_all(self) -> None:
        while True:
            message = self._outgoing.get()
            try:
                with smtplib.SMTP(self._host, self._port, timeout=10) as connection:
                    connection.send_message(message)
            except OSError:
                log.exception("could not deliver an e-mail to %s", message["To"])

    async def handle_DATA(self, server, session, envelope) -> str:
        """aiosmtpd: one e-mail has arrived."""
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        part = message.get_body(preferencelist=("plain", "html"))
        body = part.get_content() if part is not None else ""
        body = body.replace("\r\n", "\n")  # SMTP's line ends
        for to in envelope.rcpt_tos:
            self._keep("mail", to, str(message["Subject"] or ""), body.removesuffix("\n"))
        return "250 OK"

    def _keep(self, kind: str, to: str, subject: str, body: str) -> None:
        received = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        entry = {"kind": kind, "to": to, "subject": subject, "body": body, "received": received}
        with self._inbox.open("a", encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_EX)  # against a reader that empties the inbox
            file.write(json.dumps(entry, ensure_ascii=False) + "\n")
