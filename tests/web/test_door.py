"""Who may call the portal: hostile requests, without a server."""

from __future__ import annotations

import asyncio
import json

import pytest

from helpers.web import door as module
from helpers.web.door import MOST_BYTES, Door

PORT = 21_234
HERE = f"127.0.0.1:{PORT}"
JSON = ("content-type", "application/json")


async def inner(scope, receive, send):
    """An application that says what it got."""
    body = (await receive())["body"] if scope["method"] == "POST" else b""
    head = {"type": "http.response.start", "status": 200, "headers": []}
    await send(head)
    await send({"type": "http.response.body", "body": body})


def ask(*headers, method="POST", path="/api/login", chunks=(b"{}",), endless=False):
    """(status, body, headers) of one request to the door."""
    messages = [{"type": "http.request", "body": part, "more_body": True} for part in chunks]
    messages[-1]["more_body"] = endless
    messages = iter(messages)
    sent = []

    async def receive():
        try:
            return next(messages)
        except StopIteration:
            await asyncio.sleep(60)

    async def send(message):
        sent.append(message)

    raw = [(name.encode(), value.encode()) for name, value in headers]
    scope = {"type": "http", "method": method, "path": path, "headers": raw, "query_string": b""}
    asyncio.run(Door(inner, PORT)(scope, receive, send))
    body = b"".join(message.get("body", b"") for message in sent[1:])
    return sent[0]["status"], body, {k.decode(): v.decode() for k, v in sent[0]["headers"]}


def refused(status, *headers, **request):
    got, body, head = ask(*headers, **request)
    assert got == status, body
    line = json.loads(body)["error"]
    assert line
    assert "\n" not in line
    assert "frame-ancestors" in head["content-security-policy"]


@pytest.mark.parametrize("host", [HERE, f"localhost:{PORT}", f"LOCALHOST:{PORT}"])
def test_our_own_page_may(host):
    own = [("host", host), JSON, ("origin", f"http://{host.lower()}")]
    assert ask(*own, ("sec-fetch-site", "same-origin"))[:2] == (200, b"{}")
    assert ask(("host", host), JSON, chunks=(b"{", b"", b"}"))[:2] == (200, b"{}")  # curl


@pytest.mark.parametrize(
    "hosts",
    ["", "evil.example", f"evil.example:{PORT}", "127.0.0.1", "localhost:80", f"{HERE} {HERE}"],
)
@pytest.mark.parametrize("path", ["/", "/api/login"])
def test_a_foreign_host_may_not(hosts, path):
    named = [("host", host) for host in hosts.split()]
    refused(421, *named, JSON, path=path)
    refused(421, *named, path=path, method="GET")


@pytest.mark.parametrize("host", [f"127.0.0.1.evil.example:{PORT}", f"{HERE}@x", f"0.0.0.0:{PORT}"])
def test_nor_one_that_looks_like_ours(host):
    refused(421, ("host", host), JSON)


@pytest.mark.parametrize(
    "foreign",
    [
        ("origin", "http://evil.example"),
        ("origin", "null"),
        ("origin", f"https://{HERE}"),
        ("origin", "http://127.0.0.1:8888"),  # JupyterLab shows it, and still may not act
        ("origin", f"http://localhost:{PORT}"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
    ],
)
@pytest.mark.parametrize("path", ["/api/login", "/api/stream", "/api/feed", "/static/portal.js"])
def test_a_foreign_page_may_not(foreign, path):
    refused(403, ("host", HERE), JSON, foreign, path=path)
    refused(403, ("host", HERE), foreign, path=path, method="GET")


def test_a_foreign_page_may_show_it_in_a_frame():
    frame = [("host", HERE), ("sec-fetch-site", "cross-site"), ("sec-fetch-dest", "iframe")]
    status, _, head = ask(*frame, path="/", method="GET")
    assert status == 200
    policy = head["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    allowed = policy.partition("frame-ancestors ")[2].split()
    assert allowed[0] == "'self'"
    assert {word.split("://")[1] for word in allowed[1:]} == {"127.0.0.1:*", "localhost:*"}


@pytest.mark.parametrize(
    "kind", ["", "text/plain", "application/x-www-form-urlencoded", "application/jsonp"]
)
def test_only_json_may(kind):
    refused(415, ("host", HERE), ("content-type", kind))
    assert ask(("host", HERE), ("content-type", "Application/JSON; charset=utf-8"))[0] == 200


def test_a_large_body_is_not_read():
    refused(413, ("host", HERE), JSON, ("content-length", str(MOST_BYTES + 1)))
    refused(413, ("host", HERE), JSON, ("content-length", "9" * 400))
    refused(413, ("host", HERE), JSON, ("content-length", "-1"))
    refused(413, ("host", HERE), JSON, chunks=[b"x" * 1000] * 5, endless=True)
    assert ask(("host", HERE), JSON, chunks=[b"x" * MOST_BYTES])[0] == 200


def test_a_body_that_does_not_come_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(module, "PATIENCE_S", 0.05)
    refused(408, ("host", HERE), JSON, endless=True)
