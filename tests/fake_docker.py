"""Plays `docker` for test_containers_up.py: notes each call, and listens where compose would.

FAKE_DOCKER_NOTES names the file for the notes, one JSON object a line; FAKE_DOCKER says what is
wrong today: "no compose", "no engine", "rootless", "fails", "silent" (up ends well, nothing runs).
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import yaml

LISTEN = """
import signal, socket, sys
kept = [socket.create_server(("127.0.0.1", int(port))) for port in sys.argv[1:]]
print("listening", flush=True)
signal.alarm(60)
signal.pause()
"""
notes = Path(os.environ["FAKE_DOCKER_NOTES"])
running = notes.with_suffix(".pid")
mode = os.environ.get("FAKE_DOCKER", "")


def up(compose: Path, wanted: list[str]) -> None:
    listed = yaml.safe_load(compose.read_text())["services"]
    ports = [entry["ports"][0].split(":")[1] for name, entry in listed.items() if name in wanted]
    argv = [sys.executable, "-c", LISTEN, *ports]
    listener = subprocess.Popen(argv, stdout=subprocess.PIPE, start_new_session=True)
    listener.stdout.readline()
    running.write_text(str(listener.pid))


def main(words: list[str]) -> int:
    env = {name: value for name, value in os.environ.items() if name.startswith("LAB_")}
    with notes.open("a") as file:
        file.write(json.dumps({"argv": words, "env": env}) + "\n")
    if words[:2] == ["compose", "version"]:
        return 125 if mode == "no compose" else 0
    if words[0] == "info":
        print("Cannot connect to the Docker daemon" if mode == "no engine" else "")
        print('["name=rootless"]' if mode == "rootless" else "", end="")
        return mode == "no engine"
    if "up" in words:
        if mode == "fails":
            return 17
        if mode != "silent":
            up(Path(words[words.index("--file") + 1]), words[words.index("up") :])
    if "logs" in words:
        print("broker-1 | exited: no room")
    if "down" in words and running.exists():
        os.kill(int(running.read_text()), signal.SIGKILL)
        running.unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
