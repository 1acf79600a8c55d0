"""docs/architecture.drawio: every element of the brief is drawn, tidily, in both languages, and the
pictures beside it are of this drawing. No browser: only files are read."""

from __future__ import annotations

import base64
import re
import xml.etree.ElementTree as ET
import zlib
from collections.abc import Iterator
from itertools import pairwise
from urllib.parse import quote

import pytest

from helpers.pipeline.topics import TOPICS
from tests import diagram_brief as brief
from tests.diagram_reading import Page, collisions, form_of, in_order, inside, look_of, without
from tools.diagram import ENGLISH, SPANISH, english, fingerprint, pictures, tidy

PAGES = ["columns", "layers"]
# What is called the same in both languages, beside steps and marks.
NAMES = {
    *TOPICS,
    *("login", "logout", "tarea", "calificacion", "error", "calificacion → notificacion", "DLQ"),
    *("Producer", "Consumer", "Confluent Cloud", "Schema Registry", "Throughput"),
    *("S3 Bucket (Data Lake)", "CloudWatch (Monitoring)", "CloudWatch Alarms"),
    *("SNS (Notifications)", "Dashboard", "E-mail", "SMS"),
}


def page_of(name: str, drawing=SPANISH) -> ET.Element:
    return next(page for page, _ in pictures(drawing) if page.get("id") == name)


def missing(page: Page, name: str) -> Iterator[str]:
    """What of the brief is not on a page, or is drawn differently; nothing when all is there."""
    here, cells = PAGES.index(name), page.cells

    def text(cell_id: str, wanted: str, parent: str | None = None, **style: str) -> Iterator[str]:
        cell = cells.get(cell_id)
        if cell is None or cell.label != wanted or parent not in (None, cell.parent):
            yield f"{cell_id}: no {wanted!r} in {parent}"
        elif any(cell.style.get(key) != value for key, value in style.items()):
            yield f"{cell_id}: not drawn with {style}"

    yield from text("title", brief.TITLE)
    for cell_id, (label, form, colour, places) in brief.SHAPES.items():
        if places[here]:
            label = "E-mail y SMS" if (cell_id, name) == ("email", "layers") else label
            yield from text(cell_id, label, places[here], strokeColor=colour)
            if cell_id in cells and form_of(cells[cell_id]) != form:
                yield f"{cell_id}: not a {form}"
    for cell_id, (parent, words) in brief.TEXTS.items():
        yield from text(cell_id, words, parent)
    streaming = ("confluent", "streaming")[here]
    notes = {**brief.ANNOTATIONS, "confluent-note": (streaming, "Escalable", brief.ORANGE)}
    for cell_id, (parent, words, colour) in notes.items():
        yield from text(cell_id, words, parent, fillColor=colour)
    aws = {
        **brief.AWS_ICONS,
        **[{"aws": "group_aws_cloud_alt"}, {"dashboard": "cloudwatch_2"}][here],
    }
    for box, icon in aws.items():
        style = {"shape": "mxgraph.aws4.resourceIcon", "resIcon": f"mxgraph.aws4.{icon}"}
        yield from text(f"{box}-icon", "", box, fillColor=brief.BLUE, **style)
    for box in [*brief.ICONS, *[["confluent", "sms"], []][here]]:
        if "mxgraph." not in cells.get(f"{box}-icon", cells["0"]).style.get("shape", ""):
            yield f"{box}: no icon"
    if name == "columns":
        yield from in_order(page, brief.FLOW, axis=0)
        yield from in_order(page, brief.THREE_LAYERS, axis=0)
    else:
        yield from in_order(page, brief.SIX_LAYERS, axis=1)
        yield from text("dashboard-text", "gráficos en vivo", "dashboard")
        yield from text("confluent", "Confluent Cloud", "streaming")
        yield from text("confluent-icon", "", "streaming", shape="mxgraph.ios7.icons.cloud")
    yield from missing_arrows(page, name)
    yield from missing_scenarios(page)
    yield from text("metrics", "Métricas de rendimiento: qué se mide y en qué lección")
    for metric, words in brief.METRICS.items():
        for part, word in zip(("name", "what", "lesson"), words, strict=True):
            yield from text(f"metric-{metric}-{part}", word, f"metric-{metric}")
        if f"metric-{metric}-icon" not in cells:
            yield f"{metric}: no indicator"
    yield from text("legend", "Leyenda")
    for cell_id, words in brief.LEGEND.items():
        yield from text(cell_id, words, "legend")
    for colour in ("green", "orange", "blue", "red"):
        yield from text(f"legend-{colour}", "", "legend", fillColor=getattr(brief, colour.upper()))
    for sample, form in (("service", brief.SERVICE), ("event", brief.EVENT)):
        if form_of(cells.get(f"legend-{sample}", cells["0"])) != form:
            yield f"the legend shows no {form}"
    for look in (brief.DATA, brief.ALERT, brief.LOOK_UP):
        if look_of(cells.get(f"legend-{look}", cells["0"])) != brief.LOOKS[look]:
            yield f"the legend shows no arrow as for {look}"
    for number in "1234":
        yield from text(f"legend-step-{number}", number, "legend", fillColor="#1F2328")


def missing_arrows(page: Page, name: str) -> Iterator[str]:
    more = {"columns": brief.ARROWS_OF_COLUMNS, "layers": brief.ARROWS_OF_LAYERS}[name]
    wanted = {arrow[:2]: arrow[2:] for arrow in [*brief.ARROWS, *more]}
    drawn = {(e.source, e.target): e for e in page.edges if not e.id.startswith("legend-")}
    yield from (f"no arrow {ends}" for ends in wanted.keys() - drawn.keys())
    yield from (f"an arrow {ends} that nobody asked for" for ends in drawn.keys() - wanted.keys())
    loose = [edge.id for edge in page.edges if not {edge.source, edge.target} <= page.cells.keys()]
    yield from (f"{edge} is not attached at both ends" for edge in loose)
    for ends in wanted.keys() & drawn.keys():
        edge, (look, step, words) = drawn[ends], wanted[ends]
        if look_of(edge) != brief.LOOKS[look]:
            yield f"{edge.id} is not drawn as {look}"
        if edge.label != words:
            yield f"{edge.id} says {edge.label!r}, not {words!r}"
        if "".join(child.label for child in page.children(edge.id)) != step:
            yield f"{edge.id} is not numbered {step!r}"
        if (edge.parent == "alerts") != (look == brief.ALERT):
            yield f"{edge.id} is on the wrong layer"


def missing_scenarios(page: Page) -> Iterator[str]:
    """A scenario can be followed: its mark in every box it passes, arrows between them."""
    ways = {(edge.source, edge.target) for edge in page.edges}
    for number, (event, boxes, routes) in brief.SCENARIOS.items():
        marks = [c for c in page.vertices if c.parent == "scenarios" and c.label == f"E{number}"]
        for box in ["producer", *boxes]:
            frame = page.cells.get(box)
            if not frame or not any(inside(page.box(mark), page.box(frame)) for mark in marks):
                yield f"E{number} is not marked in {box}"
        circle = page.cells.get(f"event-{event}")
        levels = {
            cell.id: page.box(cell)[1] + page.box(cell)[3] for cell in [*marks, circle] if cell
        }
        if not circle or levels[circle.id] != levels.get(f"e{number}-event"):
            yield f"E{number} is not beside {event}"
        for route in routes:
            gone = set(pairwise(route.split())) - ways
            yield from (f"E{number} cannot go {ends}" for ends in gone)
        sample = page.cells.get(f"legend-scenario-{number}")
        if not sample or sample.label != f"E{number}":
            yield f"E{number} is not in the legend"


@pytest.mark.parametrize("name", PAGES)
def test_every_element_of_the_brief_is_drawn(name):
    assert list(missing(Page(page_of(name)), name)) == []


@pytest.mark.parametrize("name", PAGES)
def test_whatever_is_removed_is_missed(name):
    """Every shape, arrow, text and mark, one after the other."""
    cells = [cell.id for cell in Page(page_of(name)).cells.values() if cell.kind != "layer"]
    assert len(cells) > 150
    assert [cell for cell in cells if not list(missing(without(page_of(name), cell), name))] == []


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize(
    ("cell", "change"),
    [
        ("s3", {"strokeColor": brief.ORANGE}),
        ("s3-icon", {"fillColor": "#7AA116"}),
        ("sistema-logs", {"rounded": "0"}),
        ("user-events", {"rounded": "1", "ellipse": None}),
        ("alarms-to-sns", {"dashed": "0"}),
        ("consumer-to-s3", {"strokeWidth": "1"}),
        ("legend-alert", {"dashPattern": "8 8"}),
    ],
)
def test_another_form_or_colour_is_seen(name, cell, change):
    page = Page(page_of(name))
    style = {**page.cells[cell].style, **change}
    page.cells[cell].style = {key: value for key, value in style.items() if value is not None}
    assert [problem for problem in missing(page, name) if cell.split("-")[0] in problem]


@pytest.mark.parametrize("drawing", [SPANISH, ENGLISH], ids=["spanish", "english"])
@pytest.mark.parametrize("name", PAGES)
def test_nothing_overlaps_crosses_or_leaves_the_page(name, drawing):
    page = Page(page_of(name, drawing))
    assert page.background == "#FFFFFF"
    assert collisions(page) == []
    page.cells["dlq"].geometry["y"] += 60
    page.cells["e1-s3"].geometry["x"] += 400
    found = collisions(page)
    assert any("dlq" in line and "overlaps" in line for line in found)
    assert "e1-s3 leaves the page" in found


@pytest.mark.parametrize("name", PAGES)
def test_every_label_is_plain_text_and_large_enough(name):
    """html=1 labels become foreignObject, which a viewer of <img> may leave out."""
    page = Page(page_of(name))
    assert [c.id for c in page.cells.values() if c.style and c.style.get("html") != "0"] == []
    small = [
        c.id for c in page.cells.values() if c.label and float(c.style.get("fontSize", 99)) < 14
    ]
    assert small == []  # 9 px where the README shows it


def test_the_english_copy_is_the_spanish_drawing_with_its_other_words():
    assert ENGLISH.read_text("utf-8") == english(SPANISH.read_text("utf-8"))
    for name in PAGES:
        spanish, copy = Page(page_of(name)), Page(page_of(name, ENGLISH))
        assert [*spanish.cells] == [*copy.cells]
        for a, b in zip(spanish.cells.values(), copy.cells.values(), strict=True):
            assert (a.style, a.geometry, a.source, a.target) == (
                b.style,
                b.geometry,
                b.source,
                b.target,
            )
        same = {a.label for a in spanish.cells.values() if a.label == copy.cells[a.id].label}
        assert {label for label in same if label not in NAMES and len(label) > 2} == set()


def test_what_draw_io_saves_compressed_is_unpacked():
    file = ET.fromstring(SPANISH.read_text("utf-8"))
    file.set("agent", "a browser")
    for page in file.iter("diagram"):
        model = page.find("mxGraphModel")
        packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
        packed = packer.compress(quote(ET.tostring(model)).encode()) + packer.flush()
        page.remove(model)
        page.text = base64.b64encode(packed).decode()
    assert tidy(ET.tostring(file, encoding="unicode")) == SPANISH.read_text("utf-8")


@pytest.mark.parametrize("drawing", [SPANISH, ENGLISH], ids=["spanish", "english"])
@pytest.mark.parametrize("name", PAGES)
def test_the_picture_is_of_this_drawing(name, drawing):
    page, file = next((p, file) for p, file in pictures(drawing) if p.get("id") == name)
    svg = ET.fromstring(file.read_text("utf-8"))
    assert svg.get("data-drawing") == fingerprint(page), "run python tools/diagram.py"
    said = {text.text for text in svg.iter("{http://www.w3.org/2000/svg}text")}
    cells = [cell for cell in Page(page).cells.values() if cell.kind != "layer"]
    assert {line for cell in cells for line in cell.text.split("\n") if line} == said
    assert file.stat().st_size < 300_000


@pytest.mark.parametrize("drawing", [SPANISH, ENGLISH], ids=["spanish", "english"])
def test_the_pictures_need_nothing_from_elsewhere(drawing):
    for _, file in pictures(drawing):
        svg = file.read_text("utf-8")
        assert not re.search(r"href|<image|<style|<script|foreignObject|url\(|@import", svg)
        assert {url.split("/")[2] for url in re.findall(r"https?://[^\"]+", svg)} == {"www.w3.org"}
        assert svg.index('<rect width="100%" height="100%" fill="#ffffff"/>') < svg.index("<g>")
