"""Nothing of the lab listens beyond 127.0.0.1; the IPv6 wildcard included."""

from __future__ import annotations

import os

import psutil

from helpers.lab import start_lab
from helpers.local.paths import home


def listening(processes: list[psutil.Process]) -> dict[int, set[str]]:
    """pid → the addresses on which it listens."""
    return {
        p.pid: {c.laddr.ip for c in p.net_connections() if c.status == psutil.CONN_LISTEN}
        for p in processes
    }


def test_every_socket_is_on_loopback():
    lab = start_lab(registry=True, aws=True, secure=True, quiet=True)
    family = psutil.Process(os.getpid()).children(recursive=True)
    servers = [p for p in family if str(home()) in " ".join(p.cmdline()) or p.name() == "java"]
    servers += [p for p in family if "helpers.local.aws.server" in p.cmdline()]
    addresses = listening(servers)
    lab.stop()
    assert len([a for a in addresses.values() if a]) == 3, addresses  # broker, registry, aws
    assert set().union(*addresses.values()) == {"127.0.0.1"}, addresses
