"""What a program gets in the check of the capstone, its traces, and the program itself."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient

from helpers.checks.topic import fresh, read
from helpers.errors import LabError
from helpers.lab import Lab

SECONDS = 60.0  # for the program to do its work
TO_STOP = 20.0  # after SIGTERM
METRIC = "SharedAccounts"
ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")  # event_id, hence alert_id


@dataclass
class Room:
    """What one run of a program gets, and where its traces are looked for."""

    lab: Lab
    name: str

    def __post_init__(self) -> None:
        self.events, self.alerts = f"{self.name}-eventos", f"{self.name}-alertas"
        self.bucket = self.lab.bucket_name(self.name)
        self.namespace, self.mailbox = self.name, f"{self.name}@example.com"
        self.s3 = boto3.client("s3")
        self.s3.create_bucket(Bucket=self.bucket)
        admin = AdminClient(self.lab.kafka)
        fresh(admin, self.events, 6)
        fresh(admin, self.alerts, 3)
        sns = boto3.client("sns")
        self.sns = sns.create_topic(Name=self.name)["TopicArn"]
        sns.subscribe(TopicArn=self.sns, Protocol="email", Endpoint=self.mailbox)
        link = self.lab.inbox.confirmation_url(self.mailbox)
        urllib.request.urlopen(link, timeout=10).close()

    def environment(self) -> dict[str, str]:
        """The program's settings; AWS_* are exported already."""
        own = {
            "KAFKA": json.dumps(self.lab.kafka),
            "EVENTS": self.events,
            "ALERTS": self.alerts,
            "GROUP": f"{self.name}-grupo",
            "BUCKET": self.bucket,
            "NAMESPACE": self.namespace,
            "TOPIC_ARN": self.sns,
        }
        return {**os.environ, **{f"CAPSTONE_{name}": value for name, value in own.items()}}

    def send(self, records: list[tuple[bytes, bytes]]) -> None:
        """Send keys and values in their order. Raises LabError when one was not delivered."""
        # 3: a new cluster may need a moment to find a coordinator, which is no news for a learner
        quiet = {"enable.idempotence": True, "log_level": 3}
        with Producer({**self.lab.kafka, **quiet}) as producer:
            for key, value in records:
                producer.produce(self.events, key=key, value=value)
            if producer.flush(30):
                raise LabError("the local broker did not take the events; run the check again")

    def told(self) -> list[Any]:
        """The values in the topic of alerts, as far as they are JSON."""
        return [parsed(record.value()) for record in read(self.lab.kafka, self.alerts)]

    def ids(self) -> set[str]:
        """The alert_ids in the topic of alerts."""
        return {str(each.get("alert_id")) for each in self.told() if isinstance(each, dict)}

    def stored(self) -> set[str]:
        """The names of the objects under alertas/."""
        pages = self.s3.get_paginator("list_objects_v2")
        pages = pages.paginate(Bucket=self.bucket, Prefix="alertas/")
        keys = [each["Key"] for page in pages for each in page.get("Contents", ())]
        return {key.removeprefix("alertas/") for key in keys}

    def history(self) -> dict[str, Any]:
        """The objects under alertas/ by name, parsed."""
        objects = {
            name: self.s3.get_object(Bucket=self.bucket, Key=f"alertas/{name}")
            for name in self.stored()
        }
        return {name: parsed(found["Body"].read()) for name, found in objects.items()}

    def counted(self) -> float:
        """The sum of the metric, without dimensions, over the last hour."""
        answer = boto3.client("cloudwatch").get_metric_statistics(
            Namespace=self.namespace,
            MetricName=METRIC,
            StartTime=time.time() - 3600,
            EndTime=time.time() + 60,
            Period=3600,
            Statistics=["Sum"],
        )
        return sum(point["Sum"] for point in answer["Datapoints"])

    def mails(self) -> Counter[str]:
        """How many mails there are for each alert_id that they name."""
        mails = self.lab.inbox.mails(self.mailbox)
        words = [ID.findall(mail["subject"] + " " + mail["body"]) for mail in mails]
        return Counter(each for found in words for each in set(found))


class Program:
    """The answer, running."""

    def __init__(self, path: Path, room: Room) -> None:
        self._out = tempfile.TemporaryFile()  # noqa: SIM115
        own = {"stdout": self._out, "stderr": subprocess.STDOUT, "start_new_session": True}
        argv = [sys.executable, str(path)]
        self._process = subprocess.Popen(argv, env=room.environment(), **own)

    def works_until(self, condition: Callable[[], bool], seconds: float) -> bool:
        """Wait for `condition` while it runs; whether it came true."""
        deadline = time.monotonic() + seconds
        while not (done := condition()) and time.monotonic() < deadline and self.alive:
            time.sleep(0.25)
        return done

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self._process.poll() is None

    def end(self, number: signal.Signals = signal.SIGTERM) -> int | None:
        """Send a signal; its exit status, None if it had to be killed."""
        self._process.send_signal(number)
        try:
            return self._process.wait(TO_STOP)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            return None

    def last_words(self) -> str:
        """The last line that it wrote."""
        self._out.seek(0)
        lines = self._out.read().decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else "it wrote nothing"


def parsed(raw: bytes | None) -> Any:
    """JSON, or None."""
    try:
        return json.loads(raw or b"null")
    except ValueError:
        return None
