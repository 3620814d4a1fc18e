"""What the past windows of an account's limits came to, from the stored readings."""

from __future__ import annotations

import sqlite3
from itertools import groupby
from operator import itemgetter

from tokentui.store.snapshot import LimitHistory, PastWindow

MOST_WINDOWS = 120
"""Windows of a limit that are told of: of five hours each, those of a month."""

_JITTER = 600_000_000
"""Tools tell the same reset a few seconds apart; two windows are never that close (µs)."""

_QUERY = """
    SELECT s.limit_id, s.window_minutes, r.limit_name, r.resets_at, max(r.used_percent)
    FROM limit_series AS s JOIN accounts AS a ON a.id = s.account_id JOIN services AS v ON v.id = a.service_id
        JOIN limit_readings AS r ON r.series_id = s.id
    WHERE v.name = ? AND a.name = ? AND r.resets_at IS NOT NULL
    GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 4
"""


def limit_history(connection: sqlite3.Connection, service: str, account: str) -> tuple[LimitHistory, ...]:
    """Return the windows of each limit of an account that named the time of its reset, shortest first."""
    rows = connection.execute(_QUERY, (service, account)).fetchall()
    found = []
    for (limit_id, minutes), group in groupby(rows, itemgetter(0, 1)):
        windows: list[PastWindow] = []
        name = ""
        for _, _, said, resets_at, used in group:
            name = said or name
            same = windows and resets_at - windows[-1].resets_at <= _JITTER
            fullest = max(used, windows.pop().used_percent) if same else used
            windows.append(PastWindow(resets_at, fullest))
        found.append(LimitHistory(limit_id, name or limit_id, minutes, tuple(windows[-MOST_WINDOWS:])))
    return tuple(sorted(found, key=lambda each: (each.window_minutes, each.limit_id)))
