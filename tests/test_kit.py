"""The kit installs without a network, starts a broker there, and has lesson 16's library."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from helpers import kit
from helpers.local import fetch

# Whatever wants to leave this machine is sent to a port on which nobody listens.
NO_NETWORK = {
    "http_proxy": "http://127.0.0.1:9",
    "https_proxy": "http://127.0.0.1:9",
    "no_proxy": "127.0.0.1",
    "PIP_NO_INDEX": "1",
    "PIP_FIND_LINKS": "",
}


@pytest.mark.soak
def test_a_kit_installs_and_runs_offline(tmp_path):
    assert kit.main(str(tmp_path)) == 0
    archive = tmp_path / f"{kit.name()}.tar"
    with tarfile.open(archive) as tar:
        tar.extractall(tmp_path, filter="data")
    top = tmp_path / "aws-confluent"
    assert not (top / ".env").exists()
    kept = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
    env = {**kept, **NO_NETWORK, "HOME": str(tmp_path / "home")}
    make = ["make", "-C", str(top), f"PYTHON={sys.executable}", "install"]
    done = subprocess.run(make, env=env, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    code = "from helpers.lab import start_lab; lab = start_lab(registry=True); lab.stop()"
    python = [str(top / ".venv/bin/python"), "-c", code]
    done = subprocess.run(python, env=env, cwd=top, capture_output=True, text=True, timeout=300)
    assert "broker-1" in done.stdout, done.stdout[-2000:] + done.stderr[-2000:]
    assert "the lab has ended" in done.stdout
    code = (
        "import sys; from helpers import streams; sys.path.insert(0, streams.ready()); "
        "import quixstreams; print('quixstreams', quixstreams.__version__)"
    )
    done = subprocess.run(
        [python[0], "-c", code], env=env, cwd=top, capture_output=True, text=True, timeout=300
    )
    assert "quixstreams 3." in done.stdout, done.stdout[-2000:] + done.stderr[-2000:]


def test_the_kit_is_where_files_come_from_when_it_is_there(tmp_path, monkeypatch):
    (tmp_path / "kit" / "maven").mkdir(parents=True)
    monkeypatch.setattr(fetch, "__file__", str(tmp_path / "helpers" / "local" / "fetch.py"))
    monkeypatch.delenv("AWS_CONFLUENT_MAVEN", raising=False)
    assert fetch.repository() == str(Path(tmp_path, "kit", "maven"))
