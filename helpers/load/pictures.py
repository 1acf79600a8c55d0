"""Figures of load tests for a lesson: percentiles, what happened when, heat maps of settings.

Each takes results or plain data and returns a `Picture`; the cell that shows it prints the numbers.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from PIL import Image

from helpers.load.hdr import Histogram
from helpers.load.result import Result
from helpers.show.partitions import COLOURS, GRID, INK, Picture, _figure, _plain

BEYOND = 10  # samples that must lie beyond a percentile that is drawn
NINES = {1: "0", 2: "p50", 10: "p90", 100: "p99", 1_000: "p99.9", 10_000: "p99.99"}
PAINT = (COLOURS[4], COLOURS[5], COLOURS[2], COLOURS[0])
DOUBLINGS = 3  # a ratio of 8 has the deepest colour


def curves(found: Mapping[str, Histogram | np.ndarray], title: str) -> Picture:
    """Latency (up, ms) by percentile (to the right, each further nine as wide as the one before).

    `found` maps a name to a histogram of µs, or to an array of seconds. A curve ends where ten
    samples lie beyond.
    """
    figure = _figure(3.4)
    axes = figure.add_subplot()
    axes.set_title(title, fontsize=12, color=INK)
    widest = 10.0
    for colour, (name, latencies) in zip(PAINT, found.items(), strict=False):
        beyond, milliseconds = _curve(latencies)
        widest = max([widest, *beyond])
        axes.plot(beyond, milliseconds, color=colour, linewidth=2, label=name)
    axes.set(xscale="log", yscale="log", xlim=(1, widest * 1.15))
    axes.set_xticks([x for x in NINES if x <= widest * 1.15])
    axes.set_xticklabels([NINES[int(x)] for x in axes.get_xticks()])
    axes.minorticks_off()
    axes.yaxis.set_major_formatter(lambda y, _: f"{y:,g}")
    axes.set_ylabel("latency in ms", fontsize=9, color=INK)
    axes.grid(color=GRID, linewidth=0.6)
    axes.legend(frameon=False, fontsize=9)
    _plain(axes)
    return _light(Picture(figure, title))


def over_time(results: Sequence[Result], title: str) -> Picture:
    """Above: records due (dashed) and acknowledged in each interval. Below: p99 in ms."""
    figure = _figure(4.4)
    upper, lower = figure.subplots(2, 1, sharex=True)
    upper.set_title(title, fontsize=12, color=INK)
    first = results[0].intervals.query("due > 0")
    dashed = {"color": INK, "linestyle": "--", "linewidth": 1.2, "label": "due"}
    upper.step(first["second"], first["due"], where="post", **dashed)
    for colour, result in zip(PAINT, results, strict=False):
        table = result.intervals
        said = "acknowledged" if len(results) == 1 else result.name
        look = {"where": "post", "color": colour, "linewidth": 1.8}
        upper.step(table["second"], table["acknowledged"], label=said, **look)
        lower.plot(table["second"], table["p99_ms"], ".-", color=colour)
    upper.legend(frameon=False, fontsize=9)
    upper.set_ylabel(f"records in {results[0].interval:g} s", fontsize=9, color=INK)
    lower.set_yscale("log")
    lower.yaxis.set_major_formatter(lambda y, _: f"{y:,g}")
    lower.yaxis.set_minor_formatter(lambda *_: "")
    lower.set_ylabel("p99 in ms", fontsize=9, color=INK)
    lower.set_xlabel("seconds", fontsize=9, color=INK)
    for axes in (upper, lower):
        axes.grid(color=GRID, linewidth=0.6)
        _plain(axes)
    return _light(Picture(figure, title))


def heat(
    tables: Mapping[str, pd.DataFrame], title: str, better: Mapping[str, int] | None = None
) -> Picture:
    """A heat map for each table, side by side; every cell says its number.

    With `better` (table → 1 if more is better, -1 if less is) the colour is the ratio to the first
    row: blue for better, red for worse. Without it, the darker the more.
    """
    rows = max(len(table) for table in tables.values())
    figure = _figure(0.36 * rows + 1.1)
    panels = np.atleast_1d(figure.subplots(1, len(tables), sharey=True))
    figure.suptitle(title, fontsize=12, color=INK)
    for axes, (name, table) in zip(panels, tables.items(), strict=True):
        numbers = table.to_numpy(float)
        if better:
            shown = better[name] * np.log2(numbers / numbers[0])
            drawn = {"cmap": "RdBu", "vmin": -DOUBLINGS, "vmax": DOUBLINGS}
        else:
            shown, drawn = numbers, {"cmap": "Blues", "vmin": 0, "vmax": 1.4 * numbers.max()}
        axes.imshow(shown, aspect="auto", **drawn)
        for (row, column), number in np.ndenumerate(numbers):
            text = f"{number:,.0f}" if number >= 20 else f"{number:.1f}"
            dark = "white" if abs(shown[row, column]) > 0.75 * drawn["vmax"] else "black"
            axes.text(column, row, text, ha="center", va="center", fontsize=9, color=dark)
        axes.set_xticks(range(table.shape[1]), table.columns)
        axes.set_yticks(range(len(table)), table.index)
        axes.set_xlabel(table.columns.name or "", fontsize=9, color=INK)
        axes.set_title(name, fontsize=10, color=INK)
        _plain(axes)
    panels[0].set_ylabel(next(iter(tables.values())).index.name or "", fontsize=9, color=INK)
    return _light(Picture(figure, title))


def _light(picture: Picture) -> Picture:
    """The same with 64 colours: a third of the bytes in the notebook's file."""
    buffer = io.BytesIO()
    picture_of = Image.open(io.BytesIO(picture._png)).convert("RGB")
    picture_of.quantize(64, dither=Image.Dither.NONE).save(buffer, "png", optimize=True)
    picture._png = buffer.getvalue()
    return picture


def _curve(latencies: Histogram | np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """1 / (1 - p) and the milliseconds there, as far as ten samples lie beyond."""
    if isinstance(latencies, Histogram):
        found = latencies.curve()
        return 1 / (1 - found["percentile"].to_numpy() / 100), found["value"].to_numpy() / 1000
    seen = np.sort(1000 * np.asarray(latencies))[: max(1, len(latencies) - BEYOND)]
    return len(latencies) / (len(latencies) - np.arange(len(seen))), seen
