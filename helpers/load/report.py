"""A report that a team can keep: one HTML page with everything in it, and the rows as CSV."""

from __future__ import annotations

import html
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd

from helpers.errors import LabError
from helpers.load.machine import machine, versions
from helpers.load.result import Result

STYLE = """
:root { color-scheme: light; font: 16px/1.5 system-ui, sans-serif; color: #1a1a1a; }
body { max-width: 62rem; margin: 2rem auto; padding: 0 1rem; background: #fff; }
h1 { font-size: 1.6rem; margin-bottom: .2rem; }
h2 { font-size: 1.15rem; margin-top: 2rem; }
.when, figcaption { color: #555; }
figure { margin: 1rem 0; }
svg { max-width: 100%; height: auto; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .25rem .8rem .25rem 0; text-align: right; border-bottom: 1px solid #ddd; }
th:first-child, td:first-child { text-align: left; white-space: nowrap; }
.pair td { text-align: left; overflow-wrap: anywhere; }
.note { border-left: 4px solid #d55e00; padding-left: .8rem; }
"""
RATE = "What fell due, what was sent and what was acknowledged, in each interval."
LATENCY = "From due to acknowledged, by the interval of the acknowledgement. A gap: none came."
CURVE = "All percentiles beyond which at least ten records lie."


def report(
    results: Result | Iterable[Result],
    path: str | Path,
    title: str = "Load test",
    settings: dict[str, object] | None = None,
) -> Path:
    """Write `path` (HTML) and, beside it, the intervals of all results as CSV; return the path.

    The page needs nothing else: no script, no file, no network. `settings` is a table of what you
    want said; secrets belong nowhere in it. Raises LabError when the files cannot be written.
    """
    all_results = [results] if isinstance(results, Result) else list(results)
    if not all_results:
        raise LabError("a report needs at least one result")
    page, target = _page(all_results, title, settings or {}), Path(path)
    table = pd.concat([r.intervals.assign(name=r.name) for r in all_results], ignore_index=True)
    try:
        target.write_text(page, encoding="utf-8")
        table.to_csv(target.with_suffix(".csv"), index=False)
    except OSError as error:
        raise LabError(f"cannot write {path}: {error.strerror}; name another file") from error
    return target


def _page(results: list[Result], title: str, settings: dict[str, object]) -> str:
    from helpers.load import plots  # matplotlib, which a generator does not need

    when = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    parts = [f"<h1>{_text(title)}</h1><p class=when>{when}</p>"]
    parts += [_note(result) for result in results]
    parts += ["<h2>Results</h2>", _overview(results)]
    for heading, caption, draw in (
        ("Throughput", RATE, plots.rate_figure),
        ("Latency over time", LATENCY, plots.latency_figure),
        ("Latency by percentile", CURVE, plots.percentile_figure),
    ):
        parts.append(f"<h2>{heading}</h2><figure>{draw(results)}")
        parts.append(f"<figcaption>{caption}</figcaption></figure>")
    for result in results:
        known = {"schedule": result.schedule or "one record at a time", **result.settings}
        parts.append(f"<h2>Settings: {_text(result.name)}</h2>{_pairs({**settings, **known})}")
    parts.append(f"<h2>Versions</h2>{_pairs(versions())}<h2>Machine</h2>{_pairs(machine())}")
    body = "\n".join(parts)
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{_text(title)}</title>'
        f"<style>{STYLE}</style></head><body>{body}</body></html>\n"
    )


def _overview(results: list[Result]) -> str:
    """A column for each result."""
    rows: dict[str, list[str]] = {}
    ladder = sorted({percent for result in results for percent in result.latency.percentiles()})
    for result in results:
        lines = {
            "records due": f"{result.scheduled:,}",
            "sent": f"{result.sent:,}",
            "acknowledged": f"{result.acknowledged:,}",
            "failed": f"{result.errors.total():,}",
            "without answer": f"{result.unanswered:,}",
            "sent more than 10 ms late": f"{result.late:,}",
            "seconds": f"{result.seconds:.2f}",
            "wanted, records/s": f"{result.target_rate:,.0f}" if result.target_rate else "–",
            "acknowledged, records/s": f"{result.rate:,.0f}",
            "MB/s": f"{result.mb_per_s:.2f}",
        }
        known = result.latency.percentiles()
        for percent in ladder:
            value = f"{known[percent] / 1000:.2f}" if percent in known else "too few records"
            lines[f"latency p{percent:g}, ms"] = value
        lines["latency, longest, ms"] = f"{result.latency.max / 1000:.2f}"
        lines["produce() to answer, p50, ms"] = f"{result.service.percentile(50) / 1000:.2f}"
        for name, value in lines.items():
            rows.setdefault(name, []).append(value)
    head = "".join(f"<th>{_text(result.name)}</th>" for result in results)
    body = "".join(
        f"<tr><td>{_text(name)}</td>{''.join(f'<td>{_text(value)}</td>' for value in values)}</tr>"
        for name, values in rows.items()
    )
    return f"<div class=scroll><table><tr><th></th>{head}</tr>{body}</table></div>"


def _note(result: Result) -> str:
    """What a reader must know before the numbers; often nothing."""
    notes = []
    if result.interrupted:
        notes.append("was interrupted: the numbers are those of what had been sent by then")
    if result.errors:
        kinds = ", ".join(f"{n:,} {name}" for name, n in sorted(result.errors.items()))
        notes.append(f"had errors: {kinds}")
    if result.unanswered:
        notes.append(f"left {result.unanswered:,} records without an answer")
    if result.sent < result.scheduled and not result.interrupted:
        left = result.scheduled - result.sent
        notes.append(f"never sent {left:,} records: the client's queue stayed full")
    if result.target_rate and not result.interrupted and result.rate < 0.95 * result.target_rate:
        share = result.rate / result.target_rate
        notes.append(f"reached {share:.0%} of the wanted rate: its latencies are those of a queue")
    return "".join(f"<p class=note>{_text(result.name)} {_text(note)}.</p>" for note in notes)


def _pairs(table: dict[str, object]) -> str:
    rows = "".join(
        f"<tr><td>{_text(name)}</td><td>{_text(value)}</td></tr>" for name, value in table.items()
    )
    return f"<div class=scroll><table class=pair>{rows}</table></div>"


def _text(value: object) -> str:
    return html.escape(str(value))
