"""Entry point of the AWS server process: `python -m helpers.local.aws.server`.

Configured by the variables that `helpers.local.aws.command` returns. Imports MiniStack, applies
the completions to it, runs it.
"""

from __future__ import annotations

import os
import sys
from importlib.metadata import PackageNotFoundError, version

MINISTACK = "1.5.33"


def checked_version() -> None:
    """End the process with one line unless the MiniStack that the completions know is installed."""
    try:
        found = version("ministack")
    except PackageNotFoundError:
        found = "none"
    if found != MINISTACK:
        sys.exit(
            f"aws: the completions are for ministack {MINISTACK}, installed is {found}; "
            f"run: pip install ministack=={MINISTACK}"
        )


def main() -> None:
    """Run until SIGTERM or SIGINT."""
    checked_version()
    for name in ("EDGE_PORT", "AWS_ENDPOINT_URL"):  # MiniStack would mix them with ours
        os.environ.pop(name, None)
    from hypercorn.config import Config
    from ministack import app

    from helpers.local.aws import complete

    complete.apply(app)
    Config.graceful_timeout = 0.5  # seconds that SIGTERM leaves a long poll
    sys.argv = sys.argv[:1]
    app.main()


if __name__ == "__main__":
    main()
