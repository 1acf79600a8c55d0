"""The portal's ASGI application: a page, one POST for each type of event, and the live feed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from helpers.pipeline.events import Event
from helpers.pipeline.topics import TOPICS
from helpers.pipeline.validation import Invalid
from helpers.web.bodies import REQUESTS
from helpers.web.door import Door
from helpers.web.feed import Feed
from helpers.web.live import live
from helpers.web.making import now_ms
from helpers.web.portal import Latest, Portal, Refused
from helpers.web.reading import Reader
from helpers.web.sending import NotStored, Receipt, Sender
from helpers.web.stream import FASTEST, Stream

STATIC = Path(__file__).with_name("static")
REMEMBERED = 2_000  # requests whose key may come again
KEY = "idempotency-key"  # as the IETF's draft of that name has it
LONGEST_KEY = 64


class Rate(Struct, forbid_unknown_fields=True):
    """The body of a POST to the background stream: events a second, 0 to stop."""

    rate: Annotated[float, Meta(ge=0, le=FASTEST)]


@dataclass
class Attempt:
    """A request that may come again, and the event that it has become for good."""

    asked: tuple[str, bytes]
    event: Event
    task: asyncio.Task | None = None


class Web:
    """Everything that one server holds. `kafka` is the clients' configuration."""

    def __init__(self, kafka: dict[str, Any], prefix: str = "", **producer: Any) -> None:
        self.kafka, self.prefix, self._settings = kafka, prefix, producer
        self.portal, self.feed = Portal(), Feed()
        self.sender: Sender
        self.reader: Reader
        self.stream: Stream
        self._attempts: dict[str, Attempt] = Latest(REMEMBERED)
        self._tasks: set[asyncio.Task] = set()  # the loop itself holds them only weakly

    @asynccontextmanager
    async def life(self, _app: Any) -> AsyncIterator[None]:
        """From the first connection to Kafka to the last acknowledgement."""
        loop = asyncio.get_running_loop()

        def publish(rows, counts, tasks) -> None:
            loop.call_soon_threadsafe(self._publish, rows, counts, tasks)

        self.sender = Sender(self.kafka, self.prefix, **self._settings)
        self.reader = await asyncio.to_thread(Reader, self.kafka, self.prefix, publish)
        self.stream = Stream(self.sender)
        self.reader.start()
        try:
            yield
        finally:
            self.feed.close()
            await self.stream.stop()
            await self.sender.close()
            await asyncio.to_thread(self.reader.close)

    def _publish(self, rows: list[dict], counts: Any, tasks: list[dict]) -> None:
        for value in tasks:
            self.portal.read(value)
        self.feed.publish(rows, counts)

    def state(self) -> dict[str, Any]:
        """What the page says about Kafka, the counters and the background stream."""
        return {
            "kafka": self.reader.up,
            "counts": {topic: self.feed.counts[topic] for topic in TOPICS},
            "waiting": self.sender.waiting,
            "acknowledged": self.sender.acknowledged,
            "unconfirmed": self.sender.unconfirmed,
            "rate": self.stream.rate,
        }

    async def act(self, kind: str, body: bytes, key: str) -> tuple[Attempt, Receipt, bool]:
        """Make the event and send it; for a key that came before, the same event.

        Raises Refused, Invalid or NotStored.
        """
        asked = kind, body
        attempt = self._attempts.get(key) if key else None
        if attempt and attempt.asked != asked:
            raise Refused(422, "Esa clave de repetición ya se usó para otra petición")
        if attempt is None:
            attempt = Attempt(asked, self.portal.event(kind, body, now_ms()))
            if key:
                self._attempts[key] = attempt
        repeated = attempt.task is not None
        if attempt.task is None or (attempt.task.done() and attempt.task.exception()):
            attempt.task = asyncio.create_task(self._send(attempt.event))
            self._tasks.add(attempt.task)
            attempt.task.add_done_callback(self._tasks.discard)
        # Shielded: a browser that goes away cancels no delivery report.
        return attempt, await asyncio.shield(attempt.task), repeated

    async def _send(self, event: Event) -> Receipt:
        try:
            receipt = await self.sender.send(event)
        except NotStored:
            self.portal.failed(event)
            raise
        self.portal.acknowledged(event)
        return receipt

    # -- endpoints ------------------------------------------------------------------------------

    async def index(self, _request: Request) -> FileResponse:
        """The page."""
        return FileResponse(STATIC / "index.html")

    async def options(self, _request: Request) -> JSONResponse:
        """What the page's lists offer."""
        topics = {topic: self.prefix + topic for topic in TOPICS}
        return JSONResponse({**self.portal.choices(), "topics": topics, "fastest": FASTEST})

    async def status(self, _request: Request) -> JSONResponse:
        """The state, for those who do not listen."""
        return JSONResponse(self.state())

    async def action(self, request: Request) -> JSONResponse:
        """One click: 201 with the record's place only when the broker acknowledged it."""
        kind, key = request.path_params["kind"], request.headers.get(KEY, "")
        if kind not in REQUESTS:
            raise HTTPException(404)
        if len(key) > LONGEST_KEY:
            raise Refused(400, f"La clave de repetición pasa de {LONGEST_KEY} caracteres")
        attempt, receipt, repeated = await self.act(kind, await request.body(), key)
        value = attempt.event.value
        names = ("event_id", "type")
        told = {name: value[name] for name in names} | {"key": attempt.event.key, **asdict(receipt)}
        if kind == "login":
            told["session"] = self.portal.opened(value["session_id"])
        return JSONResponse({**told, "repeated": repeated}, 201)

    async def background(self, request: Request) -> JSONResponse:
        """Start, change or stop the background stream."""
        try:
            wanted = msgspec.json.decode(await request.body(), type=Rate)
        except msgspec.ValidationError as error:
            raise Refused(422, f"La petición no es válida: {error}") from None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise Refused(400, "La petición no es JSON bien formado") from None
        await self.stream.start(wanted.rate)
        return JSONResponse(self.state())

    async def events(self, request: Request) -> Any:
        """The live feed."""
        return live(self, request)


def application(kafka: dict[str, Any], port: int, prefix: str = "", **producer: Any) -> Door:
    """The ASGI application for a server on `port`; `application(...).web` is what it holds."""
    web = Web(kafka, prefix, **producer)
    routes = [
        Route("/", web.index, methods=["GET"]),
        Route("/api/options", web.options, methods=["GET"]),
        Route("/api/state", web.status, methods=["GET"]),
        Route("/api/feed", web.events, methods=["GET"]),
        Route("/api/stream", web.background, methods=["POST"]),
        Route("/api/{kind}", web.action, methods=["POST"]),
        Mount("/static", StaticFiles(directory=STATIC)),
    ]
    handlers = {
        Refused: lambda _, error: _line(error.status, error.text),
        Invalid: lambda _, error: _line(422, f"El evento no cumple su esquema: {error.detail}"),
        NotStored: _not_stored,
        Exception: lambda _, error: _line(500, "El portal ha fallado; mira lo que escribe"),
        HTTPException: lambda _, error: _line(error.status_code, _words(error), error.headers),
    }
    door = Door(Starlette(routes=routes, exception_handlers=handlers, lifespan=web.life), port)
    door.web = web
    return door


def _line(status: int, text: str, headers: Any = None, **more: Any) -> JSONResponse:
    return JSONResponse({"error": text, **more}, status, headers)


def _words(error: HTTPException) -> str:
    known = {404: "Aquí no hay nada", 405: "Ese método no se admite aquí"}
    return known.get(error.status_code, error.detail)


def _not_stored(_request: Request, error: NotStored) -> JSONResponse:
    return _line(503, error.text, {"retry-after": "1"}, perhaps=error.perhaps)
