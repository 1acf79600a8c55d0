"""Lock what lesson 16's library needs beside the environment into requirements-streams.lock.

Run by tools/lock.sh, after requirements.lock is made; needs `uv`. What that lock has already at the
same version, is left out: the process that uses the library finds it in the environment.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
WANTED = "quixstreams==3.28.1"
OWN = "confluent-kafka"  # the one package that the two disagree about
COMPILE = ["uv", "pip", "compile", "--quiet", "--universal", "--python-version", "3.11"]
COMPILE += ["--generate-hashes", "--no-emit-index-url", "--no-header", "--no-annotate"]
HEAD = (
    "# What quixstreams needs and requirements.lock lacks; helpers/streams.py installs it beside. "
    "Made by tools/lock.sh.\n"
)


def entries(text: str) -> dict[str, str]:
    """Name and version -> the whole entry, with its hashes."""
    found = re.findall(r"^([a-z0-9.-]+==[^ \\]+)(.*(?:\n    .*)*)", text, re.M)
    return {pinned: pinned + rest for pinned, rest in found}


def main() -> None:
    ours = entries((ROOT / "requirements.lock").read_text("utf-8"))
    with tempfile.TemporaryDirectory() as folder:
        wanted, kept = Path(folder, "wanted.in"), Path(folder, "kept.txt")
        wanted.write_text(WANTED + "\n", "utf-8")
        kept.write_text("\n".join(p for p in ours if not p.startswith(f"{OWN}==")), "utf-8")
        argv = [*COMPILE, "--constraint", str(kept), str(wanted)]
        text = subprocess.run(argv, check=True, capture_output=True, text=True).stdout
    lacking = [entry for pinned, entry in entries(text).items() if pinned not in ours]
    (ROOT / "requirements-streams.lock").write_text(HEAD + "\n".join(lacking) + "\n", "utf-8")


if __name__ == "__main__":
    main()
