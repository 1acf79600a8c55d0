"""The portal in trouble: no broker, a slow broker, SIGTERM, a kernel that is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import psutil
import pytest

import helpers.web
from helpers.errors import LabError
from helpers.local.process import listening, wait_until
from helpers.pipeline.topics import create_topics
from helpers.run import ROOT
from helpers.web.sending import MOST_WAITING
from tests.lab.faults import one_line
from tests.web.support import CRITICAL, done, frames, listen, place, post, state, stored

COMMAND = """import argparse
from helpers.web import command
parser = argparse.ArgumentParser()
command.add_arguments(parser)
raise SystemExit(command.main(parser.parse_args()))"""
KERNEL = """import os, signal, sys
import helpers.web
web = helpers.web.start({"bootstrap.servers": sys.argv[1]}, sys.argv[2])
print(web.url, web._service.pid, web._guard.pid, web._guard.run, flush=True)
os.kill(os.getpid(), signal.SIGKILL)"""


@pytest.fixture(scope="module")
def topics(lab, admin):
    create_topics(admin, "f-")
    return "f-"


def port_of(url: str) -> int:
    return int(url.rstrip("/").rpartition(":")[2])


def test_no_broker_is_no_success_and_a_retry_is_the_same_event(lab, topics):
    patience = {"delivery.timeout.ms": 2_000}
    web = helpers.web.start(lab.kafka, topics, **patience)
    broker = lab.brokers[1]
    try:
        done(web, "error", CRITICAL)
        with listen(web) as feed:
            told = frames(feed)
            assert next(told)[2]["state"]["kafka"] is True
            broker.kill()
            answer = post(web, "error", CRITICAL, key="otra vez")
            assert (answer.status_code, answer.json()["perhaps"]) == (503, True)
            assert "puede estar guardado o no" in answer.json()["error"]
            assert answer.headers["retry-after"] == "1"
            assert wait_until(lambda: not next(told)[2].get("kafka", True), 30)
            broker.start()
            assert wait_until(lambda: next(told)[2].get("kafka", False), 30)
        again = done(web, "error", CRITICAL, key="otra vez")
        assert again["repeated"] is True
        found = stored(lab.kafka, topics)
        assert found[place(again)][1]["event_id"] == again["event_id"]
        assert Counter(value["event_id"] for _, value in found.values())[again["event_id"]] == 1
        told = web.stop()
        assert told == "stopped: 2 events acknowledged, 1 not confirmed"
    finally:
        if not broker.alive:
            broker.start()
        web.stop()


def test_a_slow_broker_is_back_pressure_not_memory(lab, topics):
    web = helpers.web.start(lab.kafka, topics)
    broker = lab.brokers[1]
    try:
        done(web, "error", CRITICAL)
        broker.pause()
        with ThreadPoolExecutor(MOST_WAITING + 20) as pool:
            asked = [pool.submit(post, web, "error", CRITICAL) for _ in range(MOST_WAITING + 20)]
            try:
                assert wait_until(lambda: sum(a.done() for a in asked) == 20, 60)
                refused = [answer.result() for answer in asked if answer.done()]
                assert state(web)["waiting"] == MOST_WAITING
            finally:
                broker.resume()
            answers = [answer.result() for answer in asked]
        assert {answer.status_code for answer in refused} == {503}
        assert {answer.json()["perhaps"] for answer in refused} == {False}
        good = [answer.json()["event_id"] for answer in answers if answer.status_code == 201]
        assert len(good) == MOST_WAITING
        ids = Counter(value["event_id"] for _, value in stored(lab.kafka, topics).values())
        assert {ids[event_id] for event_id in good} == {1}
    finally:
        web.stop()


def test_sigterm_waits_for_the_last_answers(lab, topics):
    argv = [sys.executable, "-c", COMMAND, "--prefix", topics]
    argv += ["--bootstrap", lab.kafka["bootstrap.servers"]]
    broker = lab.brokers[1]
    server = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        web = SimpleNamespace(url=server.stdout.readline().split()[2])
        with ThreadPoolExecutor(20) as pool, listen(web):  # an open page does not hold it up
            done(web, "error", CRITICAL)
            broker.pause()
            try:
                asked = [pool.submit(done, web, "error", CRITICAL) for _ in range(20)]
                assert wait_until(lambda: state(web)["waiting"] == 20, 30)
                server.send_signal(signal.SIGTERM)
                assert wait_until(lambda: not listening(port_of(web.url)), 30)
            finally:
                broker.resume()
            receipts = [answer.result() for answer in asked]
        out, err = server.communicate(timeout=60)
    finally:
        server.kill()
    assert (server.returncode, err) == (0, "")
    assert out == "stopped: 21 events acknowledged, 0 not confirmed\n"
    found = stored(lab.kafka, topics)
    assert all(found[place(r)][1]["event_id"] == r["event_id"] for r in receipts)


def test_it_dies_with_a_kernel_that_is_killed(lab, topics):
    argv = [sys.executable, "-c", KERNEL, lab.kafka["bootstrap.servers"], topics]
    told = subprocess.run(argv, capture_output=True, text=True, timeout=60)
    assert told.returncode == -signal.SIGKILL, told.stderr
    url, pid, guard, run = told.stdout.split()
    assert wait_until(
        lambda: not psutil.pid_exists(int(pid)) and not psutil.pid_exists(int(guard)), 20
    )
    assert not listening(port_of(url))
    assert not os.path.exists(run)


def test_its_guard_killed_it_dies_too_and_start_makes_a_new_one(lab, topics):
    web = helpers.web.start(lab.kafka, topics, **{"linger.ms": 1})
    psutil.Process(web._guard.pid).kill()
    assert wait_until(lambda: not listening(port_of(web.url)), 20)
    assert web.alive is False
    again = helpers.web.start(lab.kafka, topics, **{"linger.ms": 1})
    assert (again is web, again.alive) == (False, True)
    done(again, "error", CRITICAL)
    again.stop()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--prefix", "nadie-"], "python -m helpers topics --prefix nadie-"),
        (["--port", "70000"], "cannot listen on port 70000"),
        pytest.param(
            ["--bootstrap", "127.0.0.1:1"],
            "nobody answers at 127.0.0.1:1",
            marks=pytest.mark.soak,  # it is patient
        ),
    ],
)
def test_the_command_says_in_one_line_what_is_wrong(lab, topics, words, expected, monkeypatch):
    import argparse

    from helpers.web import command

    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    usual = ["--bootstrap", lab.kafka["bootstrap.servers"], "--prefix", topics]
    started = time.monotonic()
    with pytest.raises(LabError) as error:
        command.main(parser.parse_args(usual + words))
    assert expected in one_line(error)
    assert time.monotonic() - started < 20


def test_it_listens_on_loopback_only(lab, topics):
    web = helpers.web.start(lab.kafka, topics)
    try:
        process = psutil.Process(web._service.pid)
        open_ports = [c.laddr for c in process.net_connections() if c.status == psutil.CONN_LISTEN]
        assert [(address.ip, address.port) for address in open_ports] == [
            ("127.0.0.1", port_of(web.url))
        ]
        folder = web._guard.run
        assert (folder / "web.json").stat().st_mode & 0o777 == 0o600
        assert "bootstrap" not in " ".join(process.cmdline())
    finally:
        web.stop()
    assert not folder.exists()
    assert ROOT.exists()
