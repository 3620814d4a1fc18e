"""What sessions are called: kept here, for the tools delete the files that say so."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping

from tokentui.store.dimensions import session_key


def changed_logs(
    connection: sqlite3.Connection, sources: Iterable[str], since: int, most: int
) -> list[tuple[str, str, int, int]]:
    """Return (source, path, bytes, mtime in ns) of the logs that changed after `since`, the newest first."""
    rows = connection.execute(
        "SELECT source, path, size, mtime_ns FROM log_files WHERE mtime_ns > ? AND gone_at IS NULL"
        " AND source IN (SELECT value FROM json_each(?)) ORDER BY mtime_ns DESC LIMIT ?",
        (since, json.dumps(list(sources)), most),
    )
    return [(str(source), str(path), int(size), int(mtime)) for source, path, size, mtime in rows]


def put(connection: sqlite3.Connection, service: str, titles: Mapping[str, str]) -> int:
    """Name the sessions that are known, by conversation id; returns how many have a new name."""
    values = [(title, session_key(service, conversation), title) for conversation, title in titles.items()]
    query = "UPDATE sessions SET title = ? WHERE id = ? AND title <> ?"
    return connection.executemany(query, values).rowcount if values else 0
