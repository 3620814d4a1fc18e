"""Databases as the tests of integrity, recovery and power failures need them, and ways to damage them."""

from __future__ import annotations

import random
import sqlite3
from contextlib import closing
from pathlib import Path

NOW = 1_795_262_400_000_000
"""2026-11-21 12:00:00 UTC, in epoch microseconds."""
DAY = 86_400_000_000

# What the database must always say of itself: as many rows as the checkpoint claims.
BALANCED = "SELECT (SELECT count(*) FROM records) = (SELECT done FROM checkpoint)"


def database(path: Path, rows: int = 400, batch: int = 400) -> Path:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE records (key INTEGER PRIMARY KEY, text TEXT, n INTEGER)")
        connection.execute("CREATE INDEX by_n ON records (n)")
        connection.execute("CREATE TABLE checkpoint (done INTEGER)")
        connection.execute("INSERT INTO checkpoint VALUES (0)")
        ingest(connection, rows, batch)
    return path


def ingest(connection: sqlite3.Connection, rows: int, batch: int) -> None:
    """Store rows and how many there are in the same transactions."""
    for _ in range(0, rows, batch):
        connection.execute("BEGIN IMMEDIATE")
        rows_of_it = [(f"record {n} " * 8, n * 7919 % 400) for n in range(batch)]
        connection.executemany("INSERT INTO records (text, n) VALUES (?, ?)", rows_of_it)
        connection.execute("UPDATE checkpoint SET done = done + ?", (batch,))
        connection.execute("COMMIT")


def count(path: Path | str) -> int:
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute(BALANCED).fetchone() == (1,)
        number: int = connection.execute("SELECT done FROM checkpoint").fetchone()[0]
    return number


def damage(path: Path, page: int = 0) -> None:
    with path.open("r+b") as file:
        file.seek(page * 4096 + 100)
        file.write(random.Random(3).randbytes(3000))


def unclosed(db: Path, rows: int) -> bytes:
    """Add rows that only the log holds, as after a kill -9; return the log."""
    with closing(sqlite3.connect(db, isolation_level=None)) as connection:
        connection.execute("PRAGMA wal_autocheckpoint=0")
        ingest(connection, rows, 1)
        kept = {ending: Path(f"{db}{ending}").read_bytes() for ending in ("", "-wal", "-shm")}
    for ending, content in kept.items():
        Path(f"{db}{ending}").write_bytes(content)
    return kept["-wal"]
