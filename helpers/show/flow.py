"""The way of an event as a picture: boxes that light up when a lesson has seen them.

Pictures are SVG on a card of their own, so they read the same on a light and on a dark page. What a
picture says is also its text (`repr`): for a screen reader, for a terminal, and for nbval.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

# Okabe and Ito's palette, told apart by colour-blind eyes; one colour a part of the system.
GREEN, ORANGE, BLUE, RED = "#00795B", "#B85C00", "#0063A0", "#B3261E"
INK, GREY, PAPER = "#1F2328", "#8A929A", "#FFFFFF"
PAGE = 815  # pixels; JupyterLab does not shrink an SVG that is wider than its page
FONT = "font-family='system-ui, Segoe UI, Helvetica, Arial, sans-serif'"


@dataclass(frozen=True)
class Box:
    """A part of the picture, in pixels: where it stands, its name, its colour, its small print."""

    x: int
    y: int
    wide: int
    high: int
    name: str
    colour: str
    small: str = ""
    lit: bool = True
    mark: str = ""

    def svg(self) -> str:
        """Filled when lit, a dashed outline when not; lines of the small print end with \\n."""
        edge, ink = (self.colour, PAPER) if self.lit else (GREY, INK)
        fill = self.colour if self.lit else PAPER
        dashes = "" if self.lit else " stroke-dasharray='5 4'"
        parts = [
            f"<rect x='{self.x}' y='{self.y}' width='{self.wide}' height='{self.high}' rx='10' "
            f"fill='{fill}' stroke='{edge}' stroke-width='2'{dashes}/>"
        ]
        lines = self.small.split("\n") if self.small else []
        middle, top = self.x + self.wide / 2, self.y + self.high / 2 - 8 * len(lines) + 5
        parts.append(text(middle, top, self.name, 15, ink, bold=True))
        for number, line in enumerate(lines, start=1):
            parts.append(text(middle, top + 17 * number, line, 12, ink))
        if self.mark:
            parts.append(
                f"<circle cx='{self.x + self.wide - 4}' cy='{self.y + 4}' r='12' fill='{PAPER}' "
                f"stroke='{edge}' stroke-width='2'/>"
            )
            parts.append(text(self.x + self.wide - 4, self.y + 9, self.mark, 13, edge, bold=True))
        return "".join(parts)


def text(x: float, y: float, words: str, size: int, ink: str, bold: bool = False) -> str:
    """One centred line of text, its base line at `y`."""
    weight = " font-weight='600'" if bold else ""
    return (
        f"<text x='{x:g}' y='{y:g}' text-anchor='middle' font-size='{size}' fill='{ink}' "
        f"{FONT}{weight}>{escape(words)}</text>"
    )


def arrow(x1: int, y1: int, x2: int, y2: int, ink: str = INK, dashed: bool = False) -> str:
    """A line from one point to another with a head at its end."""
    dashes = " stroke-dasharray='6 4'" if dashed else ""
    return (
        f"<line x1='{x1}' y1='{y1}' x2='{x2}' y2='{y2}' stroke='{ink}' stroke-width='2.5' "
        f"marker-end='url(#head)'{dashes}/>"
    )


def picture(wide: int, high: int, title: str, parts: list[str]) -> str:
    """A whole SVG, drawn on `wide` x `high` points and shown no wider than a notebook's page."""
    shown = min(wide, PAGE)
    head = (
        "<defs><marker id='head' viewBox='0 0 10 10' refX='8' refY='5' markerWidth='6' "
        f"markerHeight='6' orient='auto-start-reverse'><path d='M0 0L10 5L0 10z' fill='{INK}'/>"
        "</marker></defs>"
    )
    card = f"<rect width='{wide}' height='{high}' rx='12' fill='{PAPER}' stroke='#D0D7DE'/>"
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' width='{shown}' height='{high * shown // wide}' "
        f"viewBox='0 0 {wide} {high}' role='img'>"
        f"<title>{escape(title)}</title>{head}{card}{''.join(parts)}</svg>"
    )


# stop: (x, y, colour); S3 and CloudWatch both hang on the consumer
STOPS = {
    "producer": (20, 65, GREEN),
    "topic": (215, 65, ORANGE),
    "consumer": (410, 65, GREEN),
    "S3": (640, 15, BLUE),
    "CloudWatch": (640, 115, BLUE),
}
ARROWS = ((175, 105, 209, 105), (370, 105, 404, 105), (565, 90, 634, 62), (565, 120, 634, 148))


class Flow:
    """producer → topic → consumer → S3 and CloudWatch; a stop is lit once `seen` was called.

    The last line of a cell shows it: `journey.seen("topic", "partition 5\\noffset 0")`.
    """

    def __init__(self) -> None:
        self._seen: dict[str, str] = {}

    def seen(self, stop: str, detail: str = "") -> Flow:
        """Light up one of the five stops; `detail` (two short lines at most) is what was seen.

        Raises KeyError, naming the stops, for another name.
        """
        if stop not in STOPS:
            raise KeyError(f"{stop!r} is not a stop; the stops are {', '.join(STOPS)}")
        self._seen[stop] = detail
        return self

    def __repr__(self) -> str:
        rows = []
        for stop in STOPS:
            detail = self._seen.get(stop, "").replace("\n", ", ")
            rows.append(f"{'✓' if stop in self._seen else '·'} {stop:<11}{detail}".rstrip())
        return "\n".join(rows)

    def _repr_svg_(self) -> str:
        boxes = []
        for number, (stop, (x, y, colour)) in enumerate(STOPS.items(), start=1):
            lit = stop in self._seen
            small, mark = self._seen.get(stop, ""), "✓" if lit else str(number)
            boxes.append(Box(x, y, 155, 80, stop, colour, small, lit, mark).svg())
        arrows = [arrow(*points) for points in ARROWS]
        return picture(815, 210, repr(self), arrows + boxes)
