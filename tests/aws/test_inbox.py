"""The local inbox: what fills it, how it is read."""

from __future__ import annotations

import smtplib
from email.message import EmailMessage

import pytest


def test_ses_uses_the_same_inbox(aws, inbox, unique):
    ses, to = aws("ses"), f"{unique}@example.com"
    for address in ("noc@example.com", to):
        ses.verify_email_identity(EmailAddress=address)
    body = {"Subject": {"Data": "from SES"}, "Body": {"Text": {"Data": "hola"}}}
    ses.send_email(Source="noc@example.com", Destination={"ToAddresses": [to]}, Message=body)
    (mail,) = inbox.wait("mail", lambda m: m["subject"] == "from SES", 5, to=to)
    assert mail["body"] == "hola"


def test_the_inbox_waits_filters_and_empties(stand_in, tmp_path):
    from helpers.local.aws.inbox import Inbox
    from helpers.local.aws.mail import Post
    from tests.aws.support import free_port

    inbox = Inbox(tmp_path)
    assert inbox.mails() == []
    post = Post("127.0.0.1", free_port(), tmp_path / "aws" / "inbox.jsonl")
    post.sms("+15550100300", "one")
    post.sms("+15550100301", "two")
    assert [sms["body"] for sms in inbox.sms()] == ["one", "two"]
    assert [sms["body"] for sms in inbox.sms("+15550100301")] == ["two"]
    assert inbox.wait("sms", lambda sms: sms["body"] == "two", 0)[0]["to"] == "+15550100301"
    with pytest.raises(TimeoutError, match=r"no 3 sms arrived within .* so far: 'one'"):
        inbox.wait("sms", 3, 0.1)
    with pytest.raises(ValueError, match='kind is "mail" or "sms"'):
        inbox.wait("letter", 1, 0)
    inbox.clear()
    assert inbox.sms() == []
    post.sms("+15550100300", "three")
    assert [sms["body"] for sms in inbox.sms()] == ["three"]


def test_the_mail_server_takes_any_program(stand_in, inbox):
    message = EmailMessage()
    message["From"], message["To"] = "app@example.com", "direct@example.com"
    message["Subject"] = "from smtplib"
    message.set_content("hola\n")
    with smtplib.SMTP("127.0.0.1", stand_in.smtp_port) as connection:
        connection.send_message(message)
    assert inbox.mails("direct@example.com")[0]["body"] == "hola"
