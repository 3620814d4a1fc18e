"""Sums the usage of some days by the hour and the weekday that the clocks of a zone showed."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo

from tokentui.store.days import QUARTER, Days
from tokentui.store.snapshot import Usage
from tokentui.store.usage_table import SUMS

_HOURS = 24 * 7
_MONDAY = 3 * 24
"""The hours from a Monday to 1970-01-01, a Thursday."""
_WEEK = 7 * 86_400_000_000 // QUARTER
"""How many quarters are looked at for a change of the clocks at once. Two changes lie further apart."""

_SUMMED = (
    "WITH shifts (first, last, shift) AS (SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]'),"
    " json_extract(value, '$[2]') FROM json_each(?))"
    f" SELECT (q.quarter * {QUARTER // 1_000_000} + s.shift) / 3600 % {_HOURS},"
    f" {', '.join(f'sum(q.{name})' for name in SUMS)}"
    " FROM shifts AS s CROSS JOIN usage_quarters AS q ON q.quarter BETWEEN s.first AND s.last GROUP BY 1"
)


@dataclass(frozen=True, slots=True)
class Heatmap:
    """The usage of some days by weekday and hour."""

    hours: tuple[tuple[Usage | None, ...], ...] = ((None,) * 24,) * 7
    """Seven weekdays from Monday on, each with 24 hours; None where there was no use at all."""


def heatmap(connection: sqlite3.Connection, start: date, end: date, zone: str) -> Heatmap:
    """Return the usage of the days from `start` to `end`, both included, by weekday and hour.

    An hour that the clocks show twice is counted twice as one. Raises periods.PeriodError for an unknown
    zone.
    """
    days = Days(zone)
    first, last = days.quarters(start, end)
    oldest, newest = connection.execute("SELECT min(quarter), max(quarter) FROM usage_quarters").fetchone()
    if oldest is None:
        return Heatmap()
    shifts = list(_shifts(max(first, oldest), min(last, newest), days.zone))
    found = connection.execute(_SUMMED, (json.dumps(shifts),))
    hours: list[list[Usage | None]] = [[None] * 24 for _ in range(7)]
    for hour, *sums in found:
        weekday, clock = divmod((hour + _MONDAY) % _HOURS, 24)
        hours[weekday][clock] = Usage(*sums)
    return Heatmap(tuple(map(tuple, hours)))


def _shifts(first: int, last: int, zone: tzinfo) -> Iterator[tuple[int, int, int]]:
    """Yield (first quarter, last quarter, seconds ahead of UTC) for each stretch between two changes."""
    begin = first
    while begin <= last:
        shift = _shift(begin, zone)
        end = begin
        while end < last and _shift(step := min(end + _WEEK, last), zone) == shift:
            end = step
        low, high = end, min(end + _WEEK, last + 1)
        while high - low > 1:
            middle = (low + high) // 2
            if _shift(middle, zone) == shift:
                low = middle
            else:
                high = middle
        yield begin, low, shift
        begin = low + 1


def _shift(quarter: int, zone: tzinfo) -> int:
    """Return how many seconds a zone's clocks are ahead of UTC when a quarter begins."""
    offset = datetime.fromtimestamp(quarter * (QUARTER // 1_000_000), UTC).astimezone(zone).utcoffset()
    return round(offset.total_seconds()) if offset else 0
