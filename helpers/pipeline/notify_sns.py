"""SNS, by boto3: one publish, and an honest word about what became of it.

SNS's standard topics take no idempotency key, so a publish that is repeated is a second mail. Three
things can be known about one:

- *sent*: SNS gave it a MessageId.
- *refused*: SNS said no (4xx: throttled, denied, no such topic, bad message), or no connection came
  about, so that it never had the message. It may be sent again, and a throttled one is.
- *unknown*: 5xx, a time-out or a broken connection after the request had gone out. Perhaps it was
  sent. It must not be sent again by a program that promises at most once.

boto3 on its own repeats all of them, the unknown ones too: its retries are switched off here.
"""

from __future__ import annotations

import json
import logging
import time
from random import random
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ParamValidationError,
    ProxyConnectionError,
    SSLError,
)

from helpers.errors import LabError
from helpers.pipeline.notify_history import Claim, History
from helpers.pipeline.notify_texts import Notice

log = logging.getLogger(__name__)

ATTEMPTS = 8  # of one publish that is throttled or finds nobody; about half a minute in all
LONGEST_PAUSE_S = 8.0
CONNECT_S, READ_S = 5, 20
THROTTLED = {"Throttling", "ThrottlingException", "Throttled", "ThrottledException"} | {
    "RequestLimitExceeded",
    "TooManyRequestsException",
    "KMSThrottling",
}
NEVER_THERE = (EndpointConnectionError, ConnectTimeoutError, ProxyConnectionError, SSLError)


class NotifyStopped(LabError):
    """Notify cannot go on; no offset was committed whose event is not settled."""


class Refused(Exception):
    """SNS has not taken the message, for certain."""


class Unknown(Exception):
    """Perhaps SNS has taken the message."""


class Publisher:
    """One topic. `check` first; then `publish`, which tells of its failures apart."""

    def __init__(self, topic_arn: str, attempts: int = ATTEMPTS, read_s: float = READ_S, **client):
        self.topic_arn, self.attempts = topic_arn, attempts
        self._closed = False
        if topic_arn.endswith(".fifo"):
            raise NotifyStopped(f"{topic_arn} is a FIFO topic, which has no e-mail and no SMS")
        config = Config(
            retries={"total_max_attempts": 1}, connect_timeout=CONNECT_S, read_timeout=read_s
        )
        self._sns = boto3.session.Session().client("sns", config=config, **client)

    def close(self) -> None:
        """Let no request try again."""
        self._closed = True

    def check(self) -> None:
        """Whether the topic is there and answers; repeated, within the limit. Raises Refused."""
        for attempt in range(self.attempts):
            self._pause(attempt)
            try:
                self._sns.get_topic_attributes(TopicArn=self.topic_arn)
                return
            except ClientError as error:
                trouble = _words(error)
                if _status(error) < 500 and not _throttled(error):
                    raise Refused(trouble) from None
            except (NoCredentialsError, ParamValidationError) as error:
                raise Refused(str(error)) from None
            except BotoCoreError as error:
                trouble = str(error)
            log.warning("SNS, try %d: %s", attempt + 1, trouble)
        raise Refused(f"no answer in {self.attempts} tries ({trouble})")

    def publish(self, notice: Notice) -> str:
        """Send to all subscribers whose filter policy lets it pass; SNS's MessageId.

        Raises Refused when it is certain that nothing was sent, Unknown when it is not.
        """
        request = self.request(notice)
        for attempt in range(self.attempts):
            self._pause(attempt)
            try:
                return self._sns.publish(**request)["MessageId"]
            except ClientError as error:
                trouble = _words(error)
                if not _throttled(error):
                    raise (Unknown if _status(error) >= 500 else Refused)(trouble) from None
            except NEVER_THERE as error:
                trouble = str(error)
            except (NoCredentialsError, ParamValidationError) as error:
                raise Refused(str(error)) from None
            except BotoCoreError as error:
                raise Unknown(str(error)) from None
            log.warning("SNS publish %s, try %d: %s", notice.event_id, attempt + 1, trouble)
            if self._closed:
                break
        raise Refused(f"not taken in {attempt + 1} tries ({trouble})")

    def request(self, notice: Notice) -> dict[str, Any]:
        """The arguments of `publish`: a text for each protocol, and the attributes."""
        texts = {"default": notice.body, "email": notice.body, "sms": notice.sms}
        return {
            "TopicArn": self.topic_arn,
            "Subject": notice.subject,
            "MessageStructure": "json",
            "Message": json.dumps(texts, ensure_ascii=False),
            "MessageAttributes": {
                name: {"DataType": "String", "StringValue": value}
                if isinstance(value, str)
                else {"DataType": "String.Array", "StringValue": json.dumps(list(value))}
                for name, value in notice.attributes.items()
            },
        }

    def _pause(self, attempt: int) -> None:
        """Before another attempt. Plain sleeps: a signal handler may call `close` meanwhile."""
        end = time.monotonic() + random() * min(LONGEST_PAUSE_S, 0.1 * 2**attempt)
        while attempt and not self._closed and (left := end - time.monotonic()) > 0:
            time.sleep(min(left, 0.1))


def _status(error: ClientError) -> int:
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)) or 500


def _throttled(error: ClientError) -> bool:
    return error.response["Error"].get("Code") in THROTTLED or _status(error) == 429


def _words(error: ClientError) -> str:
    told = error.response.get("Error", {})
    return f"{told.get('Code', '')} {told.get('Message', '')}".strip()


def publish(history: History, publisher: Publisher, claim: Claim, **more: Any) -> str:
    """Publish what was claimed and write down what became of it; SNS's MessageId.

    Raises Refused after the claim was given back, Unknown when the claim has to stay.
    """
    try:
        message_id = publisher.publish(claim.notice)
    except Refused as error:
        history.refused(claim, str(error))
        raise
    history.settled(claim.notice, "sent", message_id=message_id, attempt=claim.number, **more)
    return message_id
