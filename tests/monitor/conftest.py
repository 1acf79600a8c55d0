"""A prefix of its own for each test, on one broker and one AWS stand-in."""

from __future__ import annotations

import itertools

import pytest

from helpers.pipeline.monitor_settings import Settings
from tests.monitor.rig import Rig

_serial = itertools.count()


@pytest.fixture
def rig(servers):
    """Topics and names of this test alone; its processes are killed at the end."""
    made = Rig(servers, f"m{next(_serial)}-")
    yield made
    made.end()


@pytest.fixture
def here(rig, monkeypatch):
    """Settings for a monitor in this process."""
    where = ("ENDPOINT_URL", "ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "DEFAULT_REGION")
    for name in (f"AWS_{end}" for end in where):
        monkeypatch.setenv(name, rig.servers.aws[name])
    return lambda **more: Settings(**{"prefix": rig.prefix, "every_s": 1, **more})
