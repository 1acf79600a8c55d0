"""A lab that outlives one notebook: up, found by lessons, used by several at once, down."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from helpers.local import fetch, shared
from helpers.local.paths import home

LESSON = """
import boto3
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic
from helpers.lab import start_lab
lab = start_lab(prefix={prefix!r}, aws=True, quiet=True)
admin = AdminClient(lab.kafka)
admin.create_topics([NewTopic(lab.name("t"), 1)])[lab.name("t")].result(20)
boto3.client("s3").create_bucket(Bucket=lab.bucket_name("lake"))
print(sorted(admin.list_topics(timeout=5).topics), lab.brokers, lab._guard)
lab.stop()
"""


@pytest.fixture
def own_home(tmp_path, monkeypatch):
    """A home of its own with the real downloads, so that nobody's shared lab is disturbed."""
    real = home()
    for name in ("maven", "aot", "templates", f"registry-{fetch.lock()['apicurio']}"):
        if (real / name).exists():
            Path(tmp_path, name).symlink_to(real / name)
    monkeypatch.setenv("AWS_CONFLUENT_HOME", str(tmp_path))
    return tmp_path


def helpers(*words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "helpers", *words], capture_output=True, text=True, timeout=180
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_up_is_found_by_lessons_side_by_side_and_down_ends_it(own_home):
    said = helpers("up", "--parts", "kafka", "aws")
    try:
        assert "broker-1" in said
        state = shared.find()
        assert helpers("up", "--parts", "kafka", "aws") == said  # the same lab, not a second one
        assert oct(shared.file().stat().st_mode & 0o777) == "0o600"  # it holds keys
        codes = [LESSON.format(prefix=f"{who}-") for who in ("ana", "luis")]
        both = [
            subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
            for code in codes
        ]
        answers = [p.communicate(timeout=60)[0] for p in both]
        assert [p.returncode for p in both] == [0, 0], answers
        assert all(a.endswith("{} None\n") for a in answers), answers  # no broker of its own
        assert "'ana-t'" in answers[0]
        assert "'luis-t'" in answers[1]
        assert shared.find() == state  # a lesson's stop() does not end the class's lab
    finally:
        holder = psutil.Process(shared.find()["pid"])
        family = holder.children(recursive=True)
        assert "has ended" in helpers("down")
    assert not [p for p in [holder, *family] if p.is_running()]
    assert not [p for p in (own_home / "run").iterdir() if p.is_dir()]
    assert shared.find() is None


def test_a_lab_that_cannot_come_up_quotes_what_it_said(own_home, monkeypatch):
    monkeypatch.setattr(shared.sys, "executable", "/bin/false")
    with pytest.raises(shared.LabError, match="did not come up"):
        shared.up()
    assert shared.find() is None
