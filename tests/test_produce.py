"""`python -m helpers produce`, on a real broker."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
from itertools import islice

import pytest
from confluent_kafka.admin import AdminClient

from helpers import __main__ as cli
from helpers.checks.topic import read
from helpers.local.process import wait_until
from helpers.pipeline import produce
from helpers.pipeline.events import generate
from helpers.pipeline.topics import create_topics

IDS = [event.value["event_id"] for event in islice(generate(7), 300)]


def run(*words, **options):
    """The command as a process of its own: (exit status, its summary as a dict, stderr)."""
    argv = [sys.executable, "-m", "helpers", "produce", *words]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=90, **options)
    return done.returncode, summary(done.stdout), done.stderr


def summary(text):
    return dict(line.strip().rsplit(maxsplit=1) for line in text.splitlines())


@pytest.fixture
def here(lab):
    return ["--bootstrap", lab.kafka["bootstrap.servers"]]


def test_missing_topics_are_named_and_not_created(here, admin):
    status, told, stderr = run(*here, "--prefix", "nadie-", "--count", "1")
    assert (status, told) == (1, {})
    assert stderr.count("\n") == 1
    assert "nadie-estudiante-eventos and nadie-sistema-logs" in stderr
    assert "python -m helpers topics --prefix nadie-" in stderr
    assert not [name for name in admin.list_topics(timeout=10).topics if name.startswith("nadie-")]


def test_it_sends_counts_and_keeps_what_was_acknowledged(here, lab, admin, tmp_path):
    create_topics(admin, "e-")
    file = tmp_path / "acks.jsonl"
    words = ["--prefix", "e-", "--rate", "1000", "--count", "300", "--acks-file", str(file)]
    status, told, stderr = run(*here, *words)
    assert (status, stderr) == (0, "")
    assert (told["sent"], told["acknowledged"], told["failed"]) == ("300", "300", "0")
    assert float(told["ms to acknowledge, p50"]) <= float(told["ms to acknowledge, p99"])
    kept = {tuple(json.loads(line).values()) for line in file.read_text().splitlines()}
    stored = {
        (
            record.topic(),
            record.partition(),
            record.offset(),
            json.loads(record.value())["event_id"],
        )
        for topic in produce.TOPICS
        for record in read(lab.kafka, f"e-{topic}")
    }
    assert kept == stored
    assert {event_id for *_, event_id in kept} == set(IDS)


def test_the_file_is_appended_to(here, admin, tmp_path):
    create_topics(admin, "f-")
    file = tmp_path / "acks.jsonl"
    file.write_text("before\n")
    assert run(*here, "--prefix", "f-", "--count", "2", "--acks-file", str(file))[0] == 0
    assert len(file.read_text().splitlines()) == 3


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_flushes_and_sums_up(here, admin, tmp_path, number, status):
    prefix = f"g{int(number)}-"
    create_topics(admin, prefix)
    file = tmp_path / "acks.jsonl"
    argv = [sys.executable, "-m", "helpers", "produce", *here, "--prefix", prefix]
    argv += ["--rate", "200", "--acks-file", str(file)]
    with subprocess.Popen(
        argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert wait_until(lambda: file.exists() and len(file.read_text()) > 2000, 60)
        process.send_signal(number)
        stdout, stderr = process.communicate(timeout=60)
    told = summary(stdout)
    assert (process.returncode, stderr, told["without answer"]) == (status, "", "0")
    assert told["sent"] == told["acknowledged"] == f"{len(file.read_text().splitlines()):,}"


def test_progress_on_a_terminal_only(here, admin):
    create_topics(admin, "h-")
    ours, theirs = pty.openpty()
    argv = [
        sys.executable,
        "-m",
        "helpers",
        "produce",
        *here,
        "--prefix",
        "h-",
        "--duration",
        "1.5",
    ]
    done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=theirs, text=True, timeout=60)
    os.close(theirs)
    shown = os.read(ours, 100_000).decode()
    os.close(ours)
    assert done.returncode == 0
    assert "acknowledged" in shown
    assert "\n" not in shown
    assert shown.endswith("\r\x1b[K")


def test_a_schedule_that_cannot_be_kept_is_said(here, admin):
    create_topics(admin, "i-")
    words = ["--prefix", "i-", "--rate", "5000000", "--duration", "1.5"]
    status, told, stderr = run(*here, *words)
    assert status == 0
    assert stderr.startswith("could not keep to 5e+06 events a second")
    assert told["sent"] == told["acknowledged"]


def test_nobody_there_is_one_line():
    status, _, stderr = run("--bootstrap", "127.0.0.1:1", "--count", "1")
    assert status == 1
    assert stderr.startswith("nobody answers at 127.0.0.1:1 within 10 s")
    assert stderr.count("\n") == 1


def test_a_file_that_cannot_be_written_is_one_line(here, admin):
    create_topics(admin, "j-")
    status, _, stderr = run(*here, "--count", "1", "--acks-file", "/nowhere/acks")
    assert (status, stderr.count("\n")) == (1, 1)
    assert "cannot write /nowhere/acks: No such file" in stderr
    if os.path.exists("/dev/full"):
        words = ["--prefix", "j-", "--rate", "1000", "--count", "500", "--acks-file", "/dev/full"]
        status, told, stderr = run(*here, *words)
        assert (status, stderr.count("\n")) == (1, 1)
        assert "cannot write /dev/full: No space left on device" in stderr
        assert told["without answer"] == "0"


def test_a_broker_that_goes_away_is_said_and_counted(admin, lab, capsys):
    create_topics(admin, "k-")
    words = [*("produce", "--bootstrap", lab.kafka["bootstrap.servers"], "--prefix", "k-")]
    args = cli.parser().parse_args([*words, "--rate", "500", "--count", "5"])
    hasty = {"delivery.timeout.ms": 600}
    paused = []

    def pause_after_the_check(*_):
        paused.append(lab.brokers[1].pause())

    check = produce._check_topics
    try:
        produce._check_topics = lambda *words: (check(*words), pause_after_the_check())
        assert produce.main(args, lab.kafka, **hasty) == 1
    finally:
        produce._check_topics = check
        lab.brokers[1].resume()
    out, err = capsys.readouterr()
    told = summary("\n".join(line for line in out.splitlines() if "timed out" not in line))
    assert told["failed"] != "0"
    assert "they may be in Kafka or not" in err


@pytest.mark.parametrize(
    "words",
    [["--rate", "0"], ["--rate", "x"], ["--rate", "inf"], ["--count", "0"], ["--seed", "-1"]],
)
def test_wrong_words(words, capsys):
    with pytest.raises(SystemExit) as caught:
        cli.main(["produce", *words])
    assert caught.value.code == 2
    assert words[0] in capsys.readouterr().err


def test_without_a_shared_lab_it_says_how_to_start_one(monkeypatch, capsys):
    monkeypatch.setattr("helpers.local.shared.find", lambda: None)
    assert cli.main(["produce", "--count", "1"]) == 1
    assert "python -m helpers up" in capsys.readouterr().err


def test_on_the_cloud_a_wrong_secret_is_one_line(cloud_lab, monkeypatch, capsys):
    settings = {
        "bootstrap.servers": cloud_lab["BOOTSTRAP_SERVERS"],
        "security.protocol": "SASL_SSL",
        "sasl.mechanisms": "PLAIN",
        "sasl.username": cloud_lab["KAFKA_API_KEY"],
        "sasl.password": cloud_lab["KAFKA_API_SECRET"],
        "ssl.ca.location": cloud_lab["KAFKA_CA_LOCATION"],
    }
    cloud = AdminClient(settings)
    create_topics(cloud, "l-")
    assert cli.main(["produce", "--target", "cloud", "--prefix", "l-", "--count", "20"]) == 0
    assert summary(capsys.readouterr().out)["acknowledged"] == "20"
    monkeypatch.setenv("KAFKA_API_SECRET", "wrong")
    assert cli.main(["produce", "--target", "cloud", "--prefix", "l-", "--count", "1"]) == 1
    err = capsys.readouterr().err
    assert "refused the API key" in err
    assert err.count("\n") == 1
