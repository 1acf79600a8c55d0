"""What lesson 03 sees of a log: bytes by field, segments, codecs, before and after compaction.

Nothing here reads Kafka or its files: lessons pass what they have read, and print the same numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

import matplotlib.pyplot as plt
from matplotlib.patches import Rectangle

# Okabe and Ito's palette, told apart by colour-blind eyes; dark ink on each is readable.
COLOURS = ("#56B4E9", "#E69F00", "#9BD7C4", "#F0E442", "#CC79A7", "#B8C4D6")
INK, GREY = "#1F2328", "#8A929A"

# One batch with one record, as a local Kafka 4.4 broker stored it: for lessons on a cloud, where
# nobody gets at the broker's files. Lesson 03 produces this record and finds these very bytes.
SAMPLE = bytes.fromhex(
    "00000000000000000000006a0000000002fa0eee7c00000000000000000199044a44000000019904"
    "4a4400ffffffffffffffffffffffffffff00000001700000000e45313030303037407b2274797065"
    "223a226c6f67696e222c2273747564656e74223a22416e61227d020c6f726967656e06776562"
)


class HexDump:
    """Bytes in rows of 16, each field in a colour, the text beside them; a table in a page."""

    def __init__(self, data: bytes, fields: Sequence[tuple[str, int]]) -> None:
        """`fields` are (name, length in bytes) from the first byte on, in order."""
        self.data = data
        names = [name for name, length in fields for _ in range(length)]
        order = {name: place for place, (name, _) in enumerate(fields)}
        self.colours = [COLOURS[order[name] % len(COLOURS)] for name in names[: len(data)]]
        self.colours += ["#FFFFFF"] * (len(data) - len(self.colours))
        self.names = names + ["?"] * (len(data) - len(names))
        self.legend = {name: COLOURS[place % len(COLOURS)] for name, place in order.items()}

    def __repr__(self) -> str:
        return f"{len(self.data)} bytes in {len(self.legend)} fields"

    def _repr_html_(self) -> str:
        rows = []
        for start in range(0, len(self.data), 16):
            places = range(start, min(start + 16, len(self.data)))
            cells = "".join(self._cell(at, f"{self.data[at]:02x}") for at in places)
            cells += "<td></td>" * (16 - len(places))
            texts = "".join(self._cell(at, _printable(self.data[at]), "0 1px") for at in places)
            rows.append(
                f"<tr><td style='color:{GREY}'>{start:>4}</td>{cells}<td>·</td>{texts}</tr>"
            )
        legend = " ".join(
            f"<span style='background:{colour};padding:1px 6px;margin:2px;border-radius:4px;"
            f"display:inline-block'>{escape(name)}</span>"
            for name, colour in self.legend.items()
        )
        card = f"background:#FFFFFF;color:{INK};padding:10px;border-radius:8px;max-width:760px"
        table = "border-collapse:collapse;font-family:monospace;font-size:13px;margin-bottom:8px"
        return (
            f"<div style='{card}'><table style='{table}'>{''.join(rows)}</table>"
            f"<div style='font-size:12px;line-height:1.9'>{legend}</div></div>"
        )

    def _cell(self, at: int, words: str, padding: str = "1px 4px") -> str:
        style = f"background:{self.colours[at]};color:{INK};padding:{padding};text-align:center"
        return f"<td title='{escape(self.names[at])}' style='{style}'>{escape(words)}</td>"


def _printable(byte: int) -> str:
    return chr(byte) if 32 < byte < 127 else "."


def hexdump(data: bytes, fields: Sequence[tuple[str, int]]) -> HexDump:
    """The bytes with each field, (name, length in bytes) in order, in its own colour."""
    return HexDump(data, fields)


def codecs(sizes: Mapping[str, int]) -> None:
    """Draw the bytes on disk per compression codec, as bars against the first."""
    figure, axes = _canvas(0.5 * len(sizes) + 1.2)
    names, whole = list(sizes), next(iter(sizes.values()))
    kilobytes = [size / 1000 for size in sizes.values()]
    bars = axes.barh(names, kilobytes, color=[GREY, *["#56B4E9"] * (len(sizes) - 1)])
    labels = [f"{size / whole:.0%}" for size in sizes.values()]
    axes.bar_label(bars, labels, padding=4, fontsize=11)
    axes.invert_yaxis()
    axes.set_xlim(0, whole / 1000 * 1.1)
    axes.set_xlabel("on disk, in thousands of bytes")
    axes.set_title("The same records, stored under five codecs", loc="left")
    _show(figure)


def logs(rows: Mapping[str, Mapping[int, int]], end: int) -> None:
    """Draw a log at several moments: segments as blocks over the offsets that they hold.

    `rows`: what the moment is → {base offset: bytes}. `end` is the offset after the last record.
    """
    figure, axes = _canvas(0.8 * len(rows) + 1.1)
    for place, segments in enumerate(rows.values()):
        bases = sorted(segments)
        for base, following in zip(bases, [*bases[1:], end], strict=True):
            active = base == bases[-1]
            colour = "#E69F00" if active else "#56B4E9"
            wide = max(following - base, end / 150)
            axes.add_patch(Rectangle((base, place - 0.3), wide, 0.6, fc=colour, ec=INK))
            size = f"{segments[base] / 1e6:.1f} MB" if segments[base] else "empty"
            words = f"{base}.log\n{size}"
            if following > base:
                axes.text(base + wide / 2, place, words, ha="center", va="center", fontsize=9)
            else:
                axes.text(base - end / 80, place, words, ha="right", va="center", fontsize=9)
    _rows(axes, list(rows), end + end / 50)
    axes.set_xlabel("offset")
    axes.set_title("Segments of the partition (orange: the active one)", loc="left")
    _show(figure)


def strip(rows: Mapping[str, Sequence[tuple[int, str, str | None]]]) -> None:
    """Draw a log at several moments, a cell for each (offset, key, value); None is a tombstone.

    A key keeps its colour, a gap in the offsets stays empty.
    """
    records = [record for row in rows.values() for record in row]
    keys = list(dict.fromkeys(key for _, key, _ in records))
    last = max(offset for offset, _, _ in records)
    figure, axes = _canvas(0.85 * len(rows) + 1.3)
    for place, row in enumerate(rows.values()):
        for offset, key, value in row:
            dead = value is None
            colour = COLOURS[keys.index(key) % len(COLOURS)]
            box = Rectangle(
                (offset - 0.46, place - 0.36),
                0.92,
                0.72,
                fc="#FFFFFF" if dead else colour,
                ec=colour if dead else INK,
                hatch="////" if dead else None,
            )
            axes.add_patch(box)
            words = f"{key}\n{'null' if dead else value}"
            paper = {"fc": "#FFFFFF", "ec": "none", "pad": 1} if dead else None
            axes.text(offset, place, words, ha="center", va="center", fontsize=9, bbox=paper)
    _rows(axes, list(rows), last + 0.7)
    axes.set_xlim(-0.7, last + 0.7)
    axes.set_xticks(range(last + 1))
    axes.set_xlabel("offset")
    axes.set_title("One cell a record; hatched: a tombstone; white: a gap", loc="left")
    _show(figure)


def _canvas(high: float):
    """A white card of notebook width: it reads the same on a light and on a dark page."""
    figure, axes = plt.subplots(figsize=(8.6, high), layout="constrained", facecolor="#FFFFFF")
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _rows(axes, names: list[str], right: float) -> None:
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.45, -0.55)
    axes.set_xlim(0, right)
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="y", length=0)


def _show(figure) -> None:
    plt.show()
    plt.close(figure)
