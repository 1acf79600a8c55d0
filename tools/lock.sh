#!/usr/bin/env bash
# Resolve pyproject.toml into requirements.lock (and the browser's extra) for every supported platform. Needs `uv`.
# Run it only to change a dependency, then read the diff.
set -euo pipefail
cd "$(dirname "$0")/.."
compile() { uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --no-annotate "$@"; }
compile pyproject.toml --output-file requirements.lock
sed -i.bak '1i # Made from pyproject.toml by tools/lock.sh: every package, every platform, Python 3.11 to 3.13, with hashes.' requirements.lock
compile pyproject.toml --extra browser --constraint requirements.lock --output-file requirements-browser.lock
sed -i.bak '1i # requirements.lock plus what `make soak` needs to drive a browser. Made by tools/lock.sh.' requirements-browser.lock
rm -f requirements*.bak
.venv/bin/python docker/lock.py
.venv/bin/python tools/lock_streams.py
