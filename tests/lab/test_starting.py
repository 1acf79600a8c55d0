"""Bad weather while starting: one line, or a log that is named and quoted."""

from __future__ import annotations

import socket
import sys
from collections import namedtuple

import psutil
import pytest

from helpers.errors import LabError
from helpers.lab import start_lab
from helpers.local.process import Guard, Service
from tests.lab.faults import one_line


def test_a_taken_port_is_named():
    guard = Guard()
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        service = Service("broker-1", ["true"], guard, port, ready=lambda: True)
        with pytest.raises(LabError) as error:
            service.launch()
    guard.end()
    assert f"port {port}" in one_line(error)
    assert "taken" in str(error.value)


def test_two_labs_never_choose_the_same_port():
    first, second = Guard(), Guard()
    ports = [*first.ports(50), *second.ports(50)]
    assert len(set(ports)) == 100
    first.end()
    second.end()


def test_too_little_memory_is_said_before_starting(monkeypatch):
    memory = namedtuple("memory", "available")
    monkeypatch.setattr(psutil, "virtual_memory", lambda: memory(200e6))
    with pytest.raises(LabError) as error:
        start_lab(own=True)
    assert "200 MB are free" in one_line(error)


def test_a_full_disk_is_said_before_starting(monkeypatch):
    disk = namedtuple("disk", "free")
    monkeypatch.setattr(psutil, "disk_usage", lambda _: disk(5e6))
    with pytest.raises(LabError) as error:
        start_lab(own=True)
    assert "5 MB left" in one_line(error)


def test_a_broker_that_refuses_its_settings_says_so_with_its_log():
    with pytest.raises(LabError) as error:
        start_lab(broker_config={"num.partitions": "many"})
    text = str(error.value)
    assert "broker-1 ended with status 1" in text
    assert "broker-1.log" in text
    assert "num.partitions" in text


def test_a_server_that_never_answers_is_given_up_with_its_log():
    guard = Guard()
    code = "print('thinking', flush=True); import time; time.sleep(60)"
    port = guard.ports(1)[0]
    service = Service(
        "sleeper", [sys.executable, "-c", code], guard, port, ready=lambda: False, patience=1
    )
    service.launch()
    with pytest.raises(LabError, match=r"(?s)did not answer within 1 s.*sleeper.log.*thinking"):
        service.wait_ready()
    guard.end()


@pytest.mark.parametrize(
    ("arguments", "word"),
    [({"target": "clowd"}, "clowd"), ({"brokers": 0}, "0"), ({"brokers": 99}, "99")],
)
def test_wrong_arguments_of_start_lab(arguments, word):
    with pytest.raises(LabError) as error:
        start_lab(**arguments)
    assert word in one_line(error)
