"""How full the limits were: readings thinned out to what changed, at least one each quarter of an hour.

A tool writes a reading with every answer. Readings of one series (an account's window) that say the
same within the same quarter of an hour share a row: `observed_at` is the first, `last_seen_at` the last.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from tokentui.store.days import QUARTER
from tokentui.store.dimensions import Dimensions, storable
from tokentui.usage import LimitReading

_MINUTE = 60_000_000

Series = tuple[str, str, str, int]
Said = tuple[object, ...]


def store_readings(
    connection: sqlite3.Connection, readings: Iterable[LimitReading], dimensions: Dimensions
) -> int:
    """Store readings; returns how many rows are new."""
    by_series: dict[Series, list[LimitReading]] = {}
    for reading in readings:
        if not _possible(reading):
            continue
        series = (reading.service, reading.account, reading.limit_id, reading.window_minutes)
        by_series.setdefault(series, []).append(reading)
    added = 0
    for (service, account, limit_id, window), found in sorted(by_series.items()):
        key = _series(connection, dimensions.account(service, account), storable(limit_id), window)
        found.sort(key=lambda reading: reading.observed_at)
        for first, last_seen in _runs(found):
            added += _store_run(connection, key, first, last_seen)
    return added


def _possible(reading: LimitReading) -> bool:
    """Whether SQLite can hold it and a clock could have said it; NaN is in no range."""
    times = (reading.observed_at, reading.resets_at or 0, reading.window_minutes)
    return 0 <= reading.used_percent <= 1e9 and all(0 <= time <= 2**53 for time in times)


def _said(reading: LimitReading) -> Said:
    """Return what a reading says, as the thinning compares it: resets to the nearest minute."""
    resets = None if reading.resets_at is None else (reading.resets_at + _MINUTE // 2) // _MINUTE
    return (reading.used_percent, resets, storable(reading.plan))


def _runs(readings: list[LimitReading]) -> list[tuple[LimitReading, int]]:
    """Return (first reading, last time) of neighbours that say the same in the same quarter."""
    runs: list[tuple[LimitReading, int]] = []
    last: tuple[int, Said] | None = None
    for reading in readings:
        current = (reading.observed_at // QUARTER, _said(reading))
        if current == last:
            runs[-1] = (runs[-1][0], reading.observed_at)
        else:
            runs.append((reading, reading.observed_at))
        last = current
    return runs


def _store_run(connection: sqlite3.Connection, series: int, reading: LimitReading, last_seen: int) -> int:
    """Store a run, or widen the stored neighbour that says the same. Returns how many rows are new."""
    start = reading.observed_at
    quarter = start // QUARTER * QUARTER
    before = _neighbour(connection, series, "DESC", quarter, start)
    if before is not None and before[1] == _said(reading):
        connection.execute(
            "UPDATE limit_readings SET last_seen_at = ?"
            " WHERE series_id = ? AND observed_at = ? AND last_seen_at < ?",
            (last_seen, series, before[0], last_seen),
        )
        return 0
    after = _neighbour(connection, series, "ASC", start + 1, quarter + QUARTER - 1)
    if after is not None and after[1] == _said(reading):
        connection.execute(
            "UPDATE limit_readings SET observed_at = ?, last_seen_at = max(last_seen_at, ?)"
            " WHERE series_id = ? AND observed_at = ?",
            (start, last_seen, series, after[0]),
        )
        return 0
    return connection.execute(
        "INSERT INTO limit_readings (series_id, observed_at, last_seen_at, used_percent, resets_at, plan,"
        " limit_name, credits_balance, origin) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
        # Two answers at the same microsecond: the fuller one, whichever was read first.
        " ON CONFLICT (series_id, observed_at) DO UPDATE SET used_percent = excluded.used_percent,"
        " resets_at = excluded.resets_at, plan = excluded.plan WHERE excluded.used_percent > used_percent",
        (
            series, start, last_seen, reading.used_percent, reading.resets_at, storable(reading.plan),
            storable(reading.limit_name), storable(reading.credits_balance), reading.origin,
        ),
    ).rowcount


def _neighbour(
    connection: sqlite3.Connection, series: int, order: str, low: int, high: int
) -> tuple[int, Said] | None:
    """Return when the nearest stored reading of a time span was, and what it says."""
    row = connection.execute(
        "SELECT observed_at, used_percent, resets_at, plan FROM limit_readings"
        f" WHERE series_id = ? AND observed_at BETWEEN ? AND ? ORDER BY observed_at {order} LIMIT 1",
        (series, low, high),
    ).fetchone()
    if row is None:
        return None
    observed, used, resets, plan = row
    return observed, (used, None if resets is None else (resets + _MINUTE // 2) // _MINUTE, plan)


def _series(connection: sqlite3.Connection, account: int, limit_id: str, window: int) -> int:
    values = (account, limit_id, window)
    query = "SELECT id FROM limit_series WHERE account_id = ? AND limit_id = ? AND window_minutes = ?"
    row = connection.execute(query, values).fetchone()
    if row is not None:
        return int(row[0])
    insert = "INSERT INTO limit_series (account_id, limit_id, window_minutes) VALUES (?, ?, ?)"
    return int(connection.execute(insert, values).lastrowid or 0)
