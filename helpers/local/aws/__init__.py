"""The local AWS: MiniStack with our completions, one process, on 127.0.0.1 only.

`command` says how to start it, `ready` whether it answers, `client_environment` what boto3 needs.
What it completes, refuses and still lacks is listed in docs/aws-stand-in.md.
"""

from __future__ import annotations

import http.client
import os
import secrets
import string
import sys
from pathlib import Path

HOST = "127.0.0.1"
REPOSITORY = Path(__file__).resolve().parents[3]
# Without lambda: it would run a learner's code in processes that the lab does not own.
SERVICES = (
    "account,athena,budgets,cloudformation,cloudwatch,dynamodb,events,firehose,glue,iam,kms,logs,"
    "s3,scheduler,secretsmanager,ses,sns,sqs,ssm,sts,tagging"
)


def new_keys() -> tuple[str, str]:
    """A fresh access key id (20 characters, AKIA...) and secret (40), shaped as AWS's are."""
    key = "AKIA" + "".join(secrets.choice(string.ascii_uppercase + "234567") for _ in range(16))
    return key, secrets.token_urlsafe(30)


def inbox_file(run_dir: Path) -> Path:
    """Where the server appends each delivered e-mail and SMS, one JSON object a line."""
    return Path(run_dir) / "aws" / "inbox.jsonl"


def command(
    run_dir: Path,
    port: int,
    smtp_port: int,
    access_key: str,
    secret_key: str,
    region: str,
    account: str = "000000000000",
) -> tuple[list[str], dict[str, str]]:
    """How to start the server: its argv, and variables to add to the environment.

    `access_key` and `secret_key` become the root user of `account`. Everything that the server
    writes goes below `run_dir`/aws; the mail server of the inbox listens on `smtp_port`.
    """
    home = Path(run_dir).resolve() / "aws"
    (home / "tmp").mkdir(parents=True, exist_ok=True)
    path = os.pathsep.join(filter(None, [str(REPOSITORY), os.environ.get("PYTHONPATH", "")]))
    env = {
        "PYTHONPATH": path,
        "BIND_HOST": HOST,
        "GATEWAY_PORT": str(port),
        "MINISTACK_HOST": HOST,
        "MINISTACK_REGION": region,
        "MINISTACK_ACCOUNT_ID": account,
        "AWS_ACCESS_KEY_ID": access_key,
        "AWS_SECRET_ACCESS_KEY": secret_key,
        "AWS_SESSION_TOKEN": "",
        "AUTH": "true",
        "SERVICES": SERVICES,
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "USE_SSL": "0",
        "PERSIST_STATE": "0",
        "S3_PERSIST": "0",
        "LOCALSTACK_PERSISTENCE": "0",
        "STATE_DIR": str(home / "state"),
        "S3_DATA_DIR": str(home / "s3"),
        "TMPDIR": str(home / "tmp"),
        # MiniStack would otherwise look for containers of its own and remove them.
        "DOCKER_HOST": f"unix://{home}/no-docker.sock",
        "SMTP_HOST": f"{HOST}:{smtp_port}",
        "AWS_STAND_IN_INBOX": str(inbox_file(run_dir)),
        "LOG_LEVEL": os.environ.get("AWS_STAND_IN_LOG", "WARNING"),
    }
    return [sys.executable, "-m", "helpers.local.aws.server"], env


def ready(port: int) -> bool:
    """Whether the stand-in on 127.0.0.1:`port` answers; takes a few milliseconds."""
    connection = http.client.HTTPConnection(HOST, port, timeout=2)
    try:
        connection.request("GET", "/_ministack/ready")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def client_environment(
    run_dir: Path, port: int, access_key: str, secret_key: str, region: str
) -> dict[str, str]:
    """The standard variables with which `boto3.client("s3")` talks to the stand-in, and only to it.

    They also neutralise what a learner may have set for a real account: a profile, a session
    token, end points of single services, a proxy, `~/.aws/config`. boto3 addresses buckets by
    path by itself, since the end point is an IP address.
    """
    home = Path(run_dir).resolve() / "aws"
    home.mkdir(parents=True, exist_ok=True)
    for name in ("config", "credentials"):
        (home / name).write_text("[default]\n")
    endpoint = f"http://{HOST}:{port}"
    exempt = [os.environ.get("NO_PROXY") or os.environ.get("no_proxy") or "", HOST]
    no_proxy = ",".join(dict.fromkeys(h for part in exempt for h in part.split(",") if h))
    singles = {name: endpoint for name in os.environ if name.startswith("AWS_ENDPOINT_URL_")}
    return {
        **singles,
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "false",
        "AWS_ACCESS_KEY_ID": access_key,
        "AWS_SECRET_ACCESS_KEY": secret_key,
        "AWS_SESSION_TOKEN": "",
        "AWS_SECURITY_TOKEN": "",
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_PROFILE": "default",
        "AWS_CONFIG_FILE": str(home / "config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(home / "credentials"),
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_USE_FIPS_ENDPOINT": "false",
        "AWS_USE_DUALSTACK_ENDPOINT": "false",
        "NO_PROXY": no_proxy,
        "no_proxy": no_proxy,
    }
