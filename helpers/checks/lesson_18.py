"""Lesson 18: what a sink's requests cost, counted in a bucket; a bucket that keeps old versions."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from helpers.costs import Price
from helpers.exercises import Verdict, blank, exercise, right, wrong

TASK_1 = "flush_s = the whole number of seconds that a batch must collect at least"
TASK_2 = "define empty_and_delete(s3, bucket), which deletes a bucket and all that is in it"
BUDGET = 1.0  # USD a month
PUTS = 2  # of a batch: a plan, an object


@exercise("18.1")
def seconds_to_collect(flush_s, *, price: Price, hours: int, partitions: int) -> Verdict:
    """The smallest number of seconds at which the month's PUT stay within the budget."""
    if flush_s is None or flush_s is ...:
        return blank(TASK_1)
    if isinstance(flush_s, bool) or not isinstance(flush_s, int | float) or flush_s <= 0:
        return wrong("a number of seconds, please, above 0")

    def usd(seconds: float, puts: int = PUTS, parts: int = partitions) -> float:
        return price.month(puts * parts * hours * 3600 / seconds)

    least = math.ceil(usd(1) / BUDGET)
    if flush_s == least:
        return right(f"{usd(least):.2f} USD a month; with one second less {usd(least - 1):.2f}")
    if flush_s == math.ceil(usd(1, puts=1) / BUDGET):
        return wrong("that counts one PUT a batch; what did the sink put beside each object?")
    if flush_s == math.ceil(usd(1, parts=1) / BUDGET):
        return wrong("that is one partition's share; each partition makes batches of its own")
    if flush_s < least:
        return wrong(f"with {flush_s:g} s it is {usd(flush_s):.2f} USD a month: too much")
    return wrong(f"{flush_s:g} s is enough ({usd(flush_s):.2f} USD), and not the smallest number")


@exercise("18.2")
def bucket_with_versions(answer: Callable | None, *, s3: Any, bucket: str) -> Verdict:
    """Call it, then ask S3 what is there; the bucket is filled again first, if need be."""
    if answer is None or answer is ... or answer.__code__.co_code == _empty.__code__.co_code:
        return blank(TASK_2)
    _fill(s3, bucket)
    try:
        answer(s3, bucket)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code != "BucketNotEmpty":
            return wrong(f"S3 refused: {code}")
    there = bucket in {each["Name"] for each in s3.list_buckets()["Buckets"]}
    if not there:
        return right("the bucket is gone, with all versions and delete markers")
    listed = s3.list_object_versions(Bucket=bucket)
    versions, markers = len(listed.get("Versions", [])), len(listed.get("DeleteMarkers", []))
    if versions or markers:
        return wrong(
            f"still in it: {versions} versions, {markers} delete markers; to delete an object "
            "without naming its VersionId adds a marker and frees nothing"
        )
    return wrong("it is empty, and still there: delete the bucket itself, too")


def _empty(s3, bucket): ...


def _fill(s3: Any, bucket: str) -> None:
    if bucket not in {each["Name"] for each in s3.list_buckets()["Buckets"]}:
        region = s3.meta.region_name
        place = {"CreateBucketConfiguration": {"LocationConstraint": region}}
        s3.create_bucket(Bucket=bucket, **(place if region != "us-east-1" else {}))
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    for body in (b"uno", b"dos"):
        s3.put_object(Bucket=bucket, Key="notas.txt", Body=body)
    s3.delete_object(Bucket=bucket, Key="notas.txt")
