"""The schemas in `schemas/`, and the one difference between JSON and Avro: the times.

A time is text in JSON (`"2026-03-02T08:00:30.333Z"`) and a `timestamp-millis` in Avro, for which
Avro libraries take and give a `datetime`.
"""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parents[2] / "schemas"
EVENT_TYPES = ("login", "logout", "tarea", "calificacion", "error", "notificacion")
TOPICS: dict[str, tuple[str, ...]] = {
    "estudiante-eventos": ("login", "logout", "tarea", "calificacion"),
    "sistema-logs": ("error",),
    "notificaciones": ("notificacion",),
}
TIMES = ("timestamp", "due")


def avro_schema(name: str) -> dict[str, Any] | list[dict[str, Any]]:
    """The Avro schema of an event type or of all values of a topic, complete in itself.

    A record schema, or for `estudiante-eventos` a union: the list of its four. Give
    `json.dumps(avro_schema(name))` to `AvroSerializer`. Raises KeyError for an unknown name.
    """
    types = _types_of(name)
    records = [_read(f"{event_type}.avsc") for event_type in types]
    return records if len(records) > 1 else records[0]


def json_schema(name: str) -> dict[str, Any]:
    """The JSON Schema (2020-12) of an event type or of all values of a topic, complete in itself.

    For `estudiante-eventos` a `oneOf` with the four types under `$defs`. Give
    `json.dumps(json_schema(name))` to `JSONSerializer`. Raises KeyError for an unknown name.
    """
    types = _types_of(name)
    if len(types) == 1:
        return _read(f"{types[0]}.json")
    schema = _read(f"{name}.json")
    schema["oneOf"] = [{"$ref": f"#/$defs/{event_type}"} for event_type in types]
    schema["$defs"] = {event_type: _definition(event_type) for event_type in types}
    return schema


def to_avro(value: dict[str, Any], ctx: object = None) -> dict[str, Any]:
    """An event's JSON value as Avro wants it: times as `datetime` in UTC, all else unchanged.

    Can be given to `AvroSerializer` as `to_dict` (hence `ctx`, which is not used). Raises
    ValueError for a time that is not written like 2026-03-02T08:00:30.333Z.
    """
    return {k: _from_iso(v) if k in TIMES else v for k, v in value.items()}


def from_avro(value: dict[str, Any], ctx: object = None) -> dict[str, Any]:
    """Undoes `to_avro`. Can be given to `AvroDeserializer` as `from_dict`."""
    return {k: _to_iso(v) if k in TIMES else v for k, v in value.items()}


def _types_of(name: str) -> tuple[str, ...]:
    if name in EVENT_TYPES:
        return (name,)
    if name in TOPICS:
        return TOPICS[name]
    raise KeyError(f"no schema {name!r}; there are {', '.join((*EVENT_TYPES, *TOPICS))}")


def _read(file_name: str) -> Any:
    return json.loads((FOLDER / file_name).read_text(encoding="utf-8"))


def _definition(event_type: str) -> dict[str, Any]:
    schema = _read(f"{event_type}.json")
    return {k: v for k, v in schema.items() if k not in ("$schema", "$id")}


def _from_iso(text: Any) -> datetime:
    if not isinstance(text, str) or len(text) != 24 or not text.endswith("Z"):
        raise ValueError(f"{text!r} is not a time; write it like 2026-03-02T08:00:30.333Z")
    return datetime.fromisoformat(text)


def _to_iso(moment: datetime) -> str:
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"
