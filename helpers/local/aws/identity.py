"""IAM: the root user's signature is checked like anyone else's; policies see what AWS shows them.

MiniStack takes any request that names the configured key, "test" or twelve digits as root and
never looks at its signature; a web page could send one. It does not tell policies the namespace of
PutMetricData, and takes every request as unencrypted. Sources: "Signature Version 4" and "AWS
global condition context keys" in the IAM User Guide; "Actions, resources, and condition keys for
Amazon CloudWatch" in the Service Authorization Reference.
"""

from __future__ import annotations

import os
import sys

from ministack.core import iam_actions, iam_evaluator

from helpers.local.aws import resources


def install(app) -> None:
    """Make the configured key the only root key, verify every signature, complete conditions."""
    root = os.environ["AWS_ACCESS_KEY_ID"]

    def is_root_access_key(access_key_id: str) -> bool:
        # No key at all: the few calls that AWS serves unsigned, such as a confirmation link.
        return access_key_id in ("", root)

    iam_evaluator.is_root_access_key = is_root_access_key
    iam_evaluator._is_root_key = lambda access_key_id: False  # "root, so skip the signature"
    sts = sys.modules.get("ministack.services.sts")  # it took a reference of its own on import
    if sts is not None:
        sts.is_root_access_key = is_root_access_key
    # Loopback stands for TLS: a policy that demands aws:SecureTransport would refuse everything.
    pin = iam_evaluator.pin_request_origin
    app.pin_request_origin = lambda address, _secure: pin(address, True)
    iam_actions.request_tag_context = _with_namespace(iam_actions.request_tag_context)
    resources.install()


def _with_namespace(original):
    """`cloudwatch:namespace`, by which a policy can be kept to some metrics."""

    def context(service: str, action: str, body: bytes, params: dict) -> dict:
        found = original(service, action, body, params)
        if action == "cloudwatch:PutMetricData":
            found["cloudwatch:namespace"] = _namespace(body, params)
        return found

    return context


def _namespace(body: bytes, params: dict) -> str | None:
    """The namespace that a PutMetricData request names, as JSON (boto3) or as a form."""
    named = params.get("Namespace")
    if named:
        return named[0] if isinstance(named, list) else named
    return resources.body_of(body).get("Namespace")
