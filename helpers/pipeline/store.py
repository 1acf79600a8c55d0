"""The bucket, by boto3: conditional writes, retries with a limit, one line when it is over."""

from __future__ import annotations

import logging
import threading
from random import random
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    NoCredentialsError,
    ParamValidationError,
)

from helpers.errors import LabError

log = logging.getLogger(__name__)

ATTEMPTS = 8  # of one request; with their pauses about half a minute when all are refused at once
LONGEST_PAUSE_S = 8.0
CONNECT_S, READ_S = 5, 20  # how long one attempt waits
AGAIN_CODES = {
    *("SlowDown", "Throttling", "ThrottlingException", "RequestTimeout"),
    *("InternalError", "ServiceUnavailable", "ConditionalRequestConflict", "OperationAborted"),
}
CREDENTIALS = {"InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken"}


class SinkStopped(LabError):
    """The sink cannot go on; nothing was committed that is not in the bucket."""


class S3Store:
    """One bucket. Requests may come from several threads.

    Throttling (503 SlowDown, 429), other 5xx, time-outs and broken connections are tried again, at
    most `attempts` times, after a random pause of up to 0.1, 0.2, 0.4 ... s ("full jitter", from
    "Exponential Backoff And Jitter" of the AWS Architecture Blog). A write whose answer was lost is
    refused when it is repeated, which is as good: the object is there.
    """

    def __init__(
        self,
        bucket: str,
        threads: int = 4,
        attempts: int = ATTEMPTS,
        read_s: float = READ_S,
        **client: Any,
    ):
        self.bucket, self.attempts = bucket, attempts
        self.retries = 0  # so far; for the log and the metrics
        self._closed = threading.Event()
        config = Config(
            retries={"total_max_attempts": 1},  # ours are counted, logged and bounded below
            connect_timeout=CONNECT_S,
            read_timeout=read_s,
            max_pool_connections=threads + 1,
        )
        self._s3 = boto3.session.Session().client("s3", config=config, **client)

    def close(self) -> None:
        """Let no request try again, so that threads end."""
        self._closed.set()

    def put_new(self, key: str, body: bytes) -> bool:
        """Write an object unless there is one; whether it was written."""
        try:
            self._ask("put_object", key, Bucket=self.bucket, Key=key, Body=body, IfNoneMatch="*")
        except _Refused as refused:
            if refused.status == 412:
                return False
            raise self._stopped(key, refused) from None
        return True

    def get(self, key: str) -> bytes:
        """The body of an object that is there."""
        try:
            return self._ask("get_object", key, Bucket=self.bucket, Key=key)
        except _Refused as refused:
            raise self._stopped(key, refused) from None

    def list(self, prefix: str, limit: int, **more: str) -> list[str]:
        """The first `limit` keys (at most 1,000) with a prefix, ascending."""
        request = {"Bucket": self.bucket, "Prefix": prefix, "MaxKeys": limit, **more}
        try:
            return self._ask("list_objects_v2", prefix, **request)
        except _Refused as refused:
            raise self._stopped(prefix, refused) from None

    def _ask(self, operation: str, key: str, **request: Any) -> Any:
        """One request with its retries. Raises _Refused for a no, SinkStopped when none helped."""
        trouble = "the sink is stopping"
        for attempt in range(self.attempts):
            if attempt:
                self._closed.wait(random() * min(LONGEST_PAUSE_S, 0.1 * 2**attempt))
            if self._closed.is_set():
                break
            try:
                answer = getattr(self._s3, operation)(**request)
                if operation == "get_object":  # reading can break off as well
                    return answer["Body"].read()
                return [item["Key"] for item in answer.get("Contents", [])]
            except ClientError as error:
                refused = _Refused(error)
                if not refused.again:
                    raise refused from None
                trouble = refused.words
            except NoCredentialsError:
                raise SinkStopped(
                    "there are no AWS credentials; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
                ) from None
            except ParamValidationError:  # before anything was sent; no try can be better
                raise SinkStopped(
                    f"{self.bucket!r} cannot be a bucket: 3 to 63 of a-z 0-9 . -, as in ana-lake"
                ) from None
            except BotoCoreError as error:  # time-outs, resets, nobody there
                trouble = str(error)
            self.retries += 1
            log.warning("%s %s, try %d: %s", operation, key, attempt + 1, trouble)
        raise SinkStopped(
            f"S3 did not take {operation} {key} in {self.attempts} tries ({trouble}); nothing "
            "unwritten was committed: start the sink again when S3 is well"
        )

    def _stopped(self, key: str, refused: _Refused) -> SinkStopped:
        if refused.code == "NoSuchBucket":
            return SinkStopped(
                f"bucket {self.bucket} is gone; nothing unwritten was committed: "
                "create it, or name another"
            )
        if refused.code in CREDENTIALS:
            return SinkStopped(f"AWS does not know these credentials: {refused.words}")
        if refused.status == 403:
            return SinkStopped(
                f"access denied to {key} in bucket {self.bucket}; nothing unwritten was committed: "
                "the sink needs s3:PutObject, s3:GetObject and s3:ListBucket there"
            )
        return SinkStopped(f"S3 refused {key} in bucket {self.bucket}: {refused.words}")


class _Refused(Exception):
    """An answer of S3 that is an error."""

    def __init__(self, error: ClientError):
        super().__init__()
        self.code = str(error.response.get("Error", {}).get("Code", ""))
        self.status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        self.words = f"{self.code} {error.response.get('Error', {}).get('Message', '')}".strip()
        self.again = self.status >= 500 or self.status == 429 or self.code in AGAIN_CODES
