"""Take away what a lesson made, and wait until it is gone: for receipts, and to run a lesson again.

Each function is safe to call for things that are not there, and returns what it really removed.
"""

from __future__ import annotations

import time
from concurrent.futures import Future

from botocore.exceptions import ClientError
from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient
from confluent_kafka.schema_registry import SchemaRegistryClient, SchemaRegistryError

from helpers.errors import LabError
from helpers.local.process import wait_until

SECONDS = 30


def drop_topics(admin: AdminClient, *names: str) -> list[str]:
    """Delete those of the topics that exist; wait until the cluster no longer lists them.

    It asks to delete all of them, since a broker may not list a topic yet that was just created.

    Raises:
        LabError: they are still listed after 30 s.
        KafkaException: the cluster refuses (an ACL, say).
    """
    removed = _settle(admin.delete_topics(list(names), operation_timeout=SECONDS))
    if not wait_until(
        lambda: not set(removed) & set(admin.list_topics(timeout=10).topics), SECONDS
    ):
        raise LabError(f"still there after {SECONDS} s: {', '.join(removed)}; see the broker's log")
    return removed


def drop_groups(admin: AdminClient, *names: str) -> list[str]:
    """Delete those of the consumer groups that exist. Their consumers must have been closed.

    What was killed, or has a `group.instance.id`, is a member until its session is over (45 s by
    default), and a group with members cannot be deleted: it waits for that, for a minute at most.
    """
    listed = admin.list_consumer_groups(request_timeout=10).result()
    there = sorted(set(names) & {group.group_id for group in listed.valid})
    deadline = time.monotonic() + 2 * SECONDS
    removed: list[str] = []
    while there:
        futures = admin.delete_consumer_groups(there, request_timeout=SECONDS)
        removed += _settle({name: futures.pop(name) for name in there if _decided(futures[name])})
        there = sorted(futures)
        if there and time.monotonic() > deadline:
            _settle(futures)  # raises why
        elif there:
            time.sleep(0.25)
    return sorted(removed)


def _decided(future: Future) -> bool:
    """Whether the answer will not change by itself; waits for it."""
    error = future.exception(SECONDS)
    return not (isinstance(error, KafkaException) and error.args[0].code() in NOT_YET)


# Members that are still counted, or a coordinator that is just being found.
NOT_YET = (KafkaError.NON_EMPTY_GROUP, KafkaError.NOT_COORDINATOR)
NOT_YET += (KafkaError.COORDINATOR_NOT_AVAILABLE, KafkaError.COORDINATOR_LOAD_IN_PROGRESS)
GONE = (KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError.GROUP_ID_NOT_FOUND)


def _settle(futures: dict) -> list[str]:
    """Wait for all; the names that were there and are gone."""
    removed = []
    for name, future in sorted(futures.items()):
        try:
            future.result(SECONDS)
            removed.append(name)
        except KafkaException as error:
            if error.args[0].code() not in GONE:
                raise
    return removed


def drop_bucket(s3, bucket: str) -> int | None:
    """Delete a bucket and all versions in it; return how many, None if it was not there."""
    try:
        pages = list(s3.get_paginator("list_object_versions").paginate(Bucket=bucket))
    except ClientError as error:
        if error.response["Error"]["Code"] == "NoSuchBucket":
            return None
        raise
    found = [
        v for page in pages for kind in ("Versions", "DeleteMarkers") for v in page.get(kind, [])
    ]
    objects = [{"Key": v["Key"], "VersionId": v["VersionId"]} for v in found]
    for start in range(0, len(objects), 1000):  # the API's limit for one call
        s3.delete_objects(Bucket=bucket, Delete={"Objects": objects[start : start + 1000]})
    s3.delete_bucket(Bucket=bucket)
    return len(objects)


def drop_subjects(registry: SchemaRegistryClient, *names: str) -> list[str]:
    """Delete those of the subjects that exist, for good: all versions, and the compatibility level.

    A registry lets go of a subject in two steps: first it only marks it, then it forgets it. Name a
    subject before those that its schemas refer to. The client forgets what it remembered of them.

    Raises:
        SchemaRegistryError: the registry refuses (another schema refers to one of them, say).
    """
    removed = []
    for name in names:
        found = [_delete_subject(registry, name, permanent) for permanent in (False, True)]
        removed += [name] * any(found)
    registry.clear_caches()
    return removed


def _delete_subject(registry: SchemaRegistryClient, name: str, permanent: bool) -> bool:
    try:
        registry.delete_subject(name, permanent=permanent)
    except SchemaRegistryError as error:
        if error.http_status_code != 404:
            raise
        return False
    return True
