"""The figures of a report, as SVG for a page. Colour-blind eyes can tell their colours apart."""

from __future__ import annotations

import io
import re

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullFormatter, NullLocator

from helpers.load.result import Result

SIZE = (9.5, 3.2)
# Of Okabe and Ito's palette.
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9")
RED, GREY = "#D55E00", "#9AA1A8"
NINES = (50, 90, 99, 99.9, 99.99, 99.999, 99.9999)


def rate_figure(results: list[Result]) -> str:
    """Records a second over time: due, sent, acknowledged; a panel for each result."""
    figure, panels = _panels(results, "records/s")
    for axes, result in zip(panels, results, strict=True):
        table, width = result.intervals, result.interval
        middle = table.second + width / 2
        axes.step(middle, table.due / width, "k:", where="mid", label="due", linewidth=1.5)
        axes.step(middle, table.sent / width, color=COLOURS[0], where="mid", label="sent")
        bars = {"width": width * 0.9, "color": COLOURS[4], "alpha": 0.6}
        axes.bar(middle, table.acknowledged / width, label="acknowledged", **bars)
        if result.errors:
            axes.bar(middle, table.errors / width, width=width / 2, color=RED, label="failed")
        axes.set_ylim(bottom=0)
    _legend(panels[0])
    return _svg(figure)


def latency_figure(results: list[Result]) -> str:
    """p50, p99 and the longest latency over time, in ms, on a logarithmic axis."""
    figure, panels = _panels(results, "ms, due to acknowledged")
    for axes, result in zip(panels, results, strict=True):
        table = result.intervals
        middle = table.second + result.interval / 2
        for column, colour, label in (
            ("max_ms", GREY, "longest"),
            ("p99_ms", COLOURS[1], "p99"),
            ("p50_ms", COLOURS[0], "p50"),
        ):
            axes.plot(middle, table[column], color=colour, label=label, marker="o", markersize=3)
        _milliseconds(axes)
    _legend(panels[0])
    return _svg(figure)


def percentile_figure(results: list[Result]) -> str:
    """HdrHistogram's plot: each further nine is as wide as the one before."""
    figure = Figure(SIZE, layout="constrained")
    axes = figure.subplots()
    furthest = 10.0
    for number, result in enumerate(results):
        curve = result.latency.curve()
        if len(curve):
            beyond = 1 / (1 - curve.percentile / 100)
            furthest = max(furthest, beyond.max())
            colour = COLOURS[number % len(COLOURS)]
            axes.plot(beyond, curve.value / 1000, label=result.name, color=colour)
    axes.set_xscale("log")
    ticks = [1 / (1 - p / 100) for p in NINES]
    axes.xaxis.set_major_locator(FixedLocator(ticks))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"p{100 * (1 - 1 / x):.6g}"))
    axes.set_xlim(1, furthest * 1.1)
    axes.set_ylabel("ms, due to acknowledged")
    axes.grid(alpha=0.3)
    _milliseconds(axes)
    if results:
        _legend(axes)
    return _svg(figure)


def _panels(results: list[Result], label: str):
    height = SIZE[1] if len(results) == 1 else 2.4 * len(results)
    figure = Figure((SIZE[0], height), layout="constrained")
    panels = np.atleast_1d(figure.subplots(len(results), 1, sharey=True, squeeze=False)[:, 0])
    for axes, result in zip(panels, results, strict=True):
        axes.set_ylabel(label)
        axes.set_xlim(0, max(len(r.intervals) * r.interval for r in results) or 1)
        axes.grid(alpha=0.3)
        if len(results) > 1:
            axes.set_title(result.name, loc="left", fontsize=10)
    panels[-1].set_xlabel("seconds")
    return figure, panels


def _milliseconds(axes) -> None:
    axes.set_yscale("log")
    plain = FuncFormatter(lambda y, _: f"{y:g}")
    axes.yaxis.set_major_formatter(plain)
    low, high = axes.get_ylim()
    axes.yaxis.set_minor_formatter(plain if high < 20 * low else NullFormatter())


def _legend(axes) -> None:
    if axes.get_legend_handles_labels()[0]:
        axes.legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False)


def _svg(figure: Figure) -> str:
    """The figure as an element of HTML: without XML's head, a date, and what is random in it."""
    with mpl.rc_context({"svg.hashsalt": "load", "svg.fonttype": "path"}):
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    text = buffer.getvalue()
    return re.sub(r"<metadata>.*?</metadata>", "", text[text.index("<svg") :], flags=re.S)
