"""The ASGI application before MiniStack's: shuts unauthenticated doors, starts our clock."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

OPEN = {"/_ministack/health", "/_ministack/ready"}
# MiniStack's own inspection and administration paths take no credentials: any web page could
# wipe the lab's state or read its messages.
CLOSED = ("/_ministack/", "/_localstack/", "/_aws/")


class Gate:
    """Wraps MiniStack's application; `clock` runs for as long as it serves."""

    def __init__(
        self,
        inner: Callable[..., Awaitable[None]],
        clock: Callable[[], Awaitable[None]],
    ) -> None:
        self._inner, self._clock = inner, clock
        self._task: asyncio.Task | None = None

    async def __call__(self, scope, receive, send) -> None:
        """One connection or the process's lifespan."""
        if scope["type"] == "lifespan":
            await self._lifespan(scope, receive, send)
        elif scope["type"] == "http" and self._refused(scope):
            headers = [(b"content-type", b"text/plain")]
            await send({"type": "http.response.start", "status": 403, "headers": headers})
            await send({"type": "http.response.body", "body": b"not part of AWS\n"})
        else:
            await self._inner(scope, receive, send)

    @staticmethod
    def _refused(scope) -> bool:
        path = scope["path"]
        if path.startswith(CLOSED):
            return path not in OPEN
        # MiniStack would answer an unsigned GET / with the (empty) list of nobody's buckets.
        bare = path == "/" and not scope.get("query_string")
        return bare and not any(name.lower() == b"authorization" for name, _ in scope["headers"])

    async def _lifespan(self, scope, receive, send) -> None:
        async def watched(message) -> None:
            if message["type"] == "lifespan.startup.complete":
                self._task = asyncio.create_task(self._clock())
            elif message["type"] == "lifespan.shutdown.complete" and self._task:
                self._task.cancel()
            await send(message)

        await self._inner(scope, receive, watched)
