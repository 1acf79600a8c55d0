"""The brief's status checklist, made live: every tick is a question asked just now.

Confluent and AWS are looked for in this order: the lab that is running here, the shared lab, the
accounts that `.env` names. Nothing is created or changed.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass

import boto3
from botocore.exceptions import BotoCoreError, ClientError
from confluent_kafka import Consumer, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient

from helpers import config
from helpers.checklist import Check, local
from helpers.errors import LabError
from helpers.local import cloudcheck, shared
from helpers.pipeline.topics import TOPICS


def checks(target: str | None = None) -> list[Check]:
    """Ask everything. `target` "local" or "cloud" says where Kafka and AWS are looked for."""
    return [*remote(target), *local()]


def remote(target: str | None = None) -> list[Check]:
    """The part of the list that Kafka and AWS answer."""
    where = Where.find(target)
    with where.environment():
        return [*_confluent(where), *_aws(where)]


def steps(target: str | None = None) -> list[Check]:
    """The brief's next steps after the set-up: a first producer, a first consumer, the stack."""
    where = Where.find(target)
    with where.environment():
        return [*_first_records(where), _stack(where)]


def report(target: str | None = None) -> list[Check]:
    """Print the list, and how much of it is ticked; return it."""
    found = [*checks(target), *steps(target)]
    for check in found:
        print(check)
    print(f"{sum(c.ok for c in found)} of {len(found)} ticked")
    return found


def main(target: str | None = None) -> int:
    """The command: 0 when all that was asked for is ticked (`target`'s list, or the local part)."""
    found = report(target)
    # A learner without accounts, who has not run the tests yet, has nothing to mend.
    later = ("Variables", "Tests run")
    matter = [c for c in found if target or (c.area == "Local" and c.name not in later)]
    return 0 if all(c.ok for c in matter) else 1


@dataclass
class Where:
    """Which Kafka and AWS the list is about."""

    label: str
    kafka: dict | None
    aws: dict | None
    why_not: str = ""

    @classmethod
    def find(cls, target: str | None) -> Where:
        """The running lab, else the shared one, else the cloud of `.env`; or as `target` says."""
        from helpers import lab

        here, kept = lab._current, shared.find()
        if target != "cloud" and here and here.is_local:
            return cls("this lab", here.kafka, here.aws)
        if target != "cloud" and kept:
            return cls("the shared lab", kept["kafka"], kept["aws"])
        if target == "local":
            return cls("the local lab", None, None, "no lab is running")
        return cls.cloud()

    @classmethod
    def cloud(cls) -> Where:
        """The accounts of `.env`, each only if it is fully configured."""
        parts = []
        for read in (config.cloud_kafka, config.cloud_aws):
            try:
                parts.append(read())
            except LabError:
                parts.append(None)
        missing = [name for name in config.KAFKA if name not in config.variables()]
        why = f"not configured: {', '.join(missing)}" if missing else ""
        return cls("Confluent Cloud and AWS", *parts, why)

    @property
    def mend(self) -> str:
        """What brings a missing Kafka or AWS."""
        local = "lab" in self.label
        return "python -m helpers up" if local else "fill in .env (docs/cloud.md)"

    @contextmanager
    def environment(self):
        """AWS_* as they are there, while the questions are asked."""
        before = dict(os.environ)
        try:
            self._become(config.environment() | (self.aws or {}))
            yield
        finally:
            self._become(before)

    @staticmethod
    def _become(variables: dict[str, str]) -> None:
        os.environ.clear()
        os.environ.update(variables)
        boto3.setup_default_session()  # the old one would keep the keys that it found


def _confluent(where: Where):
    mend = where.mend
    names = ("Cluster reachable", "API key valid", "Topics created")
    if not where.kafka:
        yield Check("Confluent", "Account", False, where.why_not or "not configured", mend)
        for name in names:
            yield Check("Confluent", name, False, "-", mend)
        return
    yield Check("Confluent", "Account", True, f"{where.label}, {where.kafka['bootstrap.servers']}")
    try:
        row = cloudcheck.kafka(where.kafka)
    except LabError as error:
        refused = "refused the API key" in str(error)
        yield Check("Confluent", names[0], refused, "answers" if refused else str(error), mend)
        yield Check("Confluent", names[1], False, str(error) if refused else "-", mend)
        yield Check("Confluent", names[2], False, "-", mend)
        return
    yield Check("Confluent", names[0], True, row[2])
    secured = "accepted" if "sasl.username" in where.kafka else "none needed on this machine"
    yield Check("Confluent", names[1], True, secured)
    admin = AdminClient({**where.kafka, "log_level": 0})
    try:
        listed = admin.list_topics(timeout=10).topics
    except KafkaException as error:
        yield Check("Confluent", names[2], False, str(error), mend)
        return
    here = [t for t in TOPICS if any(name.endswith(t) for name in listed)]
    missing = [t for t in TOPICS if t not in here]
    detail = f"{len(here)} of {len(TOPICS)}" + (
        f", without {', '.join(missing)}" if missing else ""
    )
    yield Check("Confluent", names[2], not missing, detail, "python -m helpers topics")


def _aws(where: Where):
    mend = where.mend
    if not where.aws:
        for name in ("Account", "Identity and IAM", *RESOURCES):
            yield Check("AWS", name, False, "not configured" if name == "Account" else "-", mend)
        return
    region = where.aws.get("AWS_DEFAULT_REGION", "")
    yield Check("AWS", "Account", True, f"{where.label}, {region}")
    try:
        account, _ = cloudcheck.aws()
    except LabError as error:
        yield Check("AWS", "Identity and IAM", False, str(error), mend)
        return
    yield Check("AWS", "Identity and IAM", True, f"account {account}, keys accepted")
    for name, (count, remedy) in RESOURCES.items():
        try:
            n = count()
        except (ClientError, BotoCoreError) as error:
            yield Check("AWS", name, False, str(error), "give the user the policy of docs/cloud.md")
        else:
            yield Check("AWS", name, n > 0, f"{n} here" if n else "none yet", remedy)


def _first_records(where: Where):
    """Whether somebody has written into one of the topics, and whether a group has read."""
    names, mend = ("First producer", "First consumer"), where.mend
    if not where.kafka:
        yield from (Check("Confluent", name, False, "-", mend) for name in names)
        return
    client = Consumer({**where.kafka, "group.id": "doctor", "log_level": 0})
    try:
        listed = client.list_topics(timeout=10).topics
        ends = {
            name: sum(
                client.get_watermark_offsets(TopicPartition(name, part), timeout=10)[1]
                for part in listed[name].partitions
            )
            for name in listed
            if name.endswith(tuple(TOPICS))
        }
        admin = AdminClient({**where.kafka, "log_level": 0})
        groups = admin.list_consumer_groups(request_timeout=10).result().valid
    except KafkaException as error:
        yield from (Check("Confluent", name, False, str(error), mend) for name in names)
        return
    finally:
        client.close()
    written = sum(ends.values())
    yield Check("Confluent", names[0], written > 0, f"{written} records so far", "run lesson 01")
    read = f"{len(groups)} groups here" if groups else "no group yet"
    yield Check("Confluent", names[1], bool(groups), read, "run lesson 01")


def _stack(where: Where) -> Check:
    """Whether CloudFormation has deployed the AWS side, under whichever prefix."""
    if not where.aws:
        return Check("AWS", "Stack deployed", False, "-", where.mend)
    try:
        stacks = boto3.client("cloudformation").describe_stacks()["Stacks"]
    except (ClientError, BotoCoreError) as error:
        remedy = "give the user the policy of docs/cloud.md"
        return Check("AWS", "Stack deployed", False, str(error), remedy)
    complete = ("CREATE_COMPLETE", "UPDATE_COMPLETE")
    mine = [each for each in stacks if each["StackName"].endswith("aula-streaming")]
    states = [f"{each['StackName']} {each['StackStatus']}" for each in mine]
    done = any(each["StackStatus"] in complete for each in mine)
    remedy = "python -m helpers infra deploy, or lesson 12"
    return Check("AWS", "Stack deployed", done, ", ".join(states) or "none yet", remedy)


def _count(service: str, operation: str, key: str) -> Callable[[], int]:
    """A question that counts what an AWS service lists under `key`."""
    return lambda: len(getattr(boto3.client(service), operation)()[key])


# What the series makes in AWS: name → how many there are, and which lesson makes the first.
RESOURCES = {
    "S3 bucket": (_count("s3", "list_buckets", "Buckets"), "run lesson 01"),
    "CloudWatch log group": (_count("logs", "describe_log_groups", "logGroups"), "lesson 10"),
    "CloudWatch metrics": (_count("cloudwatch", "list_metrics", "Metrics"), "run lesson 01"),
    "CloudWatch alarm": (_count("cloudwatch", "describe_alarms", "MetricAlarms"), "lesson 11"),
    "SNS topic": (_count("sns", "list_topics", "Topics"), "lesson 11"),
}
