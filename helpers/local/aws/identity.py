"""IAM: the root user's signature is checked like anyone else's.

MiniStack takes any request that names the configured key, "test" or twelve digits as root and
never looks at its signature; a web page could send one. Source: "Signature Version 4" in the
IAM User Guide.
"""

from __future__ import annotations

import os
import sys

from ministack.core import iam_evaluator


def install() -> None:
    """Make the configured key the only root key, and verify every signature."""
    root = os.environ["AWS_ACCESS_KEY_ID"]

    def is_root_access_key(access_key_id: str) -> bool:
        # No key at all: the few calls that AWS serves unsigned, such as a confirmation link.
        return access_key_id in ("", root)

    iam_evaluator.is_root_access_key = is_root_access_key
    iam_evaluator._is_root_key = lambda access_key_id: False  # "root, so skip the signature"
    sts = sys.modules.get("ministack.services.sts")  # it took a reference of its own on import
    if sts is not None:
        sts.is_root_access_key = is_root_access_key
