"""How full the limits were: readings thinned out to what changed, at least one each quarter of an hour.

A tool writes a reading with every answer. Readings of one series (an account's window) that say the
same within the same quarter of an hour share a row: `observed_at` is the first, `last_seen_at` the last.
"""

from __future__ import annotations

import sqlite3
from bisect import bisect_right
from collections.abc import Iterable
from typing import NamedTuple

from tokentui.store.connection import insert
from tokentui.store.days import QUARTER
from tokentui.store.dimensions import Dimensions, storable
from tokentui.usage import LimitReading

_MINUTE = 60_000_000
_DAY = 86_400_000_000

_COLUMNS = "observed_at, last_seen_at, used_percent, resets_at, plan, limit_name, credits_balance, origin"

Series = tuple[str, str, str, int]
Said = tuple[object, ...]


def store_readings(
    connection: sqlite3.Connection, readings: Iterable[LimitReading], dimensions: Dimensions, now: int
) -> int:
    """Store readings; returns how many rows are new.

    One from more than a day after `now` is dropped: it would be the newest for as long as that day is away.
    """
    by_series: dict[Series, list[LimitReading]] = {}
    for reading in readings:
        if not _possible(reading) or reading.observed_at > now + _DAY:
            continue
        series = (reading.service, reading.account, reading.limit_id, reading.window_minutes)
        by_series.setdefault(series, []).append(reading)
    added = 0
    for (service, account, limit_id, window), found in sorted(by_series.items()):
        key = _series(connection, dimensions.account(service, account), storable(limit_id), window)
        found.sort(key=lambda reading: reading.observed_at)
        stored = _Stored(connection, key, found[0].observed_at, found[-1].observed_at)
        added += sum(stored.add(*run) for run in _runs(found))
        stored.write()
    return added


def _possible(reading: LimitReading) -> bool:
    """Whether SQLite can hold it and a clock could have said it; NaN is in no range."""
    return (
        0 <= reading.used_percent <= 1e9
        and 0 <= reading.observed_at <= 2**53
        and 0 <= (reading.resets_at or 0) <= 2**53
        and 0 <= reading.window_minutes <= 2**53
    )


def _said(used_percent: float, resets_at: int | None, plan: str) -> Said:
    """Return what a reading says, as the thinning compares it: resets to the nearest minute."""
    return (used_percent, None if resets_at is None else (resets_at + _MINUTE // 2) // _MINUTE, plan)


def _runs(readings: list[LimitReading]) -> list[tuple[LimitReading, int, Said]]:
    """Return (first reading, last time, what is said) of neighbours that say the same in one quarter."""
    runs: list[tuple[LimitReading, int, Said]] = []
    last_quarter, last_said = -1, None
    for reading in readings:
        quarter = reading.observed_at // QUARTER
        said = _said(reading.used_percent, reading.resets_at, storable(reading.plan))
        if quarter == last_quarter and said == last_said:
            runs[-1] = (runs[-1][0], reading.observed_at, said)
        else:
            runs.append((reading, reading.observed_at, said))
        last_quarter, last_said = quarter, said
    return runs


class _Row(NamedTuple):
    """One stored reading, in the order of `_COLUMNS`."""

    observed_at: int
    last_seen_at: int
    used_percent: float
    resets_at: int | None
    plan: str
    limit_name: str
    credits_balance: str
    origin: str


class _Stored:
    """The stored readings of one series in the quarters that new ones fall into.

    Read in one query and written in one: two queries a reading took a third of the ingest.
    """

    def __init__(self, connection: sqlite3.Connection, series: int, first: int, last: int) -> None:
        self._connection = connection
        self._series = series
        low, high = first // QUARTER * QUARTER, last // QUARTER * QUARTER + QUARTER - 1
        self._rows = {
            row[0]: _Row(*row)
            for row in connection.execute(
                f"SELECT {_COLUMNS} FROM limit_readings WHERE series_id = ? AND observed_at BETWEEN ? AND ?",
                (series, low, high),
            )
        }
        self._times = sorted(self._rows)
        self._written: set[int] = set()
        self._moved: list[tuple[int, int]] = []

    def add(self, reading: LimitReading, last_seen: int, said: Said) -> int:
        """Take in a run, or widen the stored neighbour that says the same. Returns how many rows are new."""
        start = reading.observed_at
        quarter = start // QUARTER
        at = bisect_right(self._times, start)
        before = self._times[at - 1] if at else -1
        if before // QUARTER == quarter and self._says(before) == said:
            self._widen(self._rows[before], before, last_seen)
            return 0
        after = self._times[at] if at < len(self._times) else -1
        if after // QUARTER == quarter and self._says(after) == said:
            self._times[at] = start
            self._written.discard(after)
            self._moved.append((self._series, after))
            self._widen(self._rows.pop(after), start, last_seen)
            return 0
        # Two answers at the same microsecond: the fuller one, whichever was read first.
        if before == start and self._rows[before].used_percent >= reading.used_percent:
            return 0
        if before != start:
            self._times.insert(at, start)
        self._rows[start] = _Row(
            start, last_seen, reading.used_percent, reading.resets_at, storable(reading.plan),
            storable(reading.limit_name), storable(reading.credits_balance), reading.origin,
        )  # fmt: skip
        self._written.add(start)
        return int(before != start)

    def write(self) -> None:
        """Bring the table to what was taken in."""
        remove = "DELETE FROM limit_readings WHERE series_id = ? AND observed_at = ?"
        self._connection.executemany(remove, self._moved)
        rows = [(self._series, *self._rows[time]) for time in sorted(self._written)]
        insert(self._connection, f"INSERT OR REPLACE INTO limit_readings (series_id, {_COLUMNS})", rows)

    def _widen(self, row: _Row, start: int, last_seen: int) -> None:
        """Let a row reach from `start`, its own beginning or an earlier one, to `last_seen` at least."""
        if start < row.observed_at or last_seen > row.last_seen_at:
            self._rows[start] = row._replace(observed_at=start, last_seen_at=max(last_seen, row.last_seen_at))
            self._written.add(start)

    def _says(self, time: int) -> Said:
        row = self._rows[time]
        return _said(row.used_percent, row.resets_at, row.plan)


def _series(connection: sqlite3.Connection, account: int, limit_id: str, window: int) -> int:
    values = (account, limit_id, window)
    query = "SELECT id FROM limit_series WHERE account_id = ? AND limit_id = ? AND window_minutes = ?"
    row = connection.execute(query, values).fetchone()
    if row is not None:
        return int(row[0])
    insert = "INSERT INTO limit_series (account_id, limit_id, window_minutes) VALUES (?, ?, ?)"
    return int(connection.execute(insert, values).lastrowid or 0)
