"""`drop_subjects` against the real registry."""

from __future__ import annotations

import pytest
from confluent_kafka.schema_registry import (
    Schema,
    SchemaReference,
    SchemaRegistryClient,
    SchemaRegistryError,
)

from helpers.cleanup import drop_subjects
from helpers.lab import start_lab

TEXT = Schema('"string"', "AVRO")
INNER = Schema('{"type": "record", "name": "Inner", "fields": []}', "AVRO")


@pytest.fixture(scope="module")
def registry():
    lab = start_lab(kafka=False, registry=True, own=True, quiet=True)
    with SchemaRegistryClient(lab.registry) as client:
        yield client
    lab.stop()


def test_all_versions_and_the_level_go(registry):
    registry.register_schema("ana-value", TEXT)
    registry.set_compatibility("ana-value", "NONE")
    registry.register_schema("ana-value", INNER)
    assert drop_subjects(registry, "ana-value", "never-there") == ["ana-value"]
    assert registry.get_subjects(deleted=True) == []
    registry.register_schema("ana-value", TEXT)  # asked anew, although the client knew it
    assert registry.get_versions("ana-value") == [1]
    assert registry.get_compatibility("ana-value") == "BACKWARD"
    drop_subjects(registry, "ana-value")


def test_once_more_removes_nothing(registry):
    registry.register_schema("luis-value", TEXT)
    assert drop_subjects(registry, "luis-value") == ["luis-value"]
    assert drop_subjects(registry, "luis-value") == []


def test_what_was_only_marked_goes_too(registry):
    registry.register_schema("eva-value", TEXT)
    registry.delete_subject("eva-value")
    assert drop_subjects(registry, "eva-value") == ["eva-value"]
    assert registry.get_subjects(deleted=True) == []


def test_a_schema_that_others_refer_to_stays(registry):
    registry.register_schema("inner", INNER)
    fields = '{"type": "record", "name": "Outer", "fields": [{"name": "in", "type": "Inner"}]}'
    outer = Schema(fields, "AVRO", [SchemaReference("Inner", "inner", 1)])
    registry.register_schema("outer-value", outer)
    with pytest.raises(SchemaRegistryError, match="referencing inner"):
        drop_subjects(registry, "inner")
    assert drop_subjects(registry, "outer-value", "inner") == ["outer-value", "inner"]
