"""docs/slides: the brief's three slides, its figures with their sources, one offline page each."""

from __future__ import annotations

import re
import tomllib
from datetime import date
from html.parser import HTMLParser
from itertools import islice

import nbformat
import pytest

from helpers.pipeline.events import generate
from helpers.run import ROOT
from tests.notebooks.lesson import LINK, broken
from tools.slides import deck, export, load, notebooks

DECKS = notebooks()
CLAIMS = tomllib.loads((ROOT / "docs/slides/claims.toml").read_text("utf-8"))
FIGURES = {"99.9%", "100+", "millions/s", "70%", "40%", "50%", "90%"}
BRIEF = {
    "es": ["Diapositiva 1: ¿Qué es Confluent Cloud?", "Diapositiva 2: ", "Diapositiva 3: Casos de"],
    "en": ["Slide 1: What is Confluent Cloud?", "Slide 2: SaaS against", "Slide 3: Use cases"],
}
ROWS = {
    "es": "Gestión Escalabilidad Actualizaciones Costo-inicial Implementación Monitoreo",
    "en": "Management Scaling Updates Initial-cost Time-to-deploy Monitoring",
}
# Whatever could make a browser fetch something, besides the attributes that the test looks at.
FETCHING = re.compile(r"@import|url\(|fetch\(|XMLHttpRequest|import\(|<link|<base|<object|<embed")

each_deck = pytest.mark.parametrize("path", DECKS, ids=lambda path: path.stem)


def lang(path) -> str:
    return path.stem[-2:]


class Page(HTMLParser):
    """What an HTML page asks a browser for, and what it tells a reader who does not see."""

    def __init__(self, html: str):
        super().__init__()
        self.tags: list[tuple[str, dict]] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def of(self, tag: str) -> list[dict]:
        return [attrs for name, attrs in self.tags if name == tag]


def test_there_is_a_deck_in_each_language():
    assert [path.stem for path in DECKS] == ["confluent_cloud_en", "confluent_cloud_es"]


@each_deck
def test_the_three_slides_of_the_brief_are_there(path):
    headings = [slide.heading for slide in deck.slides(nbformat.read(path, 4))]
    for wanted in BRIEF[lang(path)]:
        assert any(heading.startswith(wanted) for heading in headings), wanted


def test_both_decks_have_the_same_cells():
    shapes = [
        [(c.cell_type, c.metadata.get("slideshow"), c.metadata.get("tags")) for c in nb.cells]
        for nb in (nbformat.read(path, 4) for path in DECKS)
    ]
    assert shapes[0] == shapes[1]
    sources = [set(re.findall(r"https://[^\s)\"<]+", deck.page(path))) for path in DECKS]
    assert sources[0] == sources[1]


def test_every_figure_has_its_sources_or_is_unsourced():
    assert {claim["figure"]["en"] for claim in CLAIMS["claim"]} == FIGURES
    for claim in CLAIMS["claim"]:
        says = claim["near" if claim["verdict"] == "unsourced" else "said"]
        assert says["es"]
        assert says["en"]
        assert claim["verdict"] == "unsourced" or claim["sources"], claim["key"]
        assert set(claim["sources"]) <= set(CLAIMS["sources"])
    used = {name for claim in CLAIMS["claim"] for name in claim["sources"]}
    assert used == set(CLAIMS["sources"])
    for source in CLAIMS["sources"].values():
        assert source["url"].startswith("https://")
        assert isinstance(source["looked_up"], date)


@each_deck
def test_the_page_shows_each_figure_with_its_verdict(path):
    shown = deck.page(path)
    cards = re.findall(r'<section class="claim.*?</section>', shown, re.S)
    assert len(cards) == len(FIGURES)
    verdicts = load("claims").VERDICTS
    for claim, card in zip(CLAIMS["claim"], cards, strict=True):
        figure = claim["figure"][lang(path)].replace(" %", "&nbsp;%")
        assert f'class="figure">{figure}<' in card
        assert f">{verdicts[claim['verdict']][lang(path)]}<" in card
        for name in claim["sources"]:
            assert CLAIMS["sources"][name]["url"] in card
            assert str(CLAIMS["sources"][name]["looked_up"]) in card


@each_deck
def test_every_row_of_the_table_is_fair_to_both_sides(path):
    source = next(c.source for c in nbformat.read(path, 4).cells if "versus" in str(c.metadata))
    rows = [line.strip("| ").split(" | ") for line in source.splitlines() if line[:2] == "| "][2:]
    wanted = [name.replace("-", " ") for name in ROWS[lang(path)].split()]
    assert [row[0] for row in rows] == wanted
    for _, cloud, own, by_hand in rows:
        assert "✓" in cloud
        assert "✗" in cloud
        assert "✓" in own
        assert "✗" in own
        assert by_hand


@each_deck
def test_use_cases_name_the_lessons_that_the_brief_s_index_names(path):
    index = (ROOT / "docs" / "brief.md").read_text("utf-8")
    rows = re.findall(r"^\| Diapositiva 3, caso de uso: [^|]+\| (\d\d) ", index, re.M)
    drawn = next(s for s in deck.slides(nbformat.read(path, 4)) if "log, " in "".join(s.body))
    lessons = re.findall(r">(?:lección|lesson) (\d\d)<", "".join(drawn.body))
    assert lessons == rows
    assert len(rows) == 5


@each_deck
def test_the_notebook_is_executed_small_and_its_links_lead_somewhere(path):
    notebook = nbformat.read(path, 4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(cell.execution_count for cell in code)
    assert path.stat().st_size < 500_000
    assert "<iframe" not in path.read_text("utf-8"), "the frame would hold all slides twice"
    links = [
        t for c in notebook.cells if c.cell_type == "markdown" for _, t in LINK.findall(c.source)
    ]
    assert [why for why in (broken(target, path) for target in links) if why] == []
    every = deck.slides(notebook)
    assert [slide.heading for slide in every if not slide.notes] == []


@each_deck
def test_the_page_asks_for_nothing(path, tmp_path):
    html = export(path, tmp_path).read_text("utf-8")
    page = Page(html)
    assert not FETCHING.search(html)
    for tag, attrs in page.tags:
        assert not {"src", "srcset", "poster", "data", "xlink:href"} & set(attrs), tag
        if "href" in attrs:
            assert tag == "a"
            assert attrs["href"].startswith("https://")


@each_deck
def test_the_page_speaks_to_everybody(path):
    page = Page(deck.page(path))
    assert page.of("html")[0]["lang"] == lang(path)
    assert deck.title_of(deck.page(path))
    assert all(svg.get("aria-label") for svg in page.of("svg"))
    assert all(button.get("aria-label") for button in page.of("button"))
    slides = [attrs for attrs in page.of("section") if "aria-label" in attrs]
    assert len(slides) == len(deck.slides(nbformat.read(path, 4)))
    assert not page.of("img")


def test_a_link_into_the_repository_keeps_its_words_only():
    assert deck._markdown("[here](../cloud.md) and [there](https://a.example)") == (
        '<p>here and <a href="https://a.example">there</a></p>\n'
    )


def test_a_slide_without_a_heading_is_refused():
    cell = nbformat.v4.new_markdown_cell("words", metadata={"slideshow": {"slide_type": "slide"}})
    with pytest.raises(ValueError, match="begins with a heading"):
        deck.slides(nbformat.v4.new_notebook(cells=[cell]))


def test_an_event_is_as_large_as_the_slides_say():
    sizes = [len(event.value_bytes) for event in islice(generate(seed=7), 2000)]
    assert 255 < sum(sizes) / len(sizes) < 285  # "about 270 bytes"
