"""The portal's calendar: until when a piece of work is due, and in which week of term."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from helpers.pipeline.campus import COURSES
from helpers.pipeline.simulation import DAY, SECOND, WEEK

TERMS = (3, 9)  # a term begins on the first Monday of March or of September


def deadline(course: str, now: int) -> int:
    """The end of the next day on which work for the course is due, in ms since 1970, UTC."""
    today = now // DAY
    days_left = (COURSES[course].due_weekday - (today + 3)) % 7  # 1 January 1970: a Thursday
    return (today + days_left + 1) * DAY - 1


def week_of_term(at: int) -> int:
    """1 for the week in which the term began."""
    year = datetime.fromtimestamp(at / SECOND, UTC).year
    begins = [_first_monday(y, month) for y in (year - 1, year) for month in TERMS]
    return (at - max(begin for begin in begins if begin <= at)) // WEEK + 1


def _first_monday(year: int, month: int) -> int:
    first = datetime(year, month, 1, tzinfo=UTC)
    monday = first + timedelta(days=-first.weekday() % 7)
    return int(monday.timestamp()) * SECOND
