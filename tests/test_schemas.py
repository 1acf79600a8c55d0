"""Every generated event fits its Avro and its JSON schema."""

import io
import json
from itertools import islice

import fastavro
import jsonschema
import pytest
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer, AvroSerializer
from confluent_kafka.schema_registry.json_schema import JSONDeserializer, JSONSerializer
from confluent_kafka.serialization import MessageField, SerializationContext, SerializationError

from helpers.pipeline.events import generate, students
from helpers.pipeline.schemas import (
    EVENT_TYPES,
    FOLDER,
    TOPICS,
    avro_schema,
    from_avro,
    json_schema,
    to_avro,
)
from tests.schema_checks import (
    avro,
    check_avro,
    examples,
    fast,
    reference,
    sample,
    with_notifications,
)

MILLION = 1_000_000


@pytest.mark.timeout(600)
@pytest.mark.parametrize("many", [50_000, pytest.param(MILLION, marks=pytest.mark.soak)])
def test_generated_events_fit_both_schemas(many):
    """What is validated as JSON is what goes over the wire: the bytes, read back."""
    count = 0
    for event in with_notifications(islice(generate(7), many)):
        value, kind = event.value, event.value["type"]
        fast(kind)(json.loads(event.value_bytes))
        check_avro(kind, value)
        count += 1
    assert count > many


@pytest.mark.parametrize(("seed", "size"), [(1, 1), (2, 30_000)])
def test_other_seeds_and_sizes_fit_the_schemas_of_the_topics(seed, size):
    for event in islice(with_notifications(generate(seed, students=size)), 10_000):
        fast(event.topic)(event.value)
        check_avro(event.topic, event.value)


def test_reference_library_agrees_on_a_sample():
    for event in sample():
        reference(event.value["type"])(event.value)
        reference(event.topic)(event.value)


def test_avro_gives_back_what_it_was_given():
    for event in sample():
        buffer = io.BytesIO()
        fastavro.schemaless_writer(buffer, avro(event.topic), to_avro(event.value), strict=True)
        buffer.seek(0)
        back = fastavro.schemaless_reader(buffer, avro(event.topic), None)
        assert from_avro(back) == event.value


@pytest.mark.parametrize("topic", TOPICS)
def test_confluent_serializers_take_them(topic):
    """Against confluent_kafka's own mock registry; lesson 08 does the same with a real one."""
    registry = SchemaRegistryClient.new_client({"url": f"mock://{topic}"})
    avro_text, json_text = json.dumps(avro_schema(topic)), json.dumps(json_schema(topic))
    to_bytes = AvroSerializer(registry, avro_text, to_avro, {"validate.strict": True})
    to_value = AvroDeserializer(registry, from_dict=from_avro)
    context = SerializationContext(topic, MessageField.VALUE)
    json_context = SerializationContext(f"{topic}-json", MessageField.VALUE)
    json_to_bytes = JSONSerializer(json_text, registry)
    json_to_value = JSONDeserializer(json_text, schema_registry_client=registry)
    events = [event for event in sample() if event.topic == topic][:100]
    assert events
    for event in events:
        assert to_value(to_bytes(event.value, context), context) == event.value
        assert json_to_value(json_to_bytes(event.value, json_context), json_context) == event.value
    with pytest.raises(SerializationError):
        json_to_bytes({**events[0].value, "extra": 1}, json_context)
    with pytest.raises(ValueError, match="otro"):
        to_bytes({**events[0].value, "type": "otro"}, context)


@pytest.mark.parametrize("kind", EVENT_TYPES)
def test_avro_and_json_name_the_same_fields_and_explain_each(kind):
    record, schema = avro_schema(kind), json_schema(kind)
    names = [field["name"] for field in record["fields"]]
    assert names == list(schema["properties"]) == schema["required"] == list(examples()[kind])
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["description"] == record["doc"]
    for field in record["fields"]:
        assert field["doc"] == schema["properties"][field["name"]]["description"]
        assert field["doc"].endswith(".")
        if field["name"] in ("timestamp", "due"):
            assert field["type"] == {"type": "long", "logicalType": "timestamp-millis"}


def test_the_topic_files_refer_to_the_types():
    avro_names = json.loads((FOLDER / "estudiante-eventos.avsc").read_text(encoding="utf-8"))
    fulls = [f"{s['namespace']}.{s['name']}" for s in avro_schema("estudiante-eventos")]
    assert avro_names == fulls
    refs = json.loads((FOLDER / "estudiante-eventos.json").read_text(encoding="utf-8"))["oneOf"]
    assert refs == [{"$ref": f"{kind}.json"} for kind in TOPICS["estudiante-eventos"]]
    files = {path.name for path in FOLDER.iterdir()} - {"README.md"}
    names = (*EVENT_TYPES, "estudiante-eventos")
    assert files == {f"{name}.{ending}" for name in names for ending in ("avsc", "json")}


def test_readme_names_every_schema_and_field():
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    for kind, value in examples().items():
        assert f"`{kind}`" in text
        for field in value:
            assert f"`{field}`" in text, field


def test_an_unknown_name_says_which_there_are():
    with pytest.raises(KeyError, match="no schema 'logn'; there are login, logout"):
        avro_schema("logn")


def test_the_roster_is_not_in_the_events_but_for_the_name():
    """E-mail and telephone stay in the roster: the processor adds what the notifier needs."""
    text = b"".join(event.value_bytes for event in islice(generate(7), 2_000))
    for student in students(7):
        assert student.email.encode() not in text
        assert student.phone.encode() not in text
