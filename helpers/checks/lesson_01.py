"""The checks of lesson 01: what a logout has left in the topic and in the bucket."""

from __future__ import annotations

import json

from botocore.exceptions import ClientError
from confluent_kafka import Message

from helpers.checks.topic import read
from helpers.exercises import Verdict, blank, exercise, right, wrong

SECONDS = 20


@exercise("01.1")
def logout_behind_login(answer, *, kafka, s3, topic, bucket, student_id) -> Verdict:
    """The last logout of the student: keyed, behind the login, and in S3 under its address."""
    found = {"login": None, "logout": None}
    # Partitions are read in any order: across them only the time says which came last.
    for record in sorted(read(kafka, topic), key=lambda record: record.timestamp()[1]):
        value = _decoded(record)
        if value.get("student_id") == student_id and value.get("type") in found:
            found[value["type"]] = record
    login, logout = found["login"], found["logout"]
    if login is None:
        return wrong(f"there is no login of {student_id} in {topic}; run the cells from the top")
    if logout is None:
        return blank(f"send a logout of {student_id} to {topic}, then put it in S3")
    at = f"partition {logout.partition()}, offset {logout.offset()}"
    if logout.key() != login.key():
        key = logout.key().decode("utf-8", "replace") if logout.key() else "no key"
        return wrong(
            f"the logout has {key!r} as key, the login {login.key().decode()!r}; "
            "the key decides the partition, whatever the value says"
        )
    if logout.partition() != login.partition() or logout.offset() < login.offset():
        return wrong(f"the logout is at {at}, not behind the login; produce it with the same key")
    name = f"{topic}/partition={logout.partition()}/{logout.offset():010d}.json"
    try:
        body = s3.get_object(Bucket=bucket, Key=name)["Body"].read()
    except ClientError as error:
        code = error.response["Error"]["Code"]
        return wrong(
            f"the logout is at {at}, but S3 answers {code} for {name}; "
            "the name comes from the delivery report of the logout: object_key(reports[-1])"
        )
    if body != logout.value():
        return wrong(f"the object {name} holds other bytes than the record at {at}")
    return right(f"the logout is at {at}, behind the login, and its object is beside it")


def _decoded(record: Message) -> dict:
    """The value as a dictionary; {} for anything that is not a JSON object."""
    try:
        value = json.loads(record.value() or b"")
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
