"""Lesson 00's two pictures: the system with the lessons that open each part, and the checklist."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape

import ipywidgets

from helpers.checklist import Check
from helpers.show.flow import BLUE, GREEN, GREY, INK, ORANGE, RED, Box, arrow, picture, text

# (x, y, width, height, name, colour, lessons); the brief's colours: sources, Kafka, AWS, alerts
PARTS = (
    Box(20, 95, 150, 80, "Web application", GREEN, "students' events\nlesson 12"),
    Box(20, 215, 150, 80, "Producer", GREEN, "sends records\nlesson 05"),
    Box(250, 75, 220, 44, "estudiante-eventos", ORANGE, "lessons 01, 02, 03"),
    Box(250, 130, 220, 44, "sistema-logs", ORANGE, "lesson 14"),
    Box(250, 185, 220, 44, "notificaciones", ORANGE, "lesson 11"),
    Box(250, 240, 220, 44, "Schema Registry", ORANGE, "lesson 08"),
    Box(555, 110, 150, 130, "Consumer", GREEN, "reads, filters,\nenriches\nlessons 06, 07"),
    Box(790, 30, 170, 68, "S3", BLUE, "data lake\nlesson 09"),
    Box(790, 115, 170, 68, "CloudWatch", BLUE, "metrics, logs, dashboard\nlesson 10"),
    Box(790, 235, 170, 70, "Alarm and SNS", RED, "e-mail, SMS\nlesson 11"),
)
FRAME = (
    f"<rect x='230' y='20' width='260' height='285' rx='12' fill='none' stroke='{ORANGE}' "
    "stroke-width='2'/>" + text(360, 46, "Kafka cluster: lesson 04", 15, INK, bold=True)
)
ARROWS = (
    arrow(95, 175, 95, 208),
    arrow(170, 245, 223, 200),
    arrow(490, 172, 548, 172),
    arrow(705, 145, 783, 82),
    arrow(705, 168, 783, 152),
    arrow(875, 183, 875, 228, dashed=True),
)
WHOLE = "All of it together: 12 demo · 13 load · 14 to 17 use cases · 18 to the cloud"


class CourseMap:
    """The brief's architecture, each part with the numbers of the lessons that open it."""

    def __repr__(self) -> str:
        rows = [f"{b.name:<20}{b.small}".replace(",\n", ", ").replace("\n", ", ") for b in PARTS]
        return "\n".join([*rows, WHOLE])

    def _repr_svg_(self) -> str:
        boxes = [box.svg() for box in PARTS]
        foot = text(490, 340, WHOLE, 14, INK, bold=True)
        return picture(980, 360, repr(self), [FRAME, *ARROWS, *boxes, foot])


class Ticks(ipywidgets.VBox):
    """The status checklist as three lists of ticks, with a button that asks everything again.

    `ask` is called now and at each press; it returns the checks, as `helpers.doctor.checks` does.
    """

    def __init__(self, ask: Callable[[], Sequence[Check]]) -> None:
        self._ask, self.checks = ask, []
        self._list = ipywidgets.HTML()
        button = ipywidgets.Button(description="Ask again")
        button.on_click(lambda _: self.refresh())
        super().__init__([self._list, button])
        self.refresh()

    def __repr__(self) -> str:
        return "; ".join(f"{area} {done} of {all_}" for area, done, all_ in self._sums())

    def _sums(self) -> list[tuple[str, int, int]]:
        """Of each area: its name, how many are ticked, how many were asked."""
        oks: dict[str, list[bool]] = {}
        for check in self.checks:
            oks.setdefault(check.area, []).append(bool(check.ok))
        return [(area, sum(found), len(found)) for area, found in oks.items()]

    def refresh(self) -> None:
        """Ask, then draw what came."""
        self.checks = list(self._ask())
        parts = []
        for area, done, all_ in self._sums():
            rows = "".join(_row(check) for check in self.checks if check.area == area)
            parts.append(f"<b>{escape(area)}</b> · {done} of {all_}<table>{rows}</table>")
        self._list.value = "".join(parts)


def _row(check: Check) -> str:
    mark = f"<span style='color: {GREEN if check.ok else RED}'>{'✔' if check.ok else '✘'}</span>"
    mend = "" if check.ok or not check.mend else f"<code>{escape(check.mend)}</code>"
    cells = (mark, escape(check.name), escape(check.detail), mend)
    style = f"padding: 0 12px 0 0; border-bottom: 1px solid {GREY}55; line-height: 1.7"
    return f"<tr>{''.join(f'<td style={style!r}>{cell}</td>' for cell in cells)}</tr>"
