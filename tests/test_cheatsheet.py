"""docs/cheatsheet.md: its defaults are those of the installed client and of the running broker."""

from __future__ import annotations

import re

import pytest
from confluent_kafka.admin import ConfigResource, ConfigSource, NewTopic, ResourceType

from helpers.config import ROOT
from helpers.pipeline.client_defaults import default

TEXT = (ROOT / "docs" / "cheatsheet.md").read_text()
ROW = re.compile(
    r"^\| `(?P<name>[a-z.]+)` \| (?P<default>\S+).* \| .+ \| (–|\[.+\]\((?P<link>\S+)\)) \|$"
)
CLIENT, SERVER = ("Both", "Producer", "Consumer"), ("Topic", "Broker")


def rows(*sections: str) -> list[tuple[str, str]]:
    """(setting, default) of the tables under these headings."""
    found = []
    for part in TEXT.split("\n## ")[1:]:
        title, _, body = part.partition("\n")
        lines = [line for line in body.splitlines() if line.startswith("| `")]
        matches = [ROW.match(line) for line in lines]
        assert None not in matches, lines[matches.index(None)]
        for match in matches:  # and what it links to is about it
            place = match["link"] and ROOT / "docs" / match["link"]
            assert place is None or match["name"] in place.read_text(), match["name"]
        if title in sections:
            found += [(match["name"], match["default"]) for match in matches]
    return found


@pytest.mark.parametrize(("name", "said"), rows(*CLIENT))
def test_the_client_says_the_same(name, said):
    if said == "none" and name == "group.instance.id":  # no text of it exists before it is set
        with pytest.raises(KeyError):
            default(name)
    else:
        assert default(name) == said


def test_the_broker_says_the_same(lab, admin):
    admin.create_topics([NewTopic("cheatsheet", num_partitions=1)])["cheatsheet"].result(30)
    for kind, name, section in (
        (ResourceType.TOPIC, "cheatsheet", "Topic"),
        (ResourceType.BROKER, "1", "Broker"),
    ):
        resource = ConfigResource(kind, name)
        entries = admin.describe_configs([resource])[resource].result(30)
        assert rows(section) == [
            (setting, shipped(entries[setting])) for setting, _ in rows(section)
        ]


def shipped(entry) -> str:
    """Kafka's own default of a setting, whatever this broker was told."""
    known = [entry, *entry.synonyms.values()]
    return next(e.value for e in known if ConfigSource(e.source) == ConfigSource.DEFAULT_CONFIG)


def test_it_is_one_page():
    assert len(TEXT.splitlines()) <= 90
    assert {len(rows(part)) >= 4 for part in (*CLIENT, *SERVER)} == {True}
