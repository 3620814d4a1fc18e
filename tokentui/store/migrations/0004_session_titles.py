"""What a session is called: the name that the user or the tool gave it."""

from __future__ import annotations

from typing import Any


def up(migrator: Any, db: Any) -> None:  # noqa: ARG001
    """Add the column; no row is rewritten."""
    db.execute_sql("ALTER TABLE sessions ADD COLUMN title TEXT NOT NULL DEFAULT ''")
