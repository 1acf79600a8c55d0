"""S3 as the lessons use it."""

from __future__ import annotations

import base64
import hashlib
import os
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError

from tests.aws.support import refused


@pytest.fixture
def bucket(aws, unique):
    name = f"bucket-{unique}"
    aws("s3").create_bucket(Bucket=name)
    return name


def test_an_object_comes_back_with_its_metadata(aws, bucket):
    s3 = aws("s3")
    answer = s3.put_object(
        Bucket=bucket, Key="a/b.txt", Body=b"hello", Metadata={"k": "v"}, ContentType="text/csv"
    )
    assert answer["ETag"].strip('"') == hashlib.md5(b"hello").hexdigest()
    found = s3.get_object(Bucket=bucket, Key="a/b.txt")
    assert (found["Body"].read(), found["Metadata"]) == (b"hello", {"k": "v"})
    assert found["ContentType"] == "text/csv"


def test_listing_pages_order_and_prefixes(aws, bucket):
    s3 = aws("s3")

    def store(i: int) -> None:
        s3.put_object(Bucket=bucket, Key=f"d={i % 5}/k{i:05d}", Body=b"x")

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(store, range(250)))
    pages = list(s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, MaxKeys=100))
    keys = [item["Key"] for page in pages for item in page["Contents"]]
    assert (len(pages), len(keys)) == (3, 250)
    assert keys == sorted(keys)
    folders = s3.list_objects_v2(Bucket=bucket, Delimiter="/")["CommonPrefixes"]
    assert [folder["Prefix"] for folder in folders] == [f"d={i}/" for i in range(5)]
    assert s3.list_objects_v2(Bucket=bucket, Prefix="d=3/", MaxKeys=7)["IsTruncated"]


def multipart(s3, bucket: str, key: str, *parts: bytes) -> dict:
    upload = s3.create_multipart_upload(Bucket=bucket, Key=key)["UploadId"]
    where = {"Bucket": bucket, "Key": key, "UploadId": upload}
    done = [
        {"ETag": s3.upload_part(**where, PartNumber=i, Body=part)["ETag"], "PartNumber": i}
        for i, part in enumerate(parts, 1)
    ]
    return s3.complete_multipart_upload(**where, MultipartUpload={"Parts": done})


def test_multipart_upload(aws, bucket):
    parts = os.urandom(5 << 20), os.urandom(1 << 20)
    digests = b"".join(hashlib.md5(part).digest() for part in parts)
    answer = multipart(aws("s3"), bucket, "big", *parts)
    assert answer["ETag"].strip('"') == hashlib.md5(digests).hexdigest() + "-2"
    assert aws("s3").get_object(Bucket=bucket, Key="big")["Body"].read() == b"".join(parts)


def test_a_small_part_is_refused_unless_it_is_the_last(aws, bucket):
    with refused("EntityTooSmall"):
        multipart(aws("s3"), bucket, "small", b"x" * (1 << 20), b"y")
    assert multipart(aws("s3"), bucket, "last", b"x" * 10)["ETag"]


def test_put_if_absent_has_one_winner(aws, bucket):
    s3 = aws("s3")

    def race(_: int) -> bool:
        try:
            s3.put_object(Bucket=bucket, Key="race", Body=b"r", IfNoneMatch="*")
        except ClientError:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(race, range(8))) == 1
    with refused("PreconditionFailed", status=412):
        s3.put_object(Bucket=bucket, Key="race", Body=b"2", IfNoneMatch="*")


def test_put_if_unchanged(aws, bucket):
    s3 = aws("s3")
    first = s3.put_object(Bucket=bucket, Key="cas", Body=b"1")["ETag"]
    s3.put_object(Bucket=bucket, Key="cas", Body=b"2", IfMatch=first)
    with refused("PreconditionFailed", status=412):
        s3.put_object(Bucket=bucket, Key="cas", Body=b"3", IfMatch=first)


def test_versions(aws, bucket):
    s3, where = aws("s3"), {"Bucket": bucket, "Key": "k"}
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    first = s3.put_object(**where, Body=b"1")["VersionId"]
    s3.put_object(**where, Body=b"2")
    marker = s3.delete_object(**where)
    assert marker["DeleteMarker"]
    with refused("NoSuchKey"):
        s3.get_object(**where)
    assert s3.get_object(**where, VersionId=first)["Body"].read() == b"1"
    listed = s3.list_object_versions(Bucket=bucket)
    assert (len(listed["Versions"]), len(listed["DeleteMarkers"])) == (2, 1)
    s3.delete_object(**where, VersionId=marker["VersionId"])
    assert s3.get_object(**where)["Body"].read() == b"2"


def test_lifecycle_rules(aws, bucket):
    s3 = aws("s3")
    rule = {
        "ID": "x",
        "Status": "Enabled",
        "Filter": {"Prefix": "tmp/"},
        "Expiration": {"Days": 7},
        "Transitions": [{"Days": 1, "StorageClass": "GLACIER"}],
    }
    s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": [rule]})
    assert s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"] == [rule]
    s3.delete_bucket_lifecycle(Bucket=bucket)
    with refused("NoSuchLifecycleConfiguration"):
        s3.get_bucket_lifecycle_configuration(Bucket=bucket)


def test_ranges_and_absences(aws, bucket):
    s3 = aws("s3")
    s3.put_object(Bucket=bucket, Key="r", Body=b"0123456789")
    assert s3.get_object(Bucket=bucket, Key="r", Range="bytes=2-4")["Body"].read() == b"234"
    with refused("InvalidRange", status=416):
        s3.get_object(Bucket=bucket, Key="r", Range="bytes=50-60")
    with refused("NoSuchKey"):
        s3.get_object(Bucket=bucket, Key="nope")
    with refused("NoSuchBucket"):
        s3.list_objects_v2(Bucket=f"{bucket}-nope")


def test_checksums(aws, bucket):
    s3 = aws("s3")
    answer = s3.put_object(Bucket=bucket, Key="c", Body=b"abc", ChecksumAlgorithm="SHA256")
    assert answer["ChecksumSHA256"] == base64.b64encode(hashlib.sha256(b"abc").digest()).decode()
    wrong = base64.b64encode(hashlib.md5(b"").digest()).decode()
    with refused("BadDigest"):
        s3.put_object(Bucket=bucket, Key="c2", Body=b"abc", ContentMD5=wrong)


def test_presigned_urls(aws, bucket):
    s3 = aws("s3")
    s3.put_object(Bucket=bucket, Key="p", Body=b"shared")
    url = s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "p"})
    with urllib.request.urlopen(url) as answer:
        assert answer.read() == b"shared"
    name = "Signature="
    at = url.index(name) + len(name)
    flipped = "A" if url[at] != "A" else "B"
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(url[:at] + flipped + url[at + 1 :])
    assert caught.value.code == 403
