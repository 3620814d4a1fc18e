"""Batches as readers make them, for the tests of the store."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from tokentui.batch import Batch, Checkpoint
from tokentui.store import Writer
from tokentui.store.usage_table import SUMS
from tokentui.usage import BadLine, LimitReading, UsageContext, UsageRecord, record_key

NOW = 1_795_219_200_000_000
"""2026-11-21 00:00 UTC, in microseconds."""

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE


def at(text: str) -> int:
    """Return an ISO time (UTC unless it says so) as epoch microseconds."""
    when = datetime.fromisoformat(text)
    when = when.replace(tzinfo=when.tzinfo or UTC)
    return round(when.timestamp()) * SECOND


def context(session: str = "s1", **fields: Any) -> UsageContext:
    """Return a context of Claude Code in a project."""
    known = {"service": "claude-code", "project": "/home/u/shop", "conversation_id": session}
    return UsageContext(**{**known, **fields})


def record(name: str, time: int = NOW, output: int = 10, **fields: Any) -> UsageRecord:
    """Return a record of a request called `name`; a larger output is a later copy of it."""
    known = {
        "key": record_key("claude-code", name), "rank": output, "time": time, "context": 0,
        "provider_name": "anthropic", "model": "claude-opus-4", "uncached_input_tokens": 100,
        "cache_read_input_tokens": 1_000, "output_tokens": output, "cost": output * 75_000,
        "price": "opus@2026",
    }  # fmt: skip
    return UsageRecord(**{**known, **fields})


def checkpoint(path: str = "/logs/s1.jsonl", mtime: int = 1_000, **fields: Any) -> Checkpoint:
    """Return how far a file was read."""
    known = {"device": 1, "inode": 2, "size": 10, "mtime_ns": mtime, "offset": 10, "head": b"h", "tail": b"t"}
    return Checkpoint(path=path, **{**known, **fields})


def batch(
    records: Sequence[UsageRecord] = (),
    contexts: Sequence[UsageContext] = (),
    *,
    path: str = "/logs/s1.jsonl",
    mtime: int = 1_000,
    limits: Sequence[LimitReading] = (),
    bad_lines: Sequence[BadLine] = (),
    restarted: bool = False,
) -> Batch:
    """Return what one stretch of a file said."""
    return Batch(
        "claude-code", checkpoint(path, mtime), list(contexts or [context()]), list(records), list(limits),
        list(bad_lines), restarted=restarted,
    )  # fmt: skip


def rows(connection: sqlite3.Connection, query: str, *values: object) -> list[tuple[Any, ...]]:
    """Return the rows of a query."""
    return connection.execute(query, values).fetchall()


def records_by_name(writer: Writer) -> list[tuple[Any, ...]]:
    """Return every record with names in place of numbers, which depend on what came first."""
    return rows(
        writer.connection,
        "SELECT r.key, r.rank, r.time, e.conversation_id, c.branch, p.path, m.provider_name, m.name,"
        " r.uncached_input_tokens, r.cache_read_input_tokens, r.output_tokens, r.flags, r.service_tier,"
        " r.duration_ms, r.error, r.recorded_cost, r.cost, i.identity FROM usage_records AS r"
        " JOIN usage_contexts AS c ON c.id = r.context_id JOIN sessions AS e ON e.id = c.session_id"
        " JOIN projects AS p ON p.id = c.project_id JOIN models AS m ON m.id = r.model_id"
        " LEFT JOIN prices AS i ON i.id = r.price_id ORDER BY r.key",
    )


SUMS_BY_NAME = ", ".join(f"sum(q.{name})" for name in SUMS)


def sums_by_name(writer: Writer) -> dict[str, list[tuple[Any, ...]]]:
    """Return every sum with names in place of numbers."""
    connection = writer.connection
    return {
        "quarters": rows(
            connection,
            f"SELECT quarter, e.conversation_id, c.branch, p.path, m.name, {SUMS_BY_NAME}"
            " FROM usage_quarters AS q JOIN usage_contexts AS c ON c.id = q.context_id"
            " JOIN sessions AS e ON e.id = c.session_id JOIN projects AS p ON p.id = c.project_id"
            " JOIN models AS m ON m.id = q.model_id GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5",
        ),
        "days": rows(
            connection,
            f"SELECT day, s.name, m.name, p.path, {SUMS_BY_NAME} FROM usage_days AS q"
            " JOIN accounts AS a ON a.id = q.account_id JOIN services AS s ON s.id = a.service_id"
            " JOIN projects AS p ON p.id = q.project_id JOIN models AS m"
            " ON m.id = q.model_id GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4",
        ),
        "models": rows(
            connection,
            "SELECT name, request_count, unpriced_request_count FROM models WHERE request_count > 0"
            " ORDER BY 1",
        ),
    }
