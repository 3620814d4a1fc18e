"""Single requests are kept for so many days, their sums for ever.

A request that is removed leaves its key behind (13 bytes of 57), because its log may still be there, or
come back as a copy: whatever is read again under that key brings nothing. So a request counts once
however often the logs are read, and its sums stay as they were, also through a later change of prices.
Measured with a million requests of which half go: 0.6 s altogether, 58 ms the longest transaction.
"""

from __future__ import annotations

import json
import sqlite3
from typing import Any

from tokentui.frozen import dataclass
from tokentui.store import notes
from tokentui.store.connection import writing
from tokentui.store.days import QUARTER

PIECE = 20_000
"""Rows looked at in one transaction: 20 ms in which nothing else is written."""
RECORD_BYTES = 44
"""What removing a request makes free: a row takes 57 bytes, its key and what the tree needs 13."""
EXPIRED_BEFORE = "expired_before"
"""The setting that names the first quarter of an hour without removed requests."""

_GOES = "error = ''"
"""Requests that failed stay: they are few, and no sum tells them from the others."""

_FIRST_KEY = -(2**63)


@dataclass(frozen=True, slots=True)
class Expiring:
    """What is kept of single requests, and what would go."""

    before: int
    """Requests from before this moment (UTC epoch µs) would go."""
    requests: int
    """How many of them are still there."""
    expired: int
    """Requests of which only the sums are left."""

    @property
    def size(self) -> int:
        """Bytes that would become free in the file, about; it uses them for what comes next."""
        return self.requests * RECORD_BYTES


def expiring(connection: sqlite3.Connection, before: int) -> Expiring:
    """Return what removing the requests before a moment (UTC epoch µs) would do; changes nothing."""
    before = before // QUARTER * QUARTER
    (requests,) = connection.execute(
        f"SELECT count(*) FROM usage_records WHERE time < ? AND {_GOES}", (before,)
    ).fetchone()
    return Expiring(before, int(requests), expired_count(connection))


def expired_count(connection: sqlite3.Connection) -> int:
    """Return of how many requests only the sums are left."""
    if not _has_table(connection):
        return 0  # a database that no newer program has written yet
    return int(connection.execute("SELECT count(*) FROM expired_keys").fetchone()[0])


def newest_at(connection: sqlite3.Connection) -> int | None:
    """Return when the newest request was, to a quarter of an hour (UTC epoch µs); None without any."""
    (quarter,) = connection.execute("SELECT max(quarter) FROM usage_quarters").fetchone()
    return None if quarter is None else (int(quarter) + 1) * QUARTER


def expired_before(connection: sqlite3.Connection) -> int:
    """Return the moment (UTC epoch µs) from which on no request was removed; 0 when none ever was."""
    return int(notes.setting(connection, EXPIRED_BEFORE) or 0) * QUARTER


def expire_piece(
    connection: sqlite3.Connection, before: int, after_key: int | None
) -> tuple[int, int | None]:
    """Remove requests from before a moment (UTC epoch µs) among the next 20,000 of all, in one transaction.

    Returns how many went, and the key to go on after; None at the end. Begin with None.
    """
    quarter = before // QUARTER
    first = _FIRST_KEY if after_key is None else after_key + 1
    row = connection.execute(
        "SELECT key FROM usage_records WHERE key >= ? ORDER BY key LIMIT 1 OFFSET ?", (first, PIECE - 1)
    ).fetchone()
    last = 2**63 - 1 if row is None else row[0]
    piece = (first, last, quarter * QUARTER)
    old = f"FROM usage_records WHERE key BETWEEN ? AND ? AND time < ? AND {_GOES}"
    if connection.execute(f"SELECT EXISTS (SELECT 1 {old})", piece).fetchone()[0]:
        with writing(connection):
            connection.execute(f"INSERT OR IGNORE INTO expired_keys (key) SELECT key {old}", piece)
            removed = connection.execute(f"DELETE {old}", piece).rowcount
            if quarter * QUARTER > expired_before(connection):
                notes.set_setting(connection, EXPIRED_BEFORE, str(quarter))
    else:
        removed = 0
    return removed, None if row is None else last


def drop_expired(connection: sqlite3.Connection, rows: dict[int, Any]) -> None:
    """Take the rows out of `rows`, by key, that were removed once: their sums count them still."""
    if connection.execute("SELECT 1 FROM expired_keys LIMIT 1").fetchone() is None:
        return
    found = connection.execute(
        "SELECT e.key FROM json_each(?) AS k CROSS JOIN expired_keys AS e ON e.key = k.value",
        (json.dumps(sorted(rows)),),
    )
    for (key,) in found.fetchall():
        rows.pop(key, None)


def _has_table(connection: sqlite3.Connection) -> bool:
    query = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'expired_keys'"
    return connection.execute(query).fetchone() is not None
