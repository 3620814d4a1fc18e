"""The one connection that writes. Whoever holds the lease has one of these."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from tokentui.store.ingest import Ingested

if TYPE_CHECKING:
    from tokentui.batch import Batch, Checkpoint
    from tokentui.usage import UsageRecord



class Writer:
    """Everything that changes the database. Each call is one transaction (`reprice`: several)."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection

    def checkpoints(self, source: str | None = None) -> dict[str, Checkpoint]:
        """Return how far each file was read, by path."""
        raise NotImplementedError

    def ingest(self, batches: Sequence[Batch], now: int) -> Ingested:
        """Store records, rollups, limits, bad lines and checkpoints in one transaction."""
        raise NotImplementedError

    def mark_gone(self, paths: Iterable[str], now: int) -> int:
        """Note that files have vanished; their records stay. Returns how many were news."""
        raise NotImplementedError

    def file_errors(self, errors: Iterable[tuple[str, str, str]], now: int) -> int:
        """Note (source, path, error) of files that cannot be read. Returns how many were news."""
        raise NotImplementedError

    def forget_files(self, source: str | None = None) -> None:
        """Drop the checkpoints, so that every file is read anew; the records stay."""
        raise NotImplementedError

    def set_zone(self, zone: str) -> bool:
        """Let days begin and end in `zone`; rebuilds the daily sums. False when it is the zone already."""
        raise NotImplementedError

    def unpriced(self) -> list[tuple[str, str, int]]:
        """Return (provider_name, model, records) of the models with records without a price."""
        raise NotImplementedError

    def reprice(
        self,
        price: Callable[[UsageRecord, str], tuple[int | None, str]],
        only_models: Collection[str] | None = None,
    ) -> int:
        """Price records anew with `price(record, service)`; returns how many changed."""
        raise NotImplementedError

    def rebuild_rollups(self) -> None:
        """Compute every sum anew from the records."""
        raise NotImplementedError

    def describe_services(self, titles: Mapping[str, str]) -> None:
        """Give services (by name) the titles that cards show."""
        raise NotImplementedError

    def meta(self, name: str) -> str | None:
        """Return a note; None when there is none of that name."""
        raise NotImplementedError

    def set_meta(self, name: str, value: str | None) -> None:
        """Keep a note, or drop it with None."""
        raise NotImplementedError

    def close(self) -> None:
        """Close the connection."""
        self.connection.close()


def open_writer(
    path: str | os.PathLike[str],
    zone: str,
    *,
    journal_mode: str = "wal",
    synchronous: str = "NORMAL",
    locking_mode: str | None = None,
    check_same_thread: bool = True,
) -> Writer:
    """Open the database for writing: made when missing, migrated when behind, days in `zone`.

    Raises NewerDatabase when a newer version made it, PeriodError for an unknown zone, sqlite3.Error.
    """
    raise NotImplementedError
