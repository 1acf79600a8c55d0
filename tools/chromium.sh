#!/usr/bin/env bash
# Make sure that a Chromium is here for the browser tests; on Debian and Ubuntu, install it.
set -euo pipefail
if command -v "${CHROMIUM:-chromium}" >/dev/null 2>&1; then exit 0; fi
if command -v apt-get >/dev/null 2>&1; then
  sudo=""; [ "$(id -u)" = 0 ] || sudo=sudo
  echo "installing Debian's chromium for the browser tests"
  $sudo apt-get update -qq
  $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-noto-color-emoji >/dev/null
else
  echo "no chromium here: install one and name it, CHROMIUM=/path/to/chromium make soak" >&2
  exit 1
fi
