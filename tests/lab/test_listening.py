"""Nothing of the lab listens beyond 127.0.0.1; the IPv6 wildcard included."""

from __future__ import annotations

import psutil

from helpers.lab import start_lab


def listening(processes: list[psutil.Process]) -> dict[int, set[str]]:
    """pid → the addresses on which it listens."""
    return {
        p.pid: {c.laddr.ip for c in p.net_connections() if c.status == psutil.CONN_LISTEN}
        for p in processes
    }


def test_every_socket_is_on_loopback():
    lab = start_lab(registry=True, aws=True, secure=True, quiet=True)
    guard = psutil.Process(lab._guard.pid)
    servers = guard.children(recursive=True)
    addresses = listening(servers)
    lab.stop()
    assert len([a for a in addresses.values() if a]) == 3, addresses  # broker, registry, aws
    assert set().union(*addresses.values()) == {"127.0.0.1"}, addresses
