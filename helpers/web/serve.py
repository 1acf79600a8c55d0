"""What `start` runs: `python -m helpers.web.serve FILE`, told by a JSON file.

A file, since the configuration holds API keys: arguments can be read by every user of a machine.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from helpers.errors import LabError
from helpers.web.command import listen_on, serve


def main(path: str) -> int:
    """Serve as the file says. Exit status 0, or 1 with one line on stderr."""
    told = json.loads(Path(path).read_text("utf-8"))
    try:
        return serve(told["kafka"], told["prefix"], listen_on(told["port"]), **told["producer"])
    except LabError as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
