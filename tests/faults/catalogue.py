"""All faults, and the page docs/faults.md that is made from them: `python tools/faults.py`."""

from __future__ import annotations

from tests.faults import (
    cases_aws,
    cases_fetch,
    cases_kafka,
    cases_lab,
    cases_python,
    proven,
    proven_services,
)
from tests.faults.case import Case, Proven

CASES: list[Case] = []
for _part in (cases_fetch, cases_lab, cases_kafka, cases_aws, cases_python):
    CASES += _part.CASES
PROVEN: list[Proven] = [*proven.PROVEN, *proven_services.PROVEN]
HEAD = """# What went wrong, and what to do

<!-- Made by tools/faults.py from tests/faults: change it there. -->

Every command and helper says in one line what happened and what to do next. This page explains the
lines; `…` stands for what differs. Each of the {all} was provoked by a test: {here} by
`tests/faults`, the others where the sink, the monitor and the rest are tested. None ends in a
traceback, none waits for ever, none loses a record that was acknowledged.

If you see a traceback all the same, that is a defect: please report it with the command and the
last ten lines. `python -m helpers doctor` looks at everything else.
"""


def page() -> str:
    """The whole of docs/faults.md."""
    rows: dict[str, list[str]] = {}
    for case in CASES:
        seen = case.says or case.prints or "(its usual output)"
        shown = f"`python -m helpers {case.area}`" if not case.python else "In a notebook"
        shown = "A word that is no command" if case.area == "stop" else shown
        rows.setdefault(shown, []).append(row(case.name, seen, case.happened, case.do))
    for fault in PROVEN:
        first = fault.area.split()[0].rstrip(",")
        known = f"`python -m helpers {first}`"
        shown = known if known in rows else "In a notebook"
        shown = "A word that is no command" if fault.area == "all commands" else shown
        seen = fault.says or "(nothing)"
        rows[shown].append(row(fault.name, seen, fault.happened, fault.do))
    text = HEAD.format(all=len(CASES) + len(PROVEN), here=len(CASES))
    top = "| | what you see | what happened | what to do |\n|---|---|---|---|\n"
    text += "".join(f"\n## {area}\n\n{top}" + "".join(lines) for area, lines in rows.items())
    return text.replace("## A word that is no command", "## Any command")


def row(name: str, seen: str, happened: str, do: str) -> str:
    """A line of the table."""
    lines = [line for line in seen.splitlines() if line.strip()]
    shown = "<br>".join(f"`` {line} ``" if "`" in line else f"`{line}`" for line in lines)
    return (
        "| " + " | ".join(cell.replace("|", "\\|") for cell in (name, shown, happened, do)) + " |\n"
    )
