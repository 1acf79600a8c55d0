"""The pictures of lessons 00 and 01 are well-formed and say in words what they show."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from helpers.checklist import Check
from helpers.show.course import CourseMap, Ticks
from helpers.show.flow import STOPS, Flow

SVG = "{http://www.w3.org/2000/svg}"


def words(picture) -> str:
    root = ElementTree.fromstring(picture._repr_svg_())
    return " ".join(node.text or "" for node in root.iter(f"{SVG}text"))


def test_a_stop_lights_up_when_it_was_seen():
    journey = Flow()
    assert "✓" not in words(journey)
    assert journey.seen("topic", "partition 5\noffset <0>") is journey
    assert words(journey).count("✓") == repr(journey).count("✓") == 1
    assert "offset <0>" in words(journey)
    for stop in STOPS:
        journey.seen(stop)
    assert words(journey).count("✓") == len(STOPS)


def test_an_unknown_stop_is_named():
    with pytest.raises(KeyError, match="'s3' is not a stop; the stops are producer"):
        Flow().seen("s3")


def test_the_map_names_every_lesson():
    assert all(f"{number:02d}" in words(CourseMap()) for number in (*range(1, 15), 17, 18))


def test_the_ticks_ask_again():
    answers = [[Check("AWS", "Bucket", False, "<none>", "lesson 01")]]
    answers.append([Check("AWS", "Bucket", True, "1 here")])
    ticks = Ticks(lambda: answers.pop(0))
    assert repr(ticks) == "AWS 0 of 1"
    assert "&lt;none&gt;" in ticks.children[0].value
    ticks.children[1].click()
    assert repr(ticks) == "AWS 1 of 1"
    assert "lesson 01" not in ticks.children[0].value
