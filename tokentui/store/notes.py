"""Small facts, one look-up each: settings, notes, models without a price."""

from __future__ import annotations

import sqlite3

ZONE = "zone"
"""The setting that names the zone in which the days of `usage_days` begin and end."""

TITLES_READ = "titles_read_at"
"""The note that says up to which logs titles were looked for: when the last was read, in microseconds."""


def setting(connection: sqlite3.Connection, name: str) -> str | None:
    """Return a setting that the stored sums depend on."""
    row = connection.execute("SELECT value FROM settings WHERE name = ?", (name,)).fetchone()
    return None if row is None else str(row[0])


def set_setting(connection: sqlite3.Connection, name: str, value: str) -> None:
    """Keep a setting; the caller holds the transaction."""
    connection.execute("INSERT OR REPLACE INTO settings (name, value) VALUES (?, ?)", (name, value))


def note(connection: sqlite3.Connection, name: str) -> str | None:
    """Return a note; None when there is none of that name."""
    row = connection.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
    return None if row is None else str(row[0])


def set_note(connection: sqlite3.Connection, name: str, value: str | None) -> None:
    """Keep a note, or drop it with None; the caller holds the transaction."""
    if value is None:
        connection.execute("DELETE FROM meta WHERE name = ?", (name,))
    else:
        connection.execute("INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)", (name, value))


def unpriced_models(connection: sqlite3.Connection) -> list[tuple[str, str, int]]:
    """Return (provider_name, model, records) of the models with records without a price."""
    return [
        (str(provider), str(name), int(count))
        for provider, name, count in connection.execute(
            "SELECT provider_name, name, unpriced_request_count FROM models WHERE unpriced_request_count > 0"
            " ORDER BY unpriced_request_count DESC, name, provider_name"
        )
    ]
