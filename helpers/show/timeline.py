"""What happened when, in lanes: replicas while brokers die, members while a group shares.

Takes plain data: a lesson records it from live metadata or callbacks and prints what it draws.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from helpers.show.partitions import COLOURS, GRID, INK, Picture, _figure, _plain

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
Span = tuple[float, float, str]


def lanes(
    rows: Mapping[str, Sequence[Span]],
    title: str,
    colours: Mapping[str, str] | None = None,
    marks: Sequence[tuple[float, str]] = (),
    dots: Mapping[str, Sequence[tuple[float, str]]] | None = None,
) -> Picture:
    """One lane a row, seconds to the right; spans are coloured by their state.

    `rows` maps a lane to its spans (start, end, state), `dots` a lane to moments (when, state), for
    instance delivery reports; a lane may stand in either or both. `colours` maps states to colours
    and fixes the legend's order; a state that it lacks takes the next of the palette. `marks` are
    (when, what happened): a dashed line with a letter, explained below the picture.
    """
    dots = dots or {}
    names = list(dict.fromkeys([*rows, *dots]))
    states = [state for spans in rows.values() for *_, state in spans]
    states += [state for moments in dots.values() for _, state in moments]
    paint = _paint(states, colours or {})
    figure = _figure(0.34 * len(names) + 1.3 + 0.19 * len(marks))
    axes = figure.add_subplot()
    axes.set_title(title, fontsize=12, color=INK, pad=18 if marks else 6)
    for place, name in enumerate(names):
        for start, end, state in rows.get(name, ()):
            axes.barh(place, end - start, left=start, height=0.62, color=paint[state])
        moments = dots.get(name, ())
        look = {"c": [paint[state] for _, state in moments], "edgecolors": INK, "linewidths": 0.4}
        axes.scatter([when for when, _ in moments], [place] * len(moments), s=26, zorder=3, **look)
    for letter, (when, _) in zip(LETTERS, marks, strict=False):
        axes.axvline(when, color=INK, linestyle="--", linewidth=0.9, zorder=2)
        at_top = {"ha": "center", "va": "bottom", "color": INK, "fontsize": 10}
        axes.text(when, 1.01, letter, transform=axes.get_xaxis_transform(), **at_top)
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(max(1, len(names)) - 0.5, -0.5)
    axes.grid(axis="x", color=GRID, linewidth=0.6)
    axes.set_axisbelow(True)
    key = [f"{letter}  {words}" for letter, (_, words) in zip(LETTERS, marks, strict=False)]
    axes.set_xlabel("\n".join(["seconds", *key]), fontsize=9, color=INK, loc="left")
    handles = [axes.barh([0], 0, color=colour) for colour in paint.values()]
    where = {"loc": "outside lower center", "ncols": min(5, len(paint)), "frameon": False}
    figure.legend(handles, list(paint), fontsize=9, handlelength=1, **where)
    _plain(axes)
    return Picture(figure, title)


def _paint(states: Sequence[str], fixed: Mapping[str, str]) -> dict[str, str]:
    """A colour for each state that occurs, the fixed ones first; the others differ from those."""
    seen = set(states)
    free = [colour for colour in COLOURS if colour not in fixed.values()]
    others = [state for state in dict.fromkeys(states) if state not in fixed]
    paint = {state: colour for state, colour in fixed.items() if state in seen}
    return paint | {state: free[n % len(free)] for n, state in enumerate(others)}
