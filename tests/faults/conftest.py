"""One shared lab for all faults, in a home of its own; nobody's lab on this machine is disturbed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from queue import Queue

import boto3
import pytest
from confluent_kafka.admin import AdminClient

from helpers.local import fetch, paths, shared
from helpers.pipeline.topics import create_topics
from tests.faults.case import Case, Result, Runner, Scene, scene_of

SIDE_BY_SIDE = 3  # they wait more than they compute

LINKED = ("maven", "aot", "templates", f"registry-{fetch.lock()['apicurio']}")


@dataclass
class Place:
    """Where faults happen: homes with and without a lab, and what the lab holds."""

    folder: Path
    homes: dict[bool, Path]
    state: dict
    admin: AdminClient
    runners: Queue[Runner]

    def scene(self, case: Case) -> Scene:
        aws = self.state["aws"]["AWS_ENDPOINT_URL"]
        places = {"B": self.state["kafka"]["bootstrap.servers"], "AWS": aws}
        return scene_of(case, self.folder, self.homes, places)

    def run(self, case: Case) -> Result:
        runner = self.runners.get()
        try:
            return runner.run(case, self.scene(case))
        finally:
            self.runners.put(runner)

    def topics(self) -> set[str]:
        return {name for name in self.admin.list_topics(timeout=10).topics if name[:2] != "__"}


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Iterator[Place]:
    folder, real = tmp_path_factory.mktemp("faults"), paths.home()
    homes = {True: folder / "home-lab", False: folder / "home-bare"}
    for home in homes.values():
        home.mkdir()
        for name in LINKED:
            if (real / name).exists():
                (home / name).symlink_to(real / name)
    before = os.environ.get("AWS_CONFLUENT_HOME")
    os.environ["FAULTS_REAL_HOME"] = str(real)
    os.environ["AWS_CONFLUENT_HOME"] = str(homes[True])
    runners: Queue[Runner] = Queue()
    for _ in range(SIDE_BY_SIDE):
        runners.put(Runner())
    try:
        state = shared.up(1, ["kafka", "aws"])
        admin = AdminClient(state["kafka"])
        create_topics(admin, "ok-")
        keys = {name.lower(): state["aws"][name.upper()] for name in KEYS}
        address = state["aws"]["AWS_ENDPOINT_URL"]
        s3 = boto3.client("s3", region_name="us-east-1", endpoint_url=address, **keys)
        s3.create_bucket(Bucket="faults-lake")
        yield Place(folder, homes, state, admin, runners)
    finally:
        while not runners.empty():
            runners.get().close()
        shared.down()
        del os.environ["FAULTS_REAL_HOME"], os.environ["AWS_CONFLUENT_HOME"]
        if before:
            os.environ["AWS_CONFLUENT_HOME"] = before


KEYS = ("aws_access_key_id", "aws_secret_access_key")
