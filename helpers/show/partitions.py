"""Partitions as pictures: a topic's anatomy, its partitions while they fill, who got how many.

All take plain data and draw PNG on white, so they read the same on a light and on a dark page. What
a picture shows in numbers is for the lesson to print; its `repr` is its title.
"""

from __future__ import annotations

import io
import time
from collections.abc import Iterable, Mapping, Sequence

from IPython.display import display
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

# Okabe and Ito's palette without black: told apart by colour-blind eyes.
COLOURS = ("#E69F00", "#56B4E9", "#009E73", "#F0E442", "#0072B2", "#D55E00", "#CC79A7", "#9AA1A8")
INK, GRID = "#1F2328", "#D0D7DE"
INCHES_WIDE, DOTS = 8.0, 160


class Picture:
    """A figure that JupyterLab shows at its own size, sharp on any screen."""

    def __init__(self, figure: Figure, title: str) -> None:
        self.title = title
        wide, high = figure.get_size_inches()
        self._size = {"width": round(wide * 96), "height": round(high * 96)}
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", dpi=DOTS, facecolor="white", metadata={"Software": ""})
        self._png = buffer.getvalue()

    def __repr__(self) -> str:
        return f"picture: {self.title}"

    def _repr_png_(self) -> tuple[bytes, dict[str, int]]:
        return self._png, self._size


def tree(topic: str, logs: Mapping[int, Sequence[str]], most: int = 3) -> str:
    """The topic as a text drawing, one branch a partition with its first `most` records."""
    lines = [f'Topic: "{topic}"']
    for place, (partition, records) in enumerate(sorted(logs.items()), start=1):
        branch = "└──" if place == len(logs) else "├──"
        shown = ", ".join(records[:most]) + (", ..." if len(records) > most else "")
        lines.append(f"{branch} Partition {partition}: [{shown}]")
    return "\n".join(lines)


def boxes(
    logs: Mapping[int, Sequence[tuple[str, str]]],
    title: str,
    first: Mapping[int, int] | None = None,
    keys: Sequence[str] = (),
) -> Picture:
    """Each partition a row of boxes, one a record: coloured by its key, with a word in it.

    `logs` maps a partition to (key, word) of its records in their order, `first` to the offset of
    the first of them (0 where it says nothing). `keys` fixes the colours; others take the next.
    """
    found = {key for records in logs.values() for key, _ in records}
    return _boxes(logs, title, first or {}, _colours([*keys, *sorted(found)]))


class Filling:
    """Partitions that fill while records are produced: call `add` from a delivery report.

    Drawing takes no more than a third of the time; `finish` draws what is there in the end. `keys`
    fixes which colour each key gets, in their order; others take the next.
    """

    def __init__(self, partitions: int, title: str, keys: Sequence[str] = ()) -> None:
        self.title = title
        self.logs: dict[int, list[tuple[str, str]]] = {n: [] for n in range(partitions)}
        self._keys = dict.fromkeys(keys)
        self._next = 0.0  # of time.monotonic: when there may be another frame
        self._shown = display(self._draw(), display_id=True)

    def add(self, partition: int, key: str) -> None:
        """One more record at the end of `partition`."""
        self.logs[partition].append((key, ""))
        self._keys.setdefault(key)
        if time.monotonic() >= self._next:
            self._show()

    def finish(self) -> None:
        """Draw the last state, whatever was skipped on the way."""
        self._show()

    def _show(self) -> None:
        began = time.monotonic()
        picture = self._draw()
        if self._shown is not None:  # no display outside Jupyter
            self._shown.update(picture)
        self._next = time.monotonic() + 2 * (time.monotonic() - began)

    def _draw(self) -> Picture:
        return _boxes(self.logs, self.title, {}, _colours(self._keys))


def bars(
    counts: Mapping[str, Mapping[int, int]], title: str, even: bool = True, most: int = 3
) -> Picture:
    """Records per partition: one panel for each entry of `counts`, `most` panels in a row.

    `even` draws a dashed line where every partition would stand if all were alike.
    """
    rows = -(-len(counts) // most)
    figure = _figure(2.6 * rows)
    figure.suptitle(title, color=INK, fontsize=12)
    across = min(most, len(counts))
    for place, (name, of) in enumerate(counts.items(), start=1):
        axes = figure.add_subplot(rows, across, place)
        drawn = axes.bar([str(p) for p in of], list(of.values()), color=COLOURS[4], width=0.75)
        above = {"facecolor": "white", "edgecolor": "none", "pad": 0.6}
        axes.bar_label(drawn, fontsize=9, color=INK, padding=2, bbox=above)
        mean = sum(of.values()) / len(of)
        if even:
            axes.axhline(mean, color=COLOURS[5], linestyle="--", linewidth=1.4, zorder=0)
        axes.set_title(name, fontsize=10, color=INK)
        axes.set_xlabel("partition", fontsize=9, color=INK)
        axes.set_ylim(0, max(1, *of.values()) * 1.18)
        if place % across == 1 or across == 1:
            axes.set_ylabel("records", fontsize=9, color=INK)
        _plain(axes)
    return Picture(figure, title)


def strips(sent: Mapping[str, Sequence[int]], title: str, partitions: int) -> Picture:
    """For each entry a strip: the partition (up) of each record, as sent from left to right."""
    figure = _figure(1.9 * len(sent) + 0.3)
    figure.suptitle(title, color=INK, fontsize=12)
    for place, (name, chosen) in enumerate(sent.items(), start=1):
        axes = figure.add_subplot(len(sent), 1, place)
        axes.scatter(range(len(chosen)), chosen, s=26, marker="|", color=COLOURS[4], linewidths=1)
        axes.set_title(name, fontsize=10, color=INK, loc="left")
        axes.set_yticks(range(partitions))
        axes.set_ylim(-0.7, partitions - 0.3)
        axes.set_xlim(-1, len(chosen))
        axes.set_ylabel("partition", fontsize=9, color=INK)
        axes.grid(axis="y", color=GRID, linewidth=0.6)
        _plain(axes)
    axes.set_xlabel("records in the order in which they were sent", fontsize=9, color=INK)
    return Picture(figure, title)


def _boxes(logs, title: str, first: Mapping[int, int], colours: Mapping[str, str]) -> Picture:
    legend = 0 < len(colours) <= len(COLOURS)
    ends = [first.get(partition, 0) + len(records) for partition, records in logs.items()]
    columns = max(8, -(-max(ends, default=0) // 5) * 5)  # grows by fives: boxes do not jump about
    figure = _figure(0.34 * len(logs) + (1.35 if legend else 1.0))
    axes = figure.add_subplot()
    axes.set_title(title, fontsize=12, color=INK)
    for row, records in logs.items():
        spans = [(first.get(row, 0) + place + 0.05, 0.9) for place in range(len(records))]
        paint = [colours[key] for key, _ in records]
        axes.broken_barh(spans, (row - 0.37, 0.74), facecolors=paint)
        for (left, _), (_, word) in zip(spans, records, strict=True):
            axes.text(left + 0.45, row, word, ha="center", va="center", color="black")
    axes.set_yticks(list(logs), [f"Partition {partition}" for partition in logs])
    axes.set_ylim(max(logs) + 0.6, min(logs) - 0.6)
    axes.set_xlim(0, columns)
    ticks = range(0, columns, 1 if columns <= 25 else 5)
    axes.set_xticks([n + 0.5 for n in ticks], list(ticks))
    axes.set_xlabel("offset", fontsize=9, color=INK)
    if legend:
        handles = [axes.barh([0], 0, color=colour) for colour in colours.values()]
        where = {"loc": "outside lower center", "ncols": len(colours), "frameon": False}
        narrow = {"handlelength": 1, "columnspacing": 1.2, "handletextpad": 0.4}
        figure.legend(handles, list(colours), fontsize=8, **where, **narrow)
    _plain(axes)
    return Picture(figure, title)


def _colours(keys: Iterable[str]) -> dict[str, str]:
    """A colour for each key; with more keys than colours, colours repeat and no legend is drawn."""
    return {key: COLOURS[n % len(COLOURS)] for n, key in enumerate(dict.fromkeys(keys))}


def _figure(inches_high: float) -> Figure:
    figure = Figure(figsize=(INCHES_WIDE, inches_high), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def _plain(axes) -> None:
    axes.tick_params(labelsize=9, colors=INK, length=2)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(GRID)
