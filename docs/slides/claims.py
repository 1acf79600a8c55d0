"""The brief's seven figures as cards, each with its source or marked as unsourced: claims.toml."""

from __future__ import annotations

import tomllib
from html import escape
from pathlib import Path

HERE = Path(__file__).parent
DATA = tomllib.loads((HERE / "claims.toml").read_text("utf-8"))
SOURCES: dict[str, dict] = DATA["sources"]
CLAIMS: dict[str, dict] = {claim["key"]: claim for claim in DATA["claim"]}
VERDICTS = {
    "depends": {"es": "con fuente, pero depende", "en": "sourced, but it depends"},
    "unsourced": {"es": "sin fuente", "en": "unsourced"},
}
SOURCE = {"es": ("Fuente", "Fuentes"), "en": ("Source", "Sources")}
NEAREST = {"es": "Lo más cercano", "en": "Nearest"}
NONE_FOUND = {"es": "Nada cercano encontrado", "en": "Nothing near was found"}
SEEN = {"es": "consultado el", "en": "looked up"}


class Html:
    """A piece of HTML that a notebook shows, and whose text form says the same in words."""

    def __init__(self, html: str, words: str):
        style = (HERE / "claims.css").read_text("utf-8")
        self.html, self.words = f"<style>{style}</style>{html}", words

    def _repr_html_(self) -> str:
        return self.html

    def __repr__(self) -> str:
        return self.words


def cards(lang: str, *keys: str) -> Html:
    """One card a claim: the figure, large, the verdict, what the source says, and the source."""
    chosen = [CLAIMS[key] for key in keys]
    html = "".join(_card(claim, lang) for claim in chosen)
    return Html(
        f'<div class="claims">{html}</div>', "\n".join(_line(claim, lang) for claim in chosen)
    )


def _card(claim: dict, lang: str) -> str:
    cited = [SOURCES[name] for name in claim["sources"]]
    links = " · ".join(_link(source) for source in cited)
    dates = ", ".join(sorted({str(source["looked_up"]) for source in cited}))
    unsourced = claim["verdict"] == "unsourced"
    label = NEAREST[lang] if unsourced else SOURCE[lang][len(claim["sources"]) > 1]
    body = escape((claim["near"] if unsourced else claim["said"])[lang])
    source = f"{label}: {links} ({dates})" if links else NONE_FOUND[lang]
    return (
        f'<section class="claim {claim["verdict"]}">'
        f'<p class="figure">{escape(claim["figure"][lang])}</p>'
        f'<p class="what">{escape(claim["what"][lang])}</p>'
        f'<p class="verdict">{VERDICTS[claim["verdict"]][lang]}</p><p class="said">{body}</p>'
        f'<p class="source">{source}</p></section>'
    )


def _link(source: dict) -> str:
    return f'<a href="{escape(source["url"])}">{escape(source["short"])}</a>'


def _line(claim: dict, lang: str) -> str:
    names = ", ".join(SOURCES[name]["title"] for name in claim["sources"]) or "–"
    verdict = VERDICTS[claim["verdict"]][lang]
    return f"{claim['figure'][lang]} {claim['what'][lang]}: {verdict} ({names})"


def sources(lang: str) -> Html:
    """All sources: title, who says it, when it was looked up and what was read."""
    rows, words = [], []
    for source in SOURCES.values():
        when = f"{SEEN[lang]} {source['looked_up']}, {source['read'][lang]}"
        title = escape(source["title"])
        rows.append(
            f'<li><a href="{escape(source["url"])}">{title}</a>'
            f"<span>{escape(source['by'])} · {when}</span></li>"
        )
        words.append(f"{source['title']} ({source['by']}), {when}: {source['url']}")
    return Html(f'<ol class="sources">{"".join(rows)}</ol>', "\n".join(words))
