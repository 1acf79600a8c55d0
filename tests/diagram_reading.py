"""A page of a draw.io file as the tests of the diagram see it: cells, boxes, the ways of arrows."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import combinations, pairwise

Point = tuple[float, float]
Box = tuple[float, float, float, float]  # left, top, right, bottom
PASSED = {"storage"}  # the one layer that an arrow passes through: from the consumer to SNS


@dataclass
class Cell:
    """A shape, an arrow or a layer."""

    id: str
    text: str
    parent: str | None
    kind: str  # vertex, edge or layer
    style: dict[str, str]
    source: str | None
    target: str | None
    geometry: dict[str, float] = field(default_factory=dict)
    offset: Point = (0, 0)
    waypoints: list[Point] = field(default_factory=list)

    @property
    def label(self) -> str:
        """The text, its line breaks made spaces."""
        return " ".join(self.text.split())


def _cell(element: ET.Element) -> Cell:
    inner = element if element.tag == "mxCell" else element.find("mxCell")
    tokens = [token for token in inner.get("style", "").split(";") if token]
    style = {key: value for key, _, value in (token.partition("=") for token in tokens)}
    kind = "vertex" if inner.get("vertex") else "edge" if inner.get("edge") else "layer"
    cell = Cell(
        element.attrib["id"],
        element.get("value") or element.get("label") or "",
        inner.get("parent"),
        kind,
        style,
        inner.get("source"),
        inner.get("target"),
    )
    geometry = inner.find("mxGeometry")
    if geometry is not None:
        numbers = ("x", "y", "width", "height")
        cell.geometry = {key: float(geometry.get(key, 0)) for key in numbers}
        for point in geometry.findall("mxPoint"):
            if point.get("as") == "offset":
                cell.offset = (float(point.get("x", 0)), float(point.get("y", 0)))
        for point in geometry.findall("Array/mxPoint"):
            cell.waypoints.append((float(point.get("x", 0)), float(point.get("y", 0))))
    return cell


class Page:
    """The cells of one page by id, and where things are, in px of the page."""

    def __init__(self, page: ET.Element):
        model = page.find("mxGraphModel")
        self.name = page.get("name")
        self.size = (float(model.get("pageWidth")), float(model.get("pageHeight")))
        self.background = model.get("background")
        cells = [_cell(element) for element in model.find("root")]
        self.cells = {cell.id: cell for cell in cells}
        self.vertices = [cell for cell in cells if cell.kind == "vertex"]
        self.edges = [cell for cell in cells if cell.kind == "edge"]

    def ancestors(self, cell: Cell) -> Iterator[Cell]:
        """From the parent outwards, the layer last."""
        while cell.parent in self.cells:
            cell = self.cells[cell.parent]
            yield cell

    def children(self, cell_id: str) -> list[Cell]:
        return [cell for cell in self.cells.values() if cell.parent == cell_id]

    def box(self, cell: Cell) -> Box:
        """Of a vertex. One that sits on an arrow (a step's number) is placed along its way."""
        parent = self.cells.get(cell.parent or "")
        if parent is not None and parent.kind == "edge":
            left, top = self.along(parent, cell.geometry["x"], cell.offset)
        else:
            origin = self.box(parent) if parent and parent.kind == "vertex" else (0, 0)
            left, top = origin[0] + cell.geometry["x"], origin[1] + cell.geometry["y"]
        return left, top, left + cell.geometry["width"], top + cell.geometry["height"]

    def label_box(self, edge: Cell) -> Box:
        """Of the text on an arrow, a little too large: 0.6 em a character, 1.2 em a line."""
        size = float(edge.style["fontSize"])
        x, y = self.along(edge, edge.geometry["x"], edge.offset)
        w = max(len(line) for line in edge.text.split("\n")) * size * 0.6 / 2
        h = len(edge.text.split("\n")) * size * 1.2 / 2
        return x - w, y - h, x + w, y + h

    def way(self, edge: Cell) -> list[Point]:
        """The corners of an arrow, from its fixed point on the source to the one on the target."""
        ends = []
        for cell_id, side in ((edge.source, "exit"), (edge.target, "entry")):
            left, top, right, bottom = self.box(self.cells[cell_id])
            x, y = float(edge.style[f"{side}X"]), float(edge.style[f"{side}Y"])
            ends.append((left + x * (right - left), top + y * (bottom - top)))
        return [ends[0], *edge.waypoints, ends[1]]

    def along(self, edge: Cell, where: float, offset: Point) -> Point:
        """The point at -1 (source) to 1 (target) of an arrow's way, plus an offset."""
        way = self.way(edge)
        lengths = [abs(bx - ax) + abs(by - ay) for (ax, ay), (bx, by) in pairwise(way)]
        left = (where / 2 + 0.5) * sum(lengths)
        for ((ax, ay), (bx, by)), length in zip(pairwise(way), lengths, strict=True):
            if left <= length:
                part = left / length
                return ax + (bx - ax) * part + offset[0], ay + (by - ay) * part + offset[1]
            left -= length
        raise ValueError(f"{where} is not on {edge.id}")


def without(page: ET.Element, cell_id: str) -> Page:
    """A page after somebody deleted a cell, with what lies in it."""
    root, gone = page.find("mxGraphModel/root"), {cell_id}
    for cell in list(root):
        inner = cell if cell.tag == "mxCell" else cell.find("mxCell")
        if cell.get("id") in gone or inner.get("parent") in gone:
            gone.add(cell.get("id"))
            root.remove(cell)
    return Page(page)


def inside(inner: Box, outer: Box) -> bool:
    """Whether all of one box is within another."""
    return (
        outer[0] <= inner[0]
        and outer[1] <= inner[1]
        and inner[2] <= outer[2]
        and inner[3] <= outer[3]
    )


def overlap(a: Box, b: Box) -> bool:
    """Whether two boxes share more than an edge (half a px forgives rounding)."""
    return a[0] + 0.5 < b[2] and b[0] + 0.5 < a[2] and a[1] + 0.5 < b[3] and b[1] + 0.5 < a[3]


def _band(a: Point, b: Point, width: float) -> Box:
    """What a straight piece of an arrow covers."""
    (x1, x2), (y1, y2) = sorted((a[0], b[0])), sorted((a[1], b[1]))
    across = width / 2
    return (x1, y1 - across, x2, y2 + across) if y1 == y2 else (x1 - across, y1, x2 + across, y2)


def collisions(page: Page) -> list[str]:
    """What a careful draughtsman would mend: one line each, none when the page is tidy."""
    found = []
    boxes = {cell.id: page.box(cell) for cell in page.vertices}
    on_arrows = {c.id for c in page.vertices if page.cells[c.parent].kind == "edge"}
    frames = {cell.id for cell in page.vertices if cell.style.get("container") == "1"}
    for edge in page.edges:
        if edge.label:
            boxes[f"text of {edge.id}"] = page.label_box(edge)
            on_arrows.add(f"text of {edge.id}")
    for (a, box_a), (b, box_b) in combinations(boxes.items(), 2):
        within = (inside(box_a, box_b) and b in frames) or (inside(box_b, box_a) and a in frames)
        # A step's number may sit on the border of a frame that its arrow crosses.
        crossing = (a in on_arrows and b in frames) or (b in on_arrows and a in frames)
        if overlap(box_a, box_b) and not within and not crossing:
            found.append(f"{a} overlaps {b}")
    whole = (0, 0, *page.size)
    found += [f"{name} leaves the page" for name, box in boxes.items() if not inside(box, whole)]
    pieces = []
    for edge in page.edges:
        width = float(edge.style["strokeWidth"])
        for a, b in pairwise(page.way(edge)):
            if min(abs(a[0] - b[0]), abs(a[1] - b[1])) > 0.01:
                found.append(f"{edge.id} is not straight")
            pieces.append((edge, _band(a, b, width)))
    for edge, band in pieces:
        # Its ends, what they are drawn in, and what is drawn on it.
        ends = [page.cells[edge.source], page.cells[edge.target]]
        own = {cell.id for end in ends for cell in (end, *page.ancestors(end))}
        own |= {cell.id for cell in page.children(edge.id)} | {f"text of {edge.id}"}
        for name, box in boxes.items():
            if name not in own | PASSED and overlap(band, box):
                found.append(f"{edge.id} runs through {name}")
    for (one, a), (other, b) in combinations(pieces, 2):
        if one.id != other.id and overlap(a, b):
            found.append(f"{one.id} crosses {other.id}")
    return found


def in_order(page: Page, ids: list[str], axis: int) -> Iterator[str]:
    """Each ends before the next begins: 0 from left to right, 1 from top to bottom."""
    for a, b in pairwise(ids):
        if not {a, b} <= page.cells.keys():
            yield f"{a} or {b} is missing"
        elif page.box(page.cells[a])[axis + 2] >= page.box(page.cells[b])[axis]:
            yield f"{a} is not before {b}"


def form_of(cell: Cell) -> str:
    """rounded rectangle, circle, or what it is instead."""
    width, height = cell.geometry.get("width"), cell.geometry.get("height")
    if "ellipse" in cell.style:
        return "circle" if width == height else "ellipse"
    return "rounded rectangle" if cell.style.get("rounded") == "1" else "other"


def look_of(edge: Cell) -> tuple[str, str, bool]:
    """Colour, width, and whether dotted."""
    style = edge.style
    dotted = style.get("dashed") == "1" and style.get("dashPattern") == "1 1"
    return style.get("strokeColor", ""), style.get("strokeWidth", ""), dotted
