"""The drawings of the slides: SVG made of data, in the brief's colours.

Every function returns a `Picture`; its words come from the notebook that calls it, so that one
drawing serves both languages. Lengths are in the units of the drawing's own viewBox; a slide shows
a full-width drawing 1200 units wide, half a slide 600, so that a text of 20 is as large everywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

# The brief's colours: Confluent orange, AWS blue, sources green, alerts red. Each as (line and
# text, fill); every line colour has a contrast of at least 4.5 to 1 on white and on its fill.
CONFLUENT = ("#b84300", "#ffe8d9")
AWS = ("#0b5cad", "#dcebfa")
SOURCE = ("#1f7a34", "#ddf3e1")
ALERT = ("#c1121f", "#fde3e4")
GREY = ("#57606a", "#eef1f4")
INK = "#1b2733"
FONT = "Segoe UI, system-ui, -apple-system, Helvetica Neue, Arial, sans-serif"
Colour = tuple[str, str]


class Picture:
    """An SVG that notebooks show, and whose text form is its description."""

    def __init__(self, body: list[str], width: int, height: int, alt: str):
        self.alt = alt
        self.svg = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
            f'style="width:100%;max-width:{width}px;height:auto;background:#fff" role="img" '
            f'aria-label="{escape(alt)}" font-family="{FONT}" fill="{INK}">'
            f"<title>{escape(alt)}</title>{''.join(body)}</svg>"
        )

    def _repr_svg_(self) -> str:
        return self.svg

    def __repr__(self) -> str:
        return self.alt


def text(x: float, y: float, words: str, size: int = 20, **style) -> str:
    """One line of text, anchored in its middle unless `anchor` says otherwise."""
    anchor, fill = style.get("anchor", "middle"), style.get("fill", INK)
    weight = f' font-weight="{style["weight"]}"' if "weight" in style else ""
    return (
        f'<text x="{x:g}" y="{y:g}" font-size="{size}" text-anchor="{anchor}" '
        f'fill="{fill}"{weight}>{escape(words)}</text>'
    )


def fit(words: str, width: float, size: int) -> int:
    """The size, or a smaller one with which the words fit into `width` in a wide font."""
    return min(size, int(width / (0.62 * max(1, len(words)))))


def box(x: float, y: float, width: float, height: float, colour: Colour, radius: int = 12) -> str:
    """A rounded rectangle: a main service, in the brief's grammar of shapes."""
    line, fill = colour
    return (
        f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="{radius}" '
        f'fill="{fill}" stroke="{line}" stroke-width="2.5"/>'
    )


def arrow(x1: float, y1: float, x2: float, y2: float, colour: str, dashed: bool = False) -> str:
    """A thick arrow for data, a dashed one for alerts; to the right or straight down."""
    dash = ' stroke-dasharray="9 7"' if dashed else ""
    down = x1 == x2
    end = f"{x2:g},{y2 - 12:g}" if down else f"{x2 - 12:g},{y2:g}"
    wings = (
        f"{x2 - 9:g},{y2 - 14:g} {x2 + 9:g},{y2 - 14:g}"
        if down
        else f"{x2 - 14:g},{y2 - 9:g} {x2 - 14:g},{y2 + 9:g}"
    )
    return (
        f'<polyline points="{x1:g},{y1:g} {end}" fill="none" stroke="{colour}" '
        f'stroke-width="5"{dash}/><polygon points="{x2:g},{y2:g} {wings}" fill="{colour}"/>'
    )


def pipeline(
    layers: Sequence[tuple[str, Sequence[str]]],
    between: str,
    events: Sequence[str],
    alert: str,
    alt: str,
) -> Picture:
    """Sources → topics → AWS, the events as circles, and from AWS the dashed way of an alert."""
    body = []
    for n, (colour, (title, rows)) in enumerate(zip((SOURCE, CONFLUENT, AWS), layers, strict=True)):
        x = 10 + n * 440
        body.append(box(x, 10, 300, 252, colour, 18))
        body.append(text(x + 150, 50, title, 27, weight=700, fill=colour[0]))
        for m, row in enumerate(rows):
            y = 68 + m * 47
            body.append(
                f'<rect x="{x + 14}" y="{y}" width="272" height="39" rx="19" fill="#fff" '
                f'stroke="{colour[0]}" stroke-width="1.5"/>'
            )
            body.append(text(x + 150, y + 27, row, fit(row, 256, 21)))
    for x, colour in ((316, SOURCE), (756, CONFLUENT)):
        body.append(arrow(x, 136, x + 126, 136, colour[0]))
        body.append(text(x + 62, 114, between, fit(between, 132, 20), fill=colour[0], weight=700))
    for n, event in enumerate(events):
        x = 70 + n * 152
        body.append(
            f'<circle cx="{x}" cy="306" r="17" fill="{SOURCE[1]}" stroke="{SOURCE[0]}" '
            'stroke-width="2.5"/>'
        )
        body.append(text(x, 350, event, 20, fill=SOURCE[0]))
    body += [arrow(1040, 268, 1040, 306, ALERT[0], dashed=True), box(890, 308, 300, 54, ALERT)]
    body.append(text(1040, 343, alert, fit(alert, 284, 23), weight=700, fill=ALERT[0]))
    return Picture(body, 1200, 372, alt)


def stacks(
    columns: Sequence[tuple[str, Sequence[Colour]]],
    layers: Sequence[str],
    legend: Sequence,
    alt: str,
) -> Picture:
    """Who operates what: the same layers, once a column, each in its operator's colour."""
    body = []
    for n, (title, colours) in enumerate(columns):
        x = 8 + n * 300
        body.append(text(x + 142, 34, title, 22, weight=700))
        for m, (layer, colour) in enumerate(zip(layers, colours, strict=True)):
            y = 50 + m * 66
            body.append(box(x, y, 284, 60, colour))
            first, _, second = layer.partition(" / ")
            body.append(text(x + 142, y + (27 if second else 37), first, fit(first, 268, 20)))
            if second:
                body.append(text(x + 142, y + 49, second, fit(second, 268, 18)))
    bottom = 50 + len(layers) * 66 + 22
    for n, (who, colour) in enumerate(legend):
        x = 14 + n * 200
        body.append(box(x, bottom - 18, 26, 26, colour, 6))
        body.append(text(x + 36, bottom + 3, who, 20, anchor="start", fill=colour[0], weight=700))
    return Picture(body, 600, bottom + 20, alt)


def bars(
    rows: Sequence[tuple[str, float, str, Colour]], title: str, mark: tuple[float, str] = (0, "")
) -> Picture:
    """Horizontal bars on a linear scale: (name, value, what is written beside it, colour).

    `mark` draws a dashed line at a value, with its name. The description holds all numbers.
    """
    scale = 225 / max(value for _, value, _, _ in rows)
    x, marked = 205, 205 + mark[0] * scale
    body = [text(0, 28, title, fit(title, 590, 22), anchor="start", weight=700)]
    for n, (name, value, beside, colour) in enumerate(rows):
        y = 56 + n * 70
        width = max(4.0, value * scale)
        end = x + width if not mark[1] else max(x + width, marked)
        body.append(text(x - 12, y + 33, name, fit(name, x - 14, 21), anchor="end"))
        body.append(
            f'<rect x="{x}" y="{y}" width="{width:g}" height="50" rx="5" fill="{colour[0]}"/>'
        )
        size = fit(beside, 585 - end, 23)
        body.append(text(end + 12, y + 33, beside, size, anchor="start", weight=700))
    bottom = 56 + len(rows) * 70
    if mark[1]:
        body.append(
            f'<line x1="{marked:g}" y1="46" x2="{marked:g}" y2="{bottom}" stroke="{ALERT[0]}" '
            'stroke-width="3" stroke-dasharray="8 6"/>'
        )
        body.append(text(marked, bottom + 26, mark[1], 21, fill=ALERT[0], weight=700))
        bottom += 34
    alt = f"{title}: " + "; ".join(f"{name} {beside}" for name, _, beside, _ in rows)
    return Picture(body, 600, bottom + 4, alt)


def uses(log: str, cases: Sequence[tuple[str, str, str, Colour]], alt: str) -> Picture:
    """One log, read by several: (first line, second line, number of the lesson, colour)."""
    body = [box(10, 10, 1180, 74, CONFLUENT, 16)]
    size = fit(log, 610, 25)
    body.append(text(34, 56, log, size, anchor="start", weight=700, fill=CONFLUENT[0]))
    for n in range(15):
        x = 660 + n * 34
        body.append(
            f'<rect x="{x}" y="32" width="26" height="30" rx="5" fill="#fff" '
            f'stroke="{CONFLUENT[0]}" stroke-width="1.5"/>'
        )
    for n, (first, second, lesson, colour) in enumerate(cases):
        x = 10 + n * 239
        body.append(arrow(x + 112, 90, x + 112, 132, colour[0]))
        body.append(box(x, 138, 224, 150, colour, 16))
        body.append(text(x + 112, 178, first, fit(first, 214, 23), weight=700))
        body.append(text(x + 112, 208, second, fit(second, 214, 23), weight=700))
        body.append(f'<rect x="{x + 47}" y="230" width="130" height="42" rx="20" fill="#fff"/>')
        body.append(text(x + 112, 258, lesson, 22, fill=colour[0], weight=700))
    return Picture(body, 1200, 300, alt)
