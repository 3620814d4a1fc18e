"""What everybody asks the database. Needs sqlite3 only, so that a report starts fast."""

from __future__ import annotations

import os
import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokentui.store.snapshot import Snapshot
    from tokentui.store.usage_table import UsageQuery, UsageTable


@dataclass(frozen=True, slots=True)
class FileState:
    """One log file, as far as it is known."""

    source: str
    path: str
    record_count: int
    """Records read from it since it was last read from its start, copies included."""
    offset: int
    size: int
    mtime_ns: int
    read_at: int | None
    """UTC epoch microseconds; None when it never could be read."""
    error: str
    """Why it cannot be read; empty when it can."""
    gone_at: int | None
    """When it was found missing; its records stay."""
    bad_line_count: int
    anomalies: int


@dataclass(frozen=True, slots=True)
class BadLineFound:
    """A line that could not be read."""

    source: str
    path: str
    line: int
    offset: int
    reason: str
    seen_at: int


class Reader:
    """A connection that cannot write. Not safe to use from two threads."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection

    def usage(self, query: UsageQuery) -> UsageTable:
        """Return the usage that a query asks for."""
        raise NotImplementedError

    def snapshot(self, now: int, zone: str) -> Snapshot:
        """Return everything the first screens show, at `now` (UTC epoch µs) in `zone`."""
        raise NotImplementedError

    def data_version(self) -> int:
        """Return a number that changes when another connection has changed the database."""
        raise NotImplementedError

    def files(self, source: str | None = None) -> list[FileState]:
        """Return what is known of the log files, sorted by source and path."""
        raise NotImplementedError

    def bad_lines(self, limit: int = 100, source: str | None = None) -> list[BadLineFound]:
        """Return the lines that could not be read, newest first."""
        raise NotImplementedError

    def unpriced_models(self) -> list[tuple[str, str, int]]:
        """Return (provider_name, model, records) of the models with records without a price."""
        raise NotImplementedError

    def zone(self) -> str | None:
        """Return the zone in which the stored days begin and end."""
        raise NotImplementedError

    def meta(self, name: str) -> str | None:
        """Return a note of the writer's; None when there is none of that name."""
        raise NotImplementedError

    def close(self) -> None:
        """Close the connection."""
        self.connection.close()


def open_reader(
    path: str | os.PathLike[str], *, immutable: bool = False, check_same_thread: bool = True
) -> Reader:
    """Open a database for reading; raises FileNotFoundError or sqlite3.Error."""
    from tokentui.store.connection import connect

    return Reader(connect(path, read_only=True, immutable=immutable, check_same_thread=check_same_thread))
