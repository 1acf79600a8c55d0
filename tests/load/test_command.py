"""`python -m helpers load`: what it asks, refuses, cleans up. Connects to the lab only."""

from __future__ import annotations

import argparse
import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time

import pytest

from helpers.config import ROOT
from helpers.errors import LabError
from helpers.load import command, place

STRANGER = "broker.example:9092"
RUN = "import argparse, sys; from helpers.load import command as c; p = argparse.ArgumentParser();"
RUN += "c.add_arguments(p); sys.exit(c.main(p.parse_args()))"


def parsed(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    return parser.parse_args(words)


@pytest.fixture
def unconnected(monkeypatch):
    """Whoever tries to connect, or asks a name server, fails the test."""

    def refuse(*_args, **_more):
        raise AssertionError("tried to connect")

    monkeypatch.setattr("helpers.load.topic.AdminClient", refuse)
    monkeypatch.setattr("helpers.load.loops.Producer", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_another_machine_is_not_loaded_without_a_person_or_yes(unconnected, monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdin", io.StringIO("yes\n"))  # a pipe is no person
    assert command.main(parsed("--bootstrap", STRANGER, "--rate", "2000")) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert len(told.err.splitlines()) == 1
    for part in (
        "broker.example is not this machine",
        "20,000 records of 200 bytes",
        "4.0 MB",
        "USD",
        place.PRICES_OF,
        "--yes",
    ):
        assert part in told.err


@pytest.mark.parametrize("answer", ["no\n", "\n", "", "y\n"])
def test_a_person_may_say_no(unconnected, monkeypatch, capsys, answer):
    monkeypatch.setattr(sys, "stdin", Terminal(answer))
    assert command.main(parsed("--bootstrap", f"127.0.0.1:1,{STRANGER}")) == 2
    assert capsys.readouterr().err.endswith("nothing was sent\n")


@pytest.mark.parametrize(("words", "typed"), [((), "yes\n"), (("--yes",), "")])
def test_only_then_it_connects(unconnected, monkeypatch, capsys, words, typed):
    monkeypatch.setattr(sys, "stdin", Terminal(typed) if typed else io.StringIO())
    with pytest.raises(AssertionError, match="tried to connect"):
        command.main(parsed("--bootstrap", STRANGER, *words))
    assert "broker.example is not this machine." in capsys.readouterr().err


def test_a_local_address_that_sends_its_clients_elsewhere_is_asked_for_too(monkeypatch, capsys):
    monkeypatch.setattr(
        "helpers.load.topic.Topic.brokers", lambda _self: ["127.0.0.1", "far.example"]
    )
    monkeypatch.setattr("helpers.load.topic.Topic.made", None)  # never reached
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    assert command.main(parsed("--bootstrap", "127.0.0.1:1")) == 2
    assert capsys.readouterr().err.startswith("far.example is not this machine")


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--bootstrap", "nonsense"], "is not HOST:PORT"),
        (["--bootstrap", "h:1", "--target", "cloud"], "not both"),
        (["--bootstrap", "h:1", "--count", "5", "--schedule", "ramp"], "--count goes with"),
        (["--bootstrap", "h:1", "--peak", "5"], "--peak needs"),
        (["--bootstrap", "h:1", "--size", "1000000"], "message.max.bytes"),
        (["--bootstrap", "h:1", "--set", "linger.ms"], "NAME=VALUE"),
        (["--bootstrap", "h:1", "--set", "metadata.broker.list=x:1"], "with --bootstrap"),
        (["--bootstrap", "h:1", "--set", "nonsense=1"], "nonsense"),
        (["--bootstrap", "h:1", "--set", "acks=some"], "acks"),
        (["--bootstrap", "h:1", "--config", "nowhere.properties"], "cannot read nowhere"),
        (["--bootstrap", "h:1", "--report", "nowhere/x.html"], "cannot write nowhere"),
    ],
)
def test_what_cannot_be_is_said_in_one_line(unconnected, words, why):
    with pytest.raises(LabError, match=re.escape(why)) as caught:
        command.main(parsed(*words))
    assert "\n" not in str(caught.value)


def test_nobody_there(monkeypatch):
    monkeypatch.setattr("helpers.load.topic.ANSWER_S", 1)
    with pytest.raises(LabError, match=r"nobody answers at 127.0.0.1:1 within 1 s"):
        command.main(parsed("--bootstrap", "127.0.0.1:1"))


@pytest.mark.parametrize("word", ["0", "-1", "nan", "inf", "many", "1e30"])
@pytest.mark.parametrize("option", ["--rate", "--duration", "--count", "--partitions"])
def test_no_numbers(option, word, capsys):
    with pytest.raises(SystemExit) as caught:
        parsed(option, word)
    assert caught.value.code == 2
    assert f"argument {option}" in capsys.readouterr().err.splitlines()[-1]


def test_a_config_file_keeps_its_secrets(tmp_path):
    file = tmp_path / "client.properties"
    file.write_text("# mine\nsasl.password = p=q\n\nclient.id=load\n")
    told = command.clients(parsed("--bootstrap", "h:1", "--config", str(file), "--acks", "1"))
    assert (told["sasl.password"], told["client.id"], told["acks"]) == ("p=q", "load", "1")
    file.write_text("sasl.password hunter2\n")
    with pytest.raises(LabError, match="line 1 is not NAME=VALUE") as caught:
        command.clients(parsed("--bootstrap", "h:1", "--config", str(file)))
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("words", "text", "count"),
    [
        ("--rate 50 --duration 2", "50/s for 2 s", 100),
        ("--rate 50 --duration 9 --count 20", "50/s for 0.4 s", 20),
        ("--rate 50 --duration 2 --schedule step", "50/s for 1 s, then 200/s for 1 s", 250),
        ("--rate 50 --duration 2 --schedule ramp --peak 100", "50/s to 100/s for 2 s", 150),
        (
            "--rate 10 --duration 5 --schedule spike",
            "10/s for 2 s, then 40/s for 1 s, then 10/s for 2 s",
            80,
        ),
    ],
)
def test_plans(words, text, count):
    made = command.plan(parsed(*words.split()))
    assert (str(made), made.count) == (text, count)


def test_sends_reports_and_cleans_up(lab, admin, tmp_path, capsys):
    page, servers = tmp_path / "load.html", lab.kafka["bootstrap.servers"]
    words = ["--bootstrap", servers, "--rate", "400", "--duration", "0.5", "--topic", "mine"]
    assert (
        command.main(
            parsed(*words, "--json", "--report", str(page), "--set", "sasl.password=hunter2")
        )
        == 0
    )
    told = json.loads(capsys.readouterr().out)
    assert (told["acknowledged"], told["schedule"]) == (200, "400/s for 0.5 s")
    assert told["settings"]["linger.ms"] == 5
    text = page.read_text()
    assert "hunter2" not in text + str(told)
    assert all(
        part in text for part in ("<svg", "confluent-kafka", "processors", "400/s for 0.5 s")
    )
    assert not re.search(r'(src|href)="(?!#)', text)  # nothing to be fetched
    assert socket.gethostname() not in text.replace("localhost", "")
    assert str(tmp_path) not in text
    assert page.with_suffix(".csv").read_text().startswith("second,due,sent,acknowledged")
    assert "mine" not in admin.list_topics(timeout=10).topics

    assert command.main(parsed(*words, "--keep")) == 0
    told = capsys.readouterr()
    assert "kept: topic mine" in told.err
    assert "acknowledged" in told.out
    with pytest.raises(LabError, match="topic mine is there already"):
        command.main(parsed(*words))


def test_ctrl_c_leaves_a_report_and_no_topic(lab, admin, tmp_path):
    page, servers = tmp_path / "cut.html", lab.kafka["bootstrap.servers"]
    words = ["--bootstrap", servers, "--rate", "200", "--duration", "120", "--topic", "cut"]
    argv = [sys.executable, "-c", RUN, *words, "--report", str(page), "--json"]
    running = subprocess.Popen(
        argv, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        until = time.monotonic() + 60
        while "cut" not in admin.list_topics(timeout=10).topics and time.monotonic() < until:
            time.sleep(0.1)
        time.sleep(0.7)  # some are under way; were they not, the result would say 0, validly
        os.kill(running.pid, signal.SIGINT)
        out, errors = running.communicate(timeout=60)
    finally:
        running.kill()
    assert running.returncode == 130
    told = json.loads(out)
    assert told["interrupted"]
    assert told["sent"] == told["acknowledged"] < told["scheduled"] == 24_000
    assert "was interrupted" in page.read_text()
    assert errors == ""
    assert "cut" not in admin.list_topics(timeout=10).topics
