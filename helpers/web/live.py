"""The live feed as server-sent events (WHATWG HTML, "Server-sent events").

`records`: what has been read from Kafka since the last one, at most five times a second; `state`:
once a second. A browser that comes back says the last id that it has seen and gets what it missed,
as far as the ring reaches.
"""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

from starlette.requests import Request

from helpers.web.door import answer
from helpers.web.feed import Listener

if TYPE_CHECKING:
    from helpers.web.app import Web

PAUSE_S, STATE_S = 0.2, 1.0
STUCK_S = 30.0  # a browser that takes nothing for so long is let go; it comes back by itself
HEAD = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]


def live(web: Web, request: Request) -> Any:
    """The response, an ASGI application; 503 when too many browsers listen."""

    async def respond(scope: dict, receive: Any, send: Any) -> None:
        if web.feed.full or web.feed.closing:
            await answer(send, 503, {"error": "Demasiadas páginas abiertas; cierra alguna"})
            return
        await send({"type": "http.response.start", "status": 200, "headers": HEAD})
        with web.feed.listener() as listener:
            # In one turn of the loop with the listener: no record is missed or told twice.
            hello = _hello(web, request.headers.get("last-event-id", ""))
            talking = asyncio.create_task(_talk(web, listener, hello, send))
            leaving = asyncio.create_task(_left(receive))
            await asyncio.wait({talking, leaving}, return_when=asyncio.FIRST_COMPLETED)
            for task in (talking, leaving):
                task.cancel()
            await asyncio.gather(talking, leaving, return_exceptions=True)
        if web.feed.closing:  # to one that is stuck nothing can be said: the server cuts it off
            await send({"type": "http.response.body", "body": b""})

    return respond


def _hello(web: Web, last: str) -> str:
    """What a browser is told first: what it missed since the id `last`, or the latest records."""
    rows, follows = web.feed.since(last)
    number = rows[-1][0] if rows else web.feed.last
    hello = {"follows": follows, "rows": [row for _, row in rows], "state": web.state()}
    return "retry: 1000\n" + _frame("hello", hello, web.feed.id(number))


async def _talk(web: Web, listener: Listener, hello: str, send: Any) -> None:
    await _say(send, hello)
    clock = asyncio.get_running_loop().time
    told = clock()
    while not web.feed.closing:
        rows, lost = await listener.take(max(0.0, told + STATE_S - clock()))
        text = ""
        if rows:
            what = {"rows": [row for _, row in rows], "lost": lost}
            text = _frame("records", what, web.feed.id(rows[-1][0]))
        if clock() - told >= STATE_S:
            told = clock()
            text += _frame("state", web.state())
        if text:
            await _say(send, text)
        if rows:
            await asyncio.sleep(PAUSE_S)
    await _say(send, _frame("bye", {}))


async def _say(send: Any, text: str) -> None:
    """Raises TimeoutError when the browser takes nothing for STUCK_S."""
    async with asyncio.timeout(STUCK_S):
        await send({"type": "http.response.body", "body": text.encode(), "more_body": True})


async def _left(receive: Any) -> None:
    """Returns when the browser has gone."""
    while (await receive())["type"] != "http.disconnect":
        pass


def _frame(event: str, content: Any, number: str = "") -> str:
    head = f"id: {number}\n" if number else ""
    return f"{head}event: {event}\ndata: {json.dumps(content, separators=(',', ':'))}\n\n"
