"""The records that Notify reads, judged: which fit their schema, which are dead letters."""

from __future__ import annotations

from typing import Any

import orjson

from helpers.pipeline.notify_texts import of_error, of_mark
from helpers.pipeline.process import KEY_FIELD, MAX_BYTES, Poison
from helpers.pipeline.validation import Invalid, Validator


class Records:
    """The records of some topics. `schemas`: topic → name of its schema."""

    def __init__(self, schemas: dict[str, str]):
        self._validators = {topic: Validator(name) for topic, name in schemas.items()}
        self._owner = {t: KEY_FIELD.get(name, "student_id") for t, name in schemas.items()}

    def read(self, topic: str, key: bytes | None, raw: bytes | None) -> dict[str, Any]:
        """The event in a record. Raises Poison for what belongs to the dead letters."""
        if not raw:
            raise Poison("empty", "the record has no value")
        if len(raw) > MAX_BYTES:
            raise Poison("too-large", f"{len(raw)} bytes, {MAX_BYTES} are the limit")
        try:
            _, raw = self._validators[topic].decode(raw)
        except Invalid as error:
            raise Poison(error.cause, error.detail) from None
        event = orjson.loads(raw)
        owner = event[self._owner[topic]]
        if key != owner.encode():
            raise Poison("bad-key", f"the key is {key!r:.60}, not {owner!r}")
        try:
            of_error(event) if event["type"] == "error" else of_mark(event)
        except ValueError as error:
            raise Poison("bad-time", str(error)) from None
        return event
