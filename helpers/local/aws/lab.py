"""The AWS stand-in as a service of a lab: keys, ports, inbox."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

from helpers.local import aws
from helpers.local.aws.inbox import Inbox
from helpers.local.process import Guard, Service

ACCOUNT = "000000000000"
REGION = "us-east-1"


def service(guard: Guard, region: str = REGION) -> tuple[Service, dict[str, str], Inbox]:
    """A stand-in with fresh keys: the service (not started yet), the AWS_* variables, the inbox."""
    port, smtp_port = guard.ports(2)
    key, secret = aws.new_keys()
    argv, env = aws.command(guard.run, port, smtp_port, key, secret, region, ACCOUNT)
    stand_in = Service(
        name="aws",
        argv=argv,
        guard=guard,
        port=port,
        env=env,
        ready=lambda: aws.ready(port),
        version=f"MiniStack {version('ministack')}",
    )
    variables = aws.client_environment(guard.run, port, key, secret, region)
    return stand_in, variables, Inbox(guard.run)


def inbox_at(run_dir: str) -> Inbox:
    """The inbox of a shared lab, by the run directory written in its state."""
    return Inbox(Path(run_dir))
