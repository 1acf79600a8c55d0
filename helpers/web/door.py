"""What every request must pass before the application sees it: only this page may call it.

It listens on 127.0.0.1, but any web page in the learner's browser can send requests there. So the
Host must be ours (a foreign name that points to 127.0.0.1 is not: DNS rebinding), a POST must come
from our own page (Origin, Sec-Fetch-Site) and be JSON, which no other page can send without asking
first, and its body must be small and arrive soon.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

from starlette.datastructures import Headers

MOST_BYTES = 4_096
PATIENCE_S = 10.0
LOCAL = ("127.0.0.1", "localhost")
FRAMES = " ".join(f"{scheme}://{host}:*" for host in LOCAL for scheme in ("http", "https"))
# Nothing inline, nothing from elsewhere; framed only by a page of this machine, say JupyterLab.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; "
    f"frame-ancestors 'self' {FRAMES}"
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}


class Door:
    """ASGI middleware. `port` is the one that the server listens on."""

    def __init__(self, app: Any, port: int) -> None:
        self.app = app
        self.hosts = {f"{host}:{port}" for host in LOCAL} | (set(LOCAL) if port == 80 else set())

    async def __call__(self, scope: dict, receive: Any, send: Any) -> None:
        """Let it in, or answer 4xx with one line."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
        elif scope["type"] == "http":
            await self._request(scope, receive, _with_headers(send))
        # A websocket is none of ours: closed without an answer.

    async def _request(self, scope: dict, receive: Any, send: Any) -> None:
        headers = Headers(scope=scope)
        refusal = self._refusal(scope, headers)
        if refusal is None and scope["method"] == "POST":
            body, refusal = await _body(headers, receive)
            receive = _again(body, receive)
        if refusal is None:
            await self.app(scope, receive, send)
            return
        status, text = refusal
        await answer(send, status, {"error": text})

    def _refusal(self, scope: dict, headers: Headers) -> tuple[int, str] | None:
        hosts = headers.getlist("host")
        if len(hosts) != 1 or hosts[0].lower() not in self.hosts:
            return 421, "Este servidor solo atiende a 127.0.0.1 y localhost"
        origins = headers.getlist("origin")
        own = {f"http://{hosts[0].lower()}"}
        site = headers.get("sec-fetch-site", "none")
        # A page elsewhere may show "/" in a frame, which `frame-ancestors` rules on; no more.
        foreign = bool(set(map(str.lower, origins)) - own) or site not in ("same-origin", "none")
        if foreign and scope["path"] != "/":
            return 403, "La petición viene de otra página; abre el portal y repítela allí"
        if scope["method"] != "POST":
            return None
        kind = headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/json":
            return 415, "El cuerpo debe ser application/json"
        return None


async def _body(headers: Headers, receive: Any) -> tuple[bytes, tuple[int, str] | None]:
    """The whole body, or why not: too large, too slow, broken off."""
    large = 413, f"El cuerpo pasa de {MOST_BYTES} bytes"
    said = headers.get("content-length", "0")
    if not said.isdecimal() or int(said[:12]) > MOST_BYTES:
        return b"", large
    body = b""
    try:
        async with asyncio.timeout(PATIENCE_S):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    return b"", (400, "La petición se cortó")
                body += message.get("body", b"")
                if len(body) > MOST_BYTES:
                    return b"", large
                if not message.get("more_body"):
                    return body, None
    except TimeoutError:
        return b"", (408, f"El cuerpo no llegó en {PATIENCE_S:.0f} segundos")


def _again(body: bytes, receive: Any) -> Any:
    """A `receive` that gives the body that was read already, then what comes after it."""
    given = False

    async def replay() -> dict:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay


def _with_headers(send: Any) -> Any:
    async def sending(message: dict) -> None:
        if message["type"] == "http.response.start":
            own = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
            kinds = dict(message.get("headers", []))
            if b"cache-control" not in kinds:
                own.append((b"cache-control", b"no-cache"))
            message["headers"] = [*message.get("headers", []), *own]
        await send(message)

    return sending


async def answer(send: Any, status: int, content: dict) -> None:
    """A JSON answer, without any framework."""
    body = json.dumps(content, ensure_ascii=False).encode()
    head = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    if status in (408, 413):
        head.append((b"connection", b"close"))  # the rest of the body is not waited for
    await send({"type": "http.response.start", "status": status, "headers": head})
    await send({"type": "http.response.body", "body": body})
