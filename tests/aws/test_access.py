"""Who may do what, and with which variables a learner's boto3 gets there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.error
import urllib.request

import pytest

from helpers.local import aws as stand_in_of
from tests.aws.support import REGION, refused

NOBODY = "AKIAIOSFODNN7NOTREAL"
WRONG = "y" * 40


@pytest.mark.parametrize(
    ("service", "call", "code"),
    [
        ("sns", "list_topics", "SignatureDoesNotMatch"),
        ("sts", "get_caller_identity", "SignatureDoesNotMatch"),
        ("s3", "list_buckets", "SignatureDoesNotMatch"),
        ("cloudwatch", "list_metrics", "SignatureDoesNotMatch"),
        ("logs", "describe_log_groups", "InvalidSignatureException"),
    ],
)
def test_a_wrong_secret_is_refused(stand_in, service, call, code):
    with refused(code, status=400 if service == "logs" else 403):
        getattr(stand_in.client(service, keys=(stand_in.key, WRONG)), call)()
    assert getattr(stand_in.client(service), call)()


@pytest.mark.parametrize("key", [NOBODY, "test", "000000000000", "123456789012"])
@pytest.mark.parametrize(
    ("service", "call", "code"),
    [
        ("sns", "list_topics", "InvalidClientTokenId"),
        ("sts", "get_caller_identity", "InvalidClientTokenId"),
        ("s3", "list_buckets", "InvalidAccessKeyId"),
    ],
)
def test_an_unknown_key_is_refused(stand_in, key, service, call, code):
    for secret in (WRONG, "test", stand_in.secret):
        with refused(code, status=403):
            getattr(stand_in.client(service, keys=(key, secret)), call)()


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/", None),
        ("/?Action=ListTopics", None),
        ("/", b"Action=ListTopics&Version=2010-03-31"),
        ("/", b"Action=CreateUser&UserName=x&Version=2010-05-08"),
        ("/some-bucket", None),
        ("/some-bucket/key", None),
        ("/_ministack/reset", b""),
        ("/_ministack/config", b"{}"),
        ("/_ministack/ses/messages", None),
        ("/_ministack/sns/sms-messages", None),
        ("/_ministack/sqs/messages", None),
        ("/_aws/ses", None),
        ("/latest/meta-data/iam/security-credentials/", None),
    ],
)
def test_an_unsigned_request_is_refused(aws, stand_in, path, body):
    aws("s3").create_bucket(Bucket="some-bucket")
    aws("s3").put_object(Bucket="some-bucket", Key="key", Body=b"x")
    request = urllib.request.Request(
        stand_in.url + path, data=body, headers={"Origin": "http://page.example"}
    )
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request)
    assert caught.value.code in (400, 403)


def test_least_privilege(aws, stand_in, unique):
    bucket = f"bucket-{unique}"
    aws("s3").create_bucket(Bucket=bucket)
    aws("s3").put_object(Bucket=bucket, Key="k", Body=b"1")
    allow = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*"}
    iam = aws("iam")
    iam.create_user(UserName=unique)
    iam.put_user_policy(
        UserName=unique,
        PolicyName="read",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [allow]}),
    )
    made = iam.create_access_key(UserName=unique)["AccessKey"]
    keys = (made["AccessKeyId"], made["SecretAccessKey"])
    s3 = stand_in.client("s3", keys=keys)
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"1"
    with refused("AccessDenied", status=403):
        s3.put_object(Bucket=bucket, Key="hack", Body=b"x")
    with refused("AccessDeniedException"):
        stand_in.client("logs", keys=keys).describe_log_groups()
    with refused("SignatureDoesNotMatch", status=403):
        stand_in.client("s3", keys=(keys[0], WRONG)).get_object(Bucket=bucket, Key="k")
    who = stand_in.client("sts", keys=keys).get_caller_identity()["Arn"]
    assert who == f"arn:aws:iam::000000000000:user/{unique}"


def test_keys_look_like_those_of_aws(stand_in):
    assert (len(stand_in.key), len(stand_in.secret)) == (20, 40)
    assert stand_in.key.startswith("AKIA")
    assert stand_in_of.new_keys() != stand_in_of.new_keys()


def test_plain_boto3_needs_only_the_variables(stand_in, tmp_path):
    """Whatever a learner has set for a real account, the variables win."""
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws" / "config").write_text(
        "[default]\nregion = ap-south-1\nendpoint_url = http://127.0.0.1:9\n"
        "[profile work]\nregion = ap-south-1\nrole_arn = arn:aws:iam::1:role/r\n"
        "source_profile = default\ns3 =\n    addressing_style = virtual\n"
    )
    learner = {
        "HOME": str(tmp_path),
        "AWS_PROFILE": "work",
        "AWS_SESSION_TOKEN": "stale",
        "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:9",
        "AWS_USE_FIPS_ENDPOINT": "true",
        "HTTP_PROXY": "http://127.0.0.1:9",
    }
    code = (
        "import os; from helpers.local import aws; from pathlib import Path;"
        "os.environ.update(aws.client_environment(Path(os.environ['RUN']), "
        "*os.environ['LAB'].split()));"
        "import boto3; s3 = boto3.client('s3');"
        "s3.create_bucket(Bucket='plain-bucket'); s3.put_object(Bucket='plain-bucket', Key='k');"
        "print(s3.list_objects_v2(Bucket='plain-bucket')['KeyCount'],"
        "boto3.client('sts').get_caller_identity()['Arn'], boto3.client('sns').meta.region_name)"
    )
    lab = f"{stand_in.port} {stand_in.key} {stand_in.secret} {REGION}"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **learner, "RUN": str(tmp_path), "LAB": lab},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout == f"1 arn:aws:iam::000000000000:root {REGION}\n", done.stderr
