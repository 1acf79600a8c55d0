"""Spoils some of the Publish requests and lets all else pass."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager
from types import SimpleNamespace

from tests.proxy import Proxy, Request, port_of

CODES = {"429": "Throttled", "400": "InvalidParameter", "503": "ServiceUnavailable"}


def refusal(way: str) -> tuple[int, bytes]:
    code = CODES.get(way, "InternalFailure")
    return int(way), f"<ErrorResponse><Error><Code>{code}</Code></Error></ErrorResponse>".encode()


@contextmanager
def proxy(rig, ways: Callable[[], str]):
    """`ways` is called for each Publish, see `tests.proxy`; `spoilt` lists what it said."""
    spoilt: list[str] = []

    def spoil(request: Request) -> str:
        way = ways() if b"Action=Publish" in request.body else ""
        spoilt.extend([way] * bool(way))
        return way

    made = Proxy(port_of(rig.servers.aws), spoil, refusal)
    try:
        yield SimpleNamespace(spoilt=spoilt, environment=made.environment)
    finally:
        made.close()
