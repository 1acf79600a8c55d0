"""The command: its options, and a run on the cloud's three SASL_SSL brokers."""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime, timedelta

import boto3
import pytest

from helpers.config import ROOT
from helpers.errors import LabError
from helpers.pipeline import monitor_command
from helpers.pipeline.monitor_settings import Settings


def settings(*words: str) -> Settings:
    parser = argparse.ArgumentParser()
    monitor_command.add_arguments(parser)
    return monitor_command.settings(parser.parse_args(words))


def test_options_become_settings():
    assert settings() == Settings(
        log_group="aula/eventos", groups={"s3-sink": (), "derive": (), "notify": ()}
    )
    words = "--prefix ana- --groups a b=sistema-logs,notificaciones --every 5 --resolution 1"
    made = settings(*words.split(), "--log-group", "", "--set", "fetch.min.bytes=1", "--log-all")
    assert made.watched == {
        "ana-a": (),
        "ana-b": ("ana-sistema-logs", "ana-notificaciones"),
    }
    assert (made.every_s, made.resolution, made.log_group, made.log_all) == (5, 1, None, True)
    assert made.consumer({})["fetch.min.bytes"] == "1"
    assert made.consumer({})["group.id"] == "ana-monitor"
    assert set(made.names) == {
        "ana-estudiante-eventos",
        "ana-sistema-logs",
        "ana-notificaciones",
    }
    with pytest.raises(LabError, match="NAME=VALUE"):
        settings("--set", "nonsense")
    assert settings("--groups").watched == {}


def helpers(*words: str, **options) -> subprocess.Popen:
    argv = [sys.executable, "-u", "-m", "helpers", *words, "--target", "cloud", "--prefix", "cl-"]
    return subprocess.Popen(
        argv, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options
    )


@pytest.mark.soak
def test_on_the_cloud(cloud_lab, tmp_path):
    acks = tmp_path / "acks.jsonl"
    for words in (["topics"], ["produce", "--count", "600", "--rate", "2000"]):
        more = ["--acks-file", str(acks)] if words[0] == "produce" else []
        done = helpers(*words, *more)
        assert done.wait(60) == 0, done.stdout.read()
    want = Counter(json.loads(line)["topic"] for line in acks.read_text().splitlines())
    monitor = helpers("monitor", "--every", "1", "--set", "session.timeout.ms=6000")
    cloudwatch = boto3.session.Session(region_name=os.environ["AWS_DEFAULT_REGION"]).client(
        "cloudwatch", endpoint_url=os.environ["AWS_ENDPOINT_URL"]
    )

    def seen(topic: str) -> float:
        now = datetime.now(UTC)
        found = cloudwatch.get_metric_statistics(
            Namespace="cl-AulaStreaming",
            MetricName="EndToEndLatency",
            Dimensions=[{"Name": "Topic", "Value": topic}],
            StartTime=now - timedelta(hours=1),
            EndTime=now + timedelta(minutes=1),
            Period=60,
            Statistics=["SampleCount"],
        )
        return sum(point["SampleCount"] for point in found["Datapoints"])

    try:
        deadline = time.monotonic() + 60
        while any(seen(topic) < n for topic, n in want.items()):
            assert monitor.poll() is None, monitor.stdout.read()
            assert time.monotonic() < deadline
            time.sleep(0.2)
        monitor.send_signal(signal.SIGTERM)
        assert monitor.wait(30) == 0
        assert f"stopped: {want.total()} records counted" in monitor.stdout.read()
    finally:
        monitor.kill()
        monitor.wait()
    assert {topic: seen(topic) for topic in want} == dict(want)
