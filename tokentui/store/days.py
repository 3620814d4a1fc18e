"""Which quarters of an hour make up which day of a time zone."""

from __future__ import annotations

import sqlite3
from datetime import date

from tokentui import periods

QUARTER = 900_000_000
"""A quarter of an hour in microseconds. Every offset from UTC since 1972 is a multiple of it."""

_EPOCH = date(1970, 1, 1).toordinal()

SPANS = (
    "WITH spans (day, first, last) AS (SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]'),"
    " json_extract(value, '$[2]') FROM json_each(?))"
)
"""SQL that makes a table of `Days.spans` from JSON."""


def number_of(day: date) -> int:
    """Return a date as days since 1970-01-01."""
    return day.toordinal() - _EPOCH


def date_of(number: int) -> date:
    """Return days since 1970-01-01 as a date."""
    return date.fromordinal(number + _EPOCH)


class Days:
    """The days of one zone."""

    def __init__(self, zone: str) -> None:
        """Raises periods.PeriodError for a zone that is not known."""
        self.zone = periods.zone(zone)
        self._numbers: dict[int, int] = {}

    def number(self, quarter: int) -> int:
        """Return the day (since 1970-01-01) that a quarter begins in."""
        known = self._numbers.get(quarter)
        if known is None:
            known = self._numbers[quarter] = number_of(periods.day_of(quarter * QUARTER, self.zone))
        return known

    def number_at(self, time: int) -> int:
        """Return the day (since 1970-01-01) of a moment (epoch µs)."""
        return number_of(periods.day_of(time, self.zone))

    def quarters(self, start: date | None, end: date | None) -> tuple[int, int]:
        """Return the first and the last quarter of a range of days."""
        first = 0 if start is None else -(-periods.day_bounds(start, self.zone)[0] // QUARTER)
        last = 2**53 // QUARTER if end is None else -(-periods.day_bounds(end, self.zone)[1] // QUARTER) - 1
        return first, last

    def spans(
        self, connection: sqlite3.Connection, start: date | None = None, end: date | None = None
    ) -> tuple[list[tuple[int, int, int]], bool]:
        """Return (day, first quarter, last quarter) of the days that have use, in their order.

        The flag tells whether all these days begin and end between two quarters; when it is false
        only the records themselves know their day. Idle days are skipped by the index, so one record
        with an absurd date costs nothing.
        """
        found: list[tuple[int, int, int]] = []
        aligned = True
        first, last = self.quarters(start, end)
        # One quarter more at both ends: a day that begins within a quarter shares it with its neighbour.
        quarter = _next_used(connection, first - 1)
        while quarter is not None and quarter <= last + 1:
            day = periods.day_of(quarter * QUARTER, self.zone)
            begins, ends = periods.day_bounds(day, self.zone)
            aligned = aligned and begins % QUARTER == 0 == ends % QUARTER
            final = -(-ends // QUARTER) - 1
            if final >= first and quarter <= last:
                found.append((number_of(day), quarter, final))
            quarter = _next_used(connection, final + 1)
        return found, aligned


def _next_used(connection: sqlite3.Connection, quarter: int) -> int | None:
    query = "SELECT min(quarter) FROM usage_quarters WHERE quarter >= ?"
    (found,) = connection.execute(query, (quarter,)).fetchone()
    return None if found is None else int(found)
