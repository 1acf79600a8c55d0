"""Lesson 08: a schema that FULL accepts and nobody loses by; errors told apart for the DLQ."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from confluent_kafka.schema_registry import Schema, SchemaRegistryClient, SchemaRegistryError
from confluent_kafka.schema_registry.avro import AvroDeserializer, AvroSerializer
from confluent_kafka.serialization import MessageField, SerializationContext

from helpers.cleanup import drop_subjects
from helpers.exercises import Verdict, blank, exercise, right, wrong
from helpers.pipeline.events import generate
from helpers.pipeline.schemas import from_avro, to_avro

TASK_1 = "my_schema = a schema with feedback and label that FULL accepts"
TASK_2 = "belongs_in_dlq = a function of an exception that returns True or False"
FULL = "FULL"
TOPIC = {"subject.name.strategy.type": "TOPIC"}  # else each serializer asks for associations
HOST = "127.0.0.1"


@exercise("08.1")
def grown(schema, *, topic: str, old: dict, registry: SchemaRegistryClient) -> Verdict:
    """Register it under FULL after the old one; then write and read with both, both ways."""
    if schema is None or schema is ...:
        return blank(TASK_1)
    names = [field["name"] for field in schema["fields"]]
    missing = [name for name in ("feedback", "label") if name not in names]
    if missing:
        return wrong(f"the schema has no field {missing[0]}; it has {', '.join(names)}")
    said = _a_mark() | {"feedback": "bien explicado"}
    said["label"] = said["title"]
    subject = f"{topic}-value"
    drop_subjects(registry, subject)
    try:
        registry.register_schema(subject, Schema(json.dumps(old), "AVRO"))
        registry.set_compatibility(subject, FULL)
        try:
            registry.register_schema(subject, Schema(json.dumps(schema), "AVRO"))
        except SchemaRegistryError as error:
            return wrong(_refusal(error, registry, subject, schema))
        context = SerializationContext(topic, MessageField.VALUE)
        before = _travel(registry, old, schema, said, context)
        after = _travel(registry, schema, old, said, context)
    finally:
        drop_subjects(registry, subject)
    if after["title"] != said["title"]:
        return wrong(
            f"FULL accepts it, but an old reader sees the title {after['title']!r} in a new "
            f"record instead of {said['title']!r}: its default, for the name is gone"
        )
    return right(
        f"FULL accepts it; the new reader reads old records (feedback {before['feedback']!r}), "
        "the old reader finds the real title in new ones"
    )


def _refusal(error: SchemaRegistryError, registry: SchemaRegistryClient, subject, schema) -> str:
    """Why FULL said no: which of its two halves does."""
    if error.http_status_code != 409:
        return f"the registry takes it for no schema: {error}"
    says = {}
    for mode in ("BACKWARD", "FORWARD"):
        registry.set_compatibility(subject, mode)
        says[mode] = registry.test_compatibility(subject, Schema(json.dumps(schema), "AVRO"))
    halves = []
    if not says["BACKWARD"]:
        halves.append("a new reader cannot read old records (a new field without a default?)")
    if not says["FORWARD"]:
        halves.append("an old reader cannot read new records (is a field gone that it wants?)")
    return f"the registry refuses it under FULL: {' and '.join(halves)}"


def _travel(registry, writer: dict, reader: dict, said: dict, context) -> dict[str, Any]:
    """The record as a reader with `reader` sees it when `writer` wrote it."""
    data = AvroSerializer(registry, json.dumps(writer), to_avro, TOPIC)(said, context)
    return from_avro(AvroDeserializer(registry, json.dumps(reader))(data))


def _a_mark() -> dict[str, Any]:
    return next(dict(event.value) for event in generate() if event.value["type"] == "calificacion")


@exercise("08.2")
def told_apart(function, *, values: list, registry: SchemaRegistryClient) -> Verdict:
    """Raise five real errors and ask the function about each."""
    if function is None or function is ...:
        return blank(TASK_2)
    data = [value.encode() if isinstance(value, str) else value for value in values]
    bad = {_caught(registry, value) for value in data} - {None}
    for error in sorted(bad, key=str):
        if not function(error):
            return wrong(
                f"{type(error).__name__}: {error}. No later try will read that record, and the "
                "function says to wait: the consumer would stand still for ever"
            )
    waiting = [_caught(_client(f"http://{HOST}:9"), data[0])]
    with _unavailable() as url:
        waiting.append(_caught(_client(url), data[0]))
    for error in waiting:
        if function(error):
            return wrong(
                f"{type(error).__name__}: {error}. The record is good and the registry is away, "
                "and the function sends it to the DLQ: so it would all that follow"
            )
    return right(f"{len(bad)} bad records go aside, {len(waiting)} outages make the consumer wait")


def _client(url: str) -> SchemaRegistryClient:
    return SchemaRegistryClient({"url": url, "max.retries": 0})


def _caught(registry: SchemaRegistryClient, value: bytes) -> Exception | None:
    """What a deserializer raises for a value, None if it reads it."""
    try:
        AvroDeserializer(registry)(value)
    except Exception as error:  # noqa: BLE001 (whatever it is, the learner's function gets it)
        return error
    return None


class _Busy(BaseHTTPRequestHandler):
    """Answers every request with 503, as a registry behind a load balancer does at a restart."""

    def do_GET(self) -> None:
        body = b'{"error_code": 50301, "message": "service unavailable"}'
        self.send_response(503)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Be quiet: the learner waits for one line."""


@contextmanager
def _unavailable() -> Iterator[str]:
    server = ThreadingHTTPServer((HOST, 0), _Busy)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://{HOST}:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
