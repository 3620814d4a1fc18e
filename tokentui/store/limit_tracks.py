"""How an account's limits moved, and what its logs on this machine say of the same time."""

from __future__ import annotations

import json
import sqlite3
from typing import NamedTuple

from tokentui.frozen import dataclass
from tokentui.store.days import QUARTER

_READINGS = """
    SELECT s.limit_id, s.window_minutes, r.limit_name, r.last_seen_at, r.used_percent, r.resets_at, r.origin
    FROM limit_series AS s JOIN accounts AS a ON a.id = s.account_id JOIN services AS v ON v.id = a.service_id
        JOIN limit_readings AS r ON r.series_id = s.id
    WHERE v.name = ?1 AND a.name = ?2 AND r.observed_at >= ?3 AND r.resets_at IS NOT NULL
    ORDER BY s.window_minutes, s.limit_id, r.last_seen_at, r.observed_at
"""

_USE = """
    SELECT q.quarter, c.session_id, sum(q.cost), sum(q.uncached_input_tokens + q.cache_read_input_tokens
        + q.cache_creation_5m_input_tokens + q.cache_creation_1h_input_tokens + q.output_tokens),
        sum(q.unpriced_request_count)
    FROM usage_quarters AS q JOIN usage_contexts AS c ON c.id = q.context_id
        JOIN accounts AS a ON a.id = c.account_id JOIN services AS v ON v.id = a.service_id
    WHERE v.name = ?1 AND a.name = ?2 AND q.quarter >= ?3
    GROUP BY 1, 2 ORDER BY 1, 2
"""

_NAMES = """
    SELECT e.id, e.conversation_id, p.path, e.title, max(c.id) FROM sessions AS e
        JOIN usage_contexts AS c ON c.session_id = e.id JOIN projects AS p ON p.id = c.project_id
    WHERE e.id IN (SELECT value FROM json_each(?)) GROUP BY e.id
"""


class Reading(NamedTuple):
    """How full a window was."""

    at: int
    """When that was last said: UTC epoch microseconds."""
    used_percent: float
    resets_at: int
    origin: str


@dataclass(frozen=True, slots=True)
class Track:
    """The readings of one limit, oldest first."""

    limit_id: str
    name: str
    window_minutes: int
    readings: tuple[Reading, ...]


class LocalUse(NamedTuple):
    """What one session used in one quarter of an hour."""

    quarter: int
    """Quarters of an hour since 1970-01-01 UTC."""
    session: int
    """The number of the session; see `session_names`."""
    cost: int
    """Nano-dollars of the requests that have a price."""
    tokens: int
    unpriced_request_count: int


@dataclass(frozen=True, slots=True)
class SessionName:
    """What a session is called."""

    number: int
    session: str
    """The conversation's id, as conditions compare with it."""
    project: str
    session_title: str
    """Empty while nobody has named it."""


def tracks(connection: sqlite3.Connection, service: str, account: str, since: int) -> tuple[Track, ...]:
    """Return the limits of an account that name the time of their reset, shortest window first.

    `since` in UTC epoch microseconds.
    """
    found: dict[tuple[str, int], tuple[str, list[Reading]]] = {}
    for limit_id, minutes, name, *said in connection.execute(_READINGS, (service, account, since)):
        known, readings = found.setdefault((limit_id, minutes), ("", []))
        readings.append(Reading(*said))
        if name and name != known:
            found[limit_id, minutes] = name, readings
    return tuple(
        Track(limit_id, name or limit_id, minutes, tuple(readings))
        for (limit_id, minutes), (name, readings) in found.items()
    )


def local_use(connection: sqlite3.Connection, service: str, account: str, since: int) -> tuple[LocalUse, ...]:
    """Return what an account's logs on this machine say was used since a moment (UTC epoch µs)."""
    return tuple(LocalUse(*row) for row in connection.execute(_USE, (service, account, since // QUARTER)))


def first_use(connection: sqlite3.Connection, service: str, account: str) -> int | None:
    """Return the first day (since 1970-01-01) with use of an account; None without any."""
    row = connection.execute(
        "SELECT min(d.day) FROM usage_days AS d JOIN accounts AS a ON a.id = d.account_id"
        " JOIN services AS v ON v.id = a.service_id WHERE v.name = ? AND a.name = ?",
        (service, account),
    ).fetchone()
    return None if row is None or row[0] is None else int(row[0])


def session_names(connection: sqlite3.Connection, numbers: tuple[int, ...]) -> tuple[SessionName, ...]:
    """Return what sessions are called."""
    rows = connection.execute(_NAMES, (json.dumps(numbers),))
    return tuple(SessionName(*row[:-1]) for row in rows)
