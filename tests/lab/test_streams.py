"""The library of lesson 16: installed once, whole or not at all, and apart from the environment."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from helpers import streams
from helpers.errors import LabError
from helpers.run import ROOT


@pytest.fixture
def empty_home(tmp_path, monkeypatch):
    monkeypatch.setenv("AWS_CONFLUENT_HOME", str(tmp_path))
    return tmp_path


def pinned(name: str) -> dict[str, str]:
    text = (ROOT / name).read_text("utf-8")
    return dict(re.findall(r"^([a-z0-9.-]+)==([^ \\]+)", text, re.M))


def test_the_two_locks_disagree_about_the_client_and_repeat_nothing():
    ours, beside = pinned("requirements.lock"), pinned("requirements-streams.lock")
    assert set(ours) & set(beside) == {"confluent-kafka"}
    assert ours["confluent-kafka"] != beside["confluent-kafka"]
    assert "quixstreams" in beside


def test_what_is_there_is_not_fetched_again(empty_home, monkeypatch):
    streams.folder().mkdir(parents=True)
    monkeypatch.setattr(streams, "PIP", ["false"])
    assert streams.ready() == str(streams.folder())


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("ERROR: No matching distribution found for rich==15.0.0", "connect once"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE FILE", "its hash differs"),
        ("ERROR: [Errno 28] No space left on device", "disk filled up"),
        ("python: No module named pip", "make install"),
    ],
)
def test_a_failure_is_one_line_and_leaves_nothing(empty_home, monkeypatch, said, told):
    code = f"import sys; sys.exit({said!r})"
    monkeypatch.setattr(streams, "PIP", [sys.executable, "-c", code])
    with pytest.raises(LabError) as error:
        streams.ready()
    assert told in str(error.value)
    assert "\n" not in str(error.value)
    assert [path.name for path in (empty_home / "streams").iterdir()] == [".lock"]


def test_a_process_with_the_folder_first_has_both_and_the_notebook_neither():
    """Fetches it when it is not there yet, as `make test` does before (`helpers fetch`)."""
    code = "import quixstreams, confluent_kafka as c; print(quixstreams.__version__, c.__version__)"
    first = f"import sys; sys.path.insert(0, {streams.ready()!r}); {code}"
    done = subprocess.run([sys.executable, "-c", first], capture_output=True, text=True)
    beside = pinned("requirements-streams.lock")
    assert done.stdout.split() == [beside["quixstreams"], beside["confluent-kafka"]], done.stderr
    assert "quixstreams" not in sys.modules
