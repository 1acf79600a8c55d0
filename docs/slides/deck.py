"""A slides notebook as one HTML page that needs nothing else: no network, no file beside it.

The cells' own "slideshow" metadata says where slides begin (Jupyter's convention: slide, notes,
skip); a slide's first cell may carry tags that name its layout. What is shown are the outputs that
the notebook holds, so a changed code cell must have been run.

    present("confluent_cloud_en.ipynb")     in a notebook: the slides, in a frame of their own
    page(path)                              the HTML as a string, for tools/slides.py
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import escape, unescape
from pathlib import Path

import mistune
import nbformat
from nbformat import NotebookNode

HERE = Path(__file__).parent
WORDS = {
    "es": {
        "back": "Anterior (←)",
        "forward": "Siguiente (→)",
        "full": "Pantalla completa (F)",
        "notes": "Notas (N)",
        "slide": "Diapositiva",
        "of": "de",
        "shown": "Diapositivas de {}: pulse dentro; flechas, F pantalla completa, N notas.",
    },
    "en": {
        "back": "Back (←)",
        "forward": "Forward (→)",
        "full": "Full screen (F)",
        "notes": "Notes (N)",
        "slide": "Slide",
        "of": "of",
        "shown": "Slides of {}: click into them; arrow keys, F full screen, N notes.",
    },
}
BUTTONS = {"back": "←", "forward": "→", "full": "F", "notes": "N"}
markdown = mistune.create_markdown(escape=False, plugins=["table", "strikethrough"])


@dataclass
class Slide:
    """One slide: its heading, the classes of its layout, its cells as HTML, its notes as HTML."""

    heading: str
    layout: str
    body: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def slides(notebook: NotebookNode) -> list[Slide]:
    """The notebook's slides, in order. A cell before the first slide belongs to none."""
    found: list[Slide] = []
    for cell in notebook.cells:
        kind = cell.metadata.get("slideshow", {}).get("slide_type", "-")
        tags = cell.metadata.get("tags", [])
        source = cell.source
        if kind in ("slide", "subslide"):
            heading, source = _heading(source)
            found.append(Slide(heading, " ".join(tags)))
        if kind == "skip" or not found:
            continue
        if kind == "notes":
            found[-1].notes.append(_markdown(source))
        elif cell.cell_type == "markdown" and source.strip():
            found[-1].body.append(f'<div class="cell">{_markdown(source)}</div>')
        elif cell.cell_type == "code":
            html = "".join(_output(output) for output in cell.outputs)
            found[-1].body.append(f'<div class="cell output">{html}</div>')
    return found


def _heading(source: str) -> tuple[str, str]:
    """The first heading of a Markdown cell, and the rest of the cell."""
    first, _, rest = source.strip().partition("\n")
    if not first.startswith("#"):
        raise ValueError(f"a slide begins with a heading, not with {first[:40]!r}")
    return first.lstrip("# ").strip(), rest


def _markdown(source: str) -> str:
    """HTML; a link into the repository keeps its words only: the page is read without it."""
    html = re.sub(r'<a href="(?!https?:)[^"]*"[^>]*>(.*?)</a>', r"\1", markdown(source), flags=re.S)
    html = html.replace("✓", '<b class="yes">✓</b>').replace("✗", '<b class="no">✗</b>')
    return _together(html)


def _together(html: str) -> str:
    """Keep on one line what reads badly on two: a date, a number with its % sign."""
    html = re.sub(r"(\d) %", r"\1&nbsp;%", html)
    return re.sub(r"\b(\d{4}-\d\d-\d\d)\b", r'<span class="date">\1</span>', html)


def _output(output: NotebookNode) -> str:
    """The richest form of one output that a page can hold."""
    data = output.get("data", {})
    if "image/svg+xml" in data:
        return "".join(data["image/svg+xml"])
    if "text/html" in data:
        return _together("".join(data["text/html"]))
    return f"<pre>{escape(output.get('text') or data.get('text/plain', ''))}</pre>"


def page(path: Path) -> str:
    """The whole page. The language is the end of the file's name: …_es.ipynb, …_en.ipynb."""
    notebook = nbformat.read(path, as_version=4)
    lang = path.stem.rsplit("_", 1)[-1]
    words = WORDS[lang]
    title = _heading(notebook.cells[0].source)[0]
    every = slides(notebook)
    shown = "".join(_slide(s, n, len(every), title, words) for n, s in enumerate(every, 1))
    buttons = "".join(
        f'<button id="{name}" title="{words[name]}" aria-label="{words[name]}">{sign}</button>'
        for name, sign in BUTTONS.items()
    )
    css = "".join((HERE / name).read_text("utf-8") for name in ("deck.css", "claims.css"))
    script = (HERE / "deck.js").read_text("utf-8")
    return (
        f'<!DOCTYPE html>\n<html lang="{lang}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{css}</style></head>\n<body><main>{shown}</main>"
        f'<nav class="controls">{buttons}</nav><p id="where" aria-live="polite" '
        f'style="position:absolute;left:-9999px"></p>\n<script>{script}</script></body></html>\n'
    )


def _slide(slide: Slide, number: int, total: int, title: str, words: dict[str, str]) -> str:
    part, _, rest = slide.heading.rpartition(": ")
    rest = re.sub(r"\w", lambda letter: letter[0].upper(), rest, count=1)
    label = f"{words['slide']} {number} {words['of']} {total}: {slide.heading}"
    chip = f'<span class="part">{escape(part)}</span>' if part else ""
    notes = f'<aside class="notes">{"".join(slide.notes)}</aside>' if slide.notes else ""
    return (
        f'<section class="slide {slide.layout}" aria-label="{escape(label)}">'
        f"<header>{chip}<h2>{escape(rest)}</h2></header>"
        f'<div class="body">{"".join(slide.body)}</div>'
        f"<footer><span>{escape(title)}</span><span>{number} / {total}</span></footer></section>"
        f"{notes}\n"
    )


class Frame:
    """The slides inside a notebook, in a frame that keyboard and full screen work in."""

    def __init__(self, path: Path):
        self.path, self.html = path, page(path)

    def _repr_html_(self) -> str:
        return (
            f'<iframe srcdoc="{escape(self.html)}" title="{escape(title_of(self.html))}" '
            'allow="fullscreen" allowfullscreen '
            'style="width:100%;aspect-ratio:16/9;border:0;border-radius:8px"></iframe>'
        )

    def __repr__(self) -> str:
        return WORDS[self.path.stem.rsplit("_", 1)[-1]]["shown"].format(self.path.name)


def title_of(html: str) -> str:
    """The title of a page."""
    return unescape(re.search(r"<title>(.*?)</title>", html)[1])


def present(name: str) -> Frame:
    """The slides of a notebook in this folder, as it was last saved."""
    return Frame(HERE / name)
