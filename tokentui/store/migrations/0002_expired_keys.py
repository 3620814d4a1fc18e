"""The keys of requests whose rows were removed after `retention_days`: they must not count again."""

from __future__ import annotations

from typing import Any


def up(migrator: Any, db: Any) -> None:  # noqa: ARG001
    """Make the table."""
    db.execute_sql("CREATE TABLE expired_keys (key INTEGER NOT NULL PRIMARY KEY)")
