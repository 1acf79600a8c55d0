"""From a click in Chromium to the object in S3, the metric and the mail: every part a process."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import boto3
import pytest
from confluent_kafka.admin import AdminClient

import helpers.web
from helpers.lab import start_lab
from helpers.local import fetch, shared
from helpers.local.paths import home
from helpers.local.process import wait_until
from helpers.pipeline.topics import create_topics
from tests.web.looking import click, told_place
from tests.web.support import stored

pytestmark = [pytest.mark.soak, pytest.mark.timeout(600)]
PREFIX = "clic-"
MAIL = "docente@example.com"
LONG = 90  # seconds; a busy machine, and a consumer group that has to form


@pytest.fixture(scope="module")
def class_lab(tmp_path_factory):
    """A shared lab in a home of its own, as `python -m helpers up` starts it: services find it."""
    real, own = home(), tmp_path_factory.mktemp("home")
    for name in ("maven", "aot", "templates", f"registry-{fetch.lock()['apicurio']}"):
        if (real / name).exists():
            Path(own, name).symlink_to(real / name)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_CONFLUENT_HOME", str(own))
        shared.up(parts=["kafka", "aws"])
        lab = start_lab(prefix=PREFIX, aws=True, quiet=True)
        try:
            yield lab
        finally:
            lab.stop()
            shared.down()


@pytest.fixture(scope="module")
def running(class_lab):
    """The four services, each `python -m helpers …`; and bucket and SNS topic with a subscriber."""
    create_topics(AdminClient(class_lab.kafka), PREFIX)
    bucket = class_lab.bucket_name("lago")
    boto3.client("s3").create_bucket(Bucket=bucket)
    sns = boto3.client("sns")
    arn = sns.create_topic(Name=class_lab.name("avisos"))["TopicArn"]
    sns.subscribe(TopicArn=arn, Protocol="email", Endpoint=MAIL)
    token = class_lab.inbox.confirmation_url(MAIL).split("Token=")[1].split("&")[0]
    sns.confirm_subscription(TopicArn=arn, Token=token)
    commands = {
        "events": ["sink", bucket, "--age", "1"],
        "errors": ["sink", bucket, "--age", "1", "--topic", "sistema-logs"],
        "derive": ["derive"],
        "monitor": ["monitor", "--every", "1", "--resolution", "1"],
        "notify": ["notify", "--bucket", bucket, "--sns-topic", arn],
    }
    started = {}
    for name, words in commands.items():
        said = tempfile.TemporaryFile("w+")  # noqa: SIM115 (read at the end)
        argv = [sys.executable, "-m", "helpers", *words, "--prefix", PREFIX]
        started[name] = said, subprocess.Popen(argv, stdout=said, stderr=said, env=dict(os.environ))
    try:
        yield bucket
        for _, process in started.values():
            process.send_signal(signal.SIGTERM)
        codes = {name: process.wait(60) for name, (_, process) in started.items()}
        assert set(codes.values()) == {0}, codes
    finally:
        for name, (said, process) in started.items():
            process.kill()
            process.wait()
            said.seek(0)
            print(f"{name}: {said.read()[-1000:]}")


@pytest.fixture(scope="module")
def web(class_lab, running):
    web = helpers.web.start(class_lab.kafka, PREFIX)
    yield web
    web.stop()


def in_the_lake(bucket: str) -> dict[str, str]:
    """event_id → the key of the object that holds it."""
    s3, found = boto3.client("s3"), {}
    for listed in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        for key in (row["Key"] for row in listed.get("Contents", [])):
            if key.endswith(".gz"):
                body = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
                lines = gzip.decompress(body).splitlines()
                found |= {json.loads(line)["event_id"]: key for line in lines}
    return found


def processed(topic: str, kind: str) -> float:
    now = datetime.now(UTC)
    found = boto3.client("cloudwatch").get_metric_statistics(
        Namespace=f"{PREFIX}AulaStreaming",
        MetricName="Processed",
        Dimensions=[{"Name": "Topic", "Value": topic}, {"Name": "Type", "Value": kind}],
        StartTime=now - timedelta(minutes=10),
        EndTime=now + timedelta(minutes=1),
        Period=60,
        Statistics=["Sum"],
    )
    return sum(point["Sum"] for point in found["Datapoints"])


def test_a_click_arrives_everywhere(browser, web, class_lab, running):
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.set_default_timeout(30_000)
    page.goto(web.url)
    page.locator("#kafka.up").wait_for()
    told = {"login": click(page, "login", "Iniciar sesión")}
    told["tarea"] = click(page, "tarea", "Entregar tarea")
    page.locator("#calificacion fieldset:not(:disabled)").wait_for()
    page.locator("#grade").fill("3.2")
    told["calificacion"] = click(page, "calificacion", "Publicar calificación")
    told["error"] = click(page, "error", "Provocar error")
    told["logout"] = click(page, "logout", "Cerrar sesión")
    records = stored(class_lab.kafka, PREFIX)
    ids = {kind: records[told_place(text)][1]["event_id"] for kind, text in told.items()}

    # S3: every click is in the lake.
    assert wait_until(lambda: set(ids.values()) <= set(in_the_lake(running)), LONG, every=0.5)
    lake = in_the_lake(running)
    assert "estudiante-eventos" in lake[ids["login"]]
    assert "sistema-logs" in lake[ids["error"]]
    # CloudWatch: the monitor has counted each.
    topics = {kind: "sistema-logs" if kind == "error" else "estudiante-eventos" for kind in ids}

    def counted() -> bool:
        names = {kind: PREFIX + topic for kind, topic in topics.items()}
        return all(processed(topic, kind) == 1 for kind, topic in names.items())

    assert wait_until(counted, LONG, every=0.5)
    # SNS: the failed mark and the critical error were mailed, once each.
    mark = ids["calificacion"]
    notification = mark[:14] + "8" + mark[15:]
    for wanted in (ids["error"], (mark, notification)):
        wanted = (wanted,) if isinstance(wanted, str) else wanted
        mails = class_lab.inbox.wait(
            "mail", lambda mail, ids=wanted: any(i in mail["body"] for i in ids), LONG, MAIL
        )
        assert len(mails) == 1
    # The page has read back what the processor derived.
    page.locator(".rows li.notificaciones").filter(has_text="suspenso").wait_for()
    page.close()
