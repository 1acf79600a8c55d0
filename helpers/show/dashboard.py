"""The demo's dashboard: records arriving, rate, latency, lag, errors, objects, alarms, messages.

    board = Dashboard(lab.kafka, topics, groups={group: topic}, bucket=bucket, ...)
    display(board)

Its labels are Spanish, as the demo's are. It is drawn anew twice a second until its time is up.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from html import escape
from typing import Any, ClassVar

import ipywidgets

from helpers.pipeline.live import HISTORY, LATEST, Cloud, Line, Topics
from helpers.show.table import DIM, cell

# Okabe and Ito's palette, as in `flow`.
GREEN, ORANGE, BLUE, RED = "#00795B", "#B85C00", "#0063A0", "#B3261E"
EVERY_S = 0.5
WIDE, HIGH = 180, 34  # pixels of a curve
STATES = {  # of an alarm: sign and colour; the word stands beside them
    "OK": ("✓", GREEN),
    "ALARM": ("▲", RED),
    "INSUFFICIENT_DATA": ("?", "#57606A"),
}
BOX = "border: 1px solid var(--jp-border-color2, #d0d7de); border-radius: 8px; padding: 8px 12px"
INK = "var(--jp-content-font-color1, #1f2328)"


class Dashboard(ipywidgets.HTML):
    """A live view of the whole system for `seconds`, or until another one starts.

    `groups` are consumer groups and the topic of each, `latency` a metric (Namespace, MetricName,
    Dimensions), `alarms` how the alarms' names begin, `inbox` the lab's, or None on the cloud.
    Raises KafkaException when no broker answers or a topic does not exist.
    """

    running: ClassVar[Dashboard | None] = None

    def __init__(
        self,
        kafka: dict[str, str],
        topics: list[str],
        *,
        groups: dict[str, str],
        bucket: str,
        latency: dict[str, Any],
        alarms: str,
        folder: str = "",
        inbox: Any = None,
        seconds: float = 300,
    ) -> None:
        super().__init__()
        if Dashboard.running is not None:
            Dashboard.running.stop()
        self.topics = Topics(kafka, topics, groups)
        self.cloud = Cloud(bucket, folder, alarms, latency)
        self._names, self._inbox = topics, inbox
        self._stopping, self._deadline = threading.Event(), time.monotonic() + seconds
        self._thread = threading.Thread(target=self._follow, name="dashboard", daemon=True)
        Dashboard.running = self
        for thread in (self.topics, self.cloud, self._thread):
            thread.start()

    def __repr__(self) -> str:
        return "the dashboard of the demo: run this cell to see it"

    def stop(self) -> None:
        """End it now; what was shown stays. Safe to call twice."""
        self._stopping.set()
        self._thread.join(30)

    def _follow(self) -> None:
        while not self._stopping.wait(EVERY_S) and time.monotonic() < self._deadline:
            left = self._deadline - time.monotonic()
            self.value = self._draw(f"● en vivo, {left:.0f} s")
        for feed in (self.topics, self.cloud):
            feed.stopping.set()
            feed.join(15)
        self.value = self._draw("■ detenido")

    def _draw(self, status: str) -> str:
        topics, cloud = self.topics, self.cloud
        p50, p99 = (list(cloud.percentiles[name]) for name in ("p50", "p99"))
        errors = next((topics.seen[name] for name in self._names if "sistema-logs" in name), 0)
        tiles = [
            tile("Mensajes por segundo", f"{topics.rates[-1]:.0f}", topics.rates, BLUE),
            tile("Latencia p50 / p99", both(p50, p99), p99, GREEN),
            tile("Errores", str(errors), (), RED),
            *(
                tile(f"Retraso de {group}", str(lag[-1] if lag else "–"), lag, ORANGE)
                for group, lag in topics.lags.items()
            ),
        ]
        messages = []
        if self._inbox is not None:
            messages = [("✉", each["subject"]) for each in self._inbox.mails()[-LATEST:]]
            messages += [("SMS", each["body"]) for each in self._inbox.sms()[-LATEST:]]
        stored = [
            (key.rpartition("/")[2].partition("+")[2], f"{size:,} B") for key, size in cloud.objects
        ]
        trouble = " · ".join(filter(None, (topics.trouble, cloud.trouble)))
        consoles = [self._console(name) for name in self._names]
        lists = [
            box(
                f"Objetos en S3 · {len(stored)}",
                map(row, stored[-LATEST:]),
            ),
            box("Alarmas", (alarm(*each) for each in cloud.alarms.items())),
            box(f"Avisos · {len(messages)}", map(row, messages[-2 * LATEST :])),
        ]
        return (
            f"<div style='color: {INK}; font-size: 12px'>"
            f"<div style='color: {DIM}'><b>Eventos estudiantiles</b> · {status}"
            f"<span style='color: {RED}'> {escape(trouble)}</span></div>"
            f"{grid(tiles, 170)}{grid(consoles, 250)}{grid(lists, 250)}</div>"
        )

    def _console(self, topic: str) -> str:
        latest: Iterable[Line] = tuple(self.topics.latest[topic])
        rows = (row((each.at, each.kind, each.key, each.rest)) for each in latest)
        return box(f"{topic} · {self.topics.seen[topic]}", rows)


def grid(parts: Iterable[str], least: int) -> str:
    """Boxes side by side, as many as fit when each is at least so many pixels wide."""
    columns = f"repeat(auto-fit, minmax({least}px, 1fr))"
    style = f"display: grid; grid-template-columns: {columns}; gap: 8px; margin-top: 8px"
    return f"<div style='{style}'>{''.join(parts)}</div>"


def tile(name: str, number: str, curve: Iterable[float], colour: str) -> str:
    """A number with its name, and how it went over the last minute."""
    return (
        f"<div style='{BOX}'><div style='color: {DIM}'>{escape(name)}</div>"
        f"<div style='font-size: 22px; font-weight: 600; line-height: 1.3'>{escape(number)}</div>"
        f"{sparkline(list(curve), colour, name)}</div>"
    )


def sparkline(values: list[float], colour: str, name: str) -> str:
    """A curve of at most HISTORY values from zero to their largest, the newest at the right."""
    top = max([1e-9, *values])
    step, first = WIDE / (HISTORY - 1), HISTORY - len(values)
    points = " ".join(
        f"{(first + at) * step:.1f},{HIGH - 2 - (HIGH - 4) * value / top:.1f}"
        for at, value in enumerate(values)
    )
    return (
        f"<svg role='img' aria-label='{escape(name)}, último minuto' width='100%' height='{HIGH}' "
        f"viewBox='0 0 {WIDE} {HIGH}' preserveAspectRatio='none'><polyline points='{points}' "
        f"fill='none' stroke='{colour}' stroke-width='2' vector-effect='non-scaling-stroke'/></svg>"
    )


def box(title: str, rows: Iterable[str]) -> str:
    """A titled list on a card; long lines are cut by its edge."""
    table = "".join(f"<tr>{each}</tr>" for each in rows)
    return (
        f"<div style='{BOX}; overflow: hidden; min-height: 112px'><b>{escape(title)}</b>"
        f"<table style='border-collapse: collapse; margin-top: 4px'>{table}</table></div>"
    )


def row(words: Iterable[str]) -> str:
    """The cells of a line."""
    return "".join(map(cell, words))


def alarm(name: str, state: str) -> str:
    """An alarm's line: sign, colour and word of its state, then its name."""
    sign, colour = STATES[state]
    said = f"<b style='color: {colour}; white-space: nowrap'>{sign} {state}</b>"
    return f"<td style='padding-right: 10px'>{said}</td>{cell(name)}"


def both(p50: list[float], p99: list[float]) -> str:
    """The newest of each, in ms."""
    return f"{p50[-1]:.0f} / {p99[-1]:.0f} ms" if p50 and p99 else "–"
