"""uvicorn around the portal: signals that let the last answers come, limits, no chatter."""

from __future__ import annotations

import contextlib
import signal
import socket
import threading
from collections.abc import Iterator

import uvicorn

from helpers.web.door import Door

GRACE_S = 15  # longer than an event may wait for its answer
MOST_REQUESTS = 1_000  # at a time; more get 503 from the server itself


class Server(uvicorn.Server):
    """Tells the live feeds to end when the server is to end: they would hold it up."""

    door: Door

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let the browsers go, then wait for requests, then for the producer."""
        self.door.web.feed.close()
        await super().shutdown(sockets)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """As uvicorn does it, but a signal that was obeyed is not raised again afterwards."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        numbers = (signal.SIGINT, signal.SIGTERM)
        before = {number: signal.signal(number, self.handle_exit) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def run(door: Door, listener: socket.socket) -> None:
    """Serve on a socket that is bound already; returns after SIGTERM or SIGINT."""
    config = uvicorn.Config(
        door,
        http="h11",
        ws="none",
        lifespan="on",
        log_level="error",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=MOST_REQUESTS,
        timeout_graceful_shutdown=GRACE_S,
    )
    server = Server(config)
    server.door = door
    server.run(sockets=[listener])
