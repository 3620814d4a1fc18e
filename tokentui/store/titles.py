"""What sessions are called: kept here, for the tools delete the files that say so."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from tokentui.store.dimensions import session_key


class Log(NamedTuple):
    """A log whose end may name its session."""

    source: str
    path: str
    size: int
    """In bytes."""


def logs_read(
    connection: sqlite3.Connection, sources: Iterable[str], since: int, changed_since: int, most: int
) -> list[Log]:
    """Return the logs that were read after `since` (µs) and changed after `changed_since` (ns), newest first.

    When a log was read is this program's own time. A file's may lie in the future, or years back where
    it was copied here today.
    """
    rows = connection.execute(
        "SELECT source, path, size FROM log_files WHERE read_at > ? AND mtime_ns > ?"
        " AND gone_at IS NULL AND source IN (SELECT value FROM json_each(?)) ORDER BY mtime_ns DESC LIMIT ?",
        (since, changed_since, json.dumps(list(sources)), most),
    )
    return [Log(str(source), str(path), int(size)) for source, path, size in rows]


def put(connection: sqlite3.Connection, service: str, titles: Mapping[str, str]) -> int:
    """Name the sessions that are known, by conversation id; returns how many have a new name."""
    values = [(title, session_key(service, conversation), title) for conversation, title in titles.items()]
    query = "UPDATE sessions SET title = ? WHERE id = ? AND title <> ?"
    return connection.executemany(query, values).rowcount if values else 0
