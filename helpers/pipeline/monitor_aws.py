"""What an answer of CloudWatch means: try again, give up this request, or stop for a person."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    NoCredentialsError,
    NoRegionError,
    ParamValidationError,
    PartialCredentialsError,
)

from helpers.errors import LabError

CONNECT_S, READ_S = 5, 20  # how long one attempt waits
AGAIN = {
    *("Throttling", "ThrottlingException", "ThrottledException", "RequestLimitExceeded"),
    *("TooManyRequestsException", "ServiceUnavailable", "ServiceUnavailableException"),
    *("InternalServiceFault", "InternalServiceError", "InternalFailure", "RequestTimeout"),
    "OperationAbortedException",  # two processes create the same log group
}
CREDENTIALS = {
    *("InvalidClientTokenId", "UnrecognizedClientException", "SignatureDoesNotMatch"),
    *("InvalidSignatureException", "ExpiredToken", "ExpiredTokenException"),
    *("IncompleteSignature", "MissingAuthenticationToken", "MissingAuthenticationTokenException"),
}
DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"}


class MonitorStopped(LabError):
    """The monitor cannot go on; no offset was committed whose counts CloudWatch does not have."""


class Again(Exception):
    """Throttled, not reachable, or a fault of theirs: the same request may work later."""


class Refused(Exception):
    """The request itself is not taken, and never will be. `code` is AWS's."""

    def __init__(self, code: str, words: str):
        super().__init__(words)
        self.code = code


def client(service: str, **options: Any) -> Any:
    """A boto3 client that tries once and waits for a limited time: retries are ours."""
    config = Config(
        retries={"total_max_attempts": 1}, connect_timeout=CONNECT_S, read_timeout=READ_S
    )
    try:
        return boto3.session.Session().client(service, config=config, **options)
    except NoRegionError:
        raise MonitorStopped(
            "there is no AWS region; set AWS_DEFAULT_REGION, for instance to eu-west-1"
        ) from None
    except BotoCoreError as error:
        raise MonitorStopped(f"the AWS configuration is not usable: {error}") from None


def ask(call: Callable[..., Any], needs: str, **request: Any) -> Any:
    """One request. Raises Again, Refused or MonitorStopped; `needs` names the permission."""
    try:
        return call(**request)
    except ClientError as error:
        raise _meaning(error, needs) from None
    except (NoCredentialsError, PartialCredentialsError):
        raise MonitorStopped(
            "there are no AWS credentials; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
        ) from None
    except ParamValidationError as error:
        raise Refused("ParamValidation", str(error)) from None
    except BotoCoreError as error:  # time-outs, resets, nobody there
        raise Again(str(error)) from None


def _meaning(error: ClientError, needs: str) -> Exception:
    told = error.response.get("Error", {})
    code, status = (
        str(told.get("Code", "")),
        error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0),
    )
    words = f"{code} {told.get('Message', '')}".strip()
    if status >= 500 or status == 429 or code in AGAIN:
        return Again(words)
    if code in CREDENTIALS:
        return MonitorStopped(f"AWS does not know these credentials: {words}")
    if code in DENIED or status == 403:
        return MonitorStopped(
            f"access denied: the monitor needs {needs}; what was not sent is not committed either"
        )
    return Refused(code, words)
