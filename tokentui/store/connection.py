"""The one way to open the database file: settings, permissions, transactions. Plain sqlite3."""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import chain
from pathlib import Path
from urllib.parse import quote

APPLICATION_ID = 0x746F6B74
"""`tokt`, in the header of the file: `file(1)` and we know what it is."""

BUSY_SECONDS = 5.0
READER_CACHE, WRITER_CACHE = 16_384, 4_096
"""Kilobytes. An import writes in the order of the keys, each page once, and is no faster with more."""
JOURNAL_LIMIT = 64 * 1024 * 1024
ROWS_AT_ONCE = 20
"""Rows that one INSERT brings: a fifth faster than one by one, and few enough for any SQLite (999 values)."""

CHECKPOINT_PAGES = 4_000
"""Pages in the log before they are moved into the database. Keys are as good as random, so a flush of an
import touches every page of the file: with SQLite's 1,000 each flush moves them all (a fifth slower)."""


def connect(
    path: str | os.PathLike[str],
    *,
    read_only: bool = False,
    journal_mode: str = "wal",
    synchronous: str = "NORMAL",
    locking_mode: str | None = None,
    immutable: bool = False,
    check_same_thread: bool = True,
) -> sqlite3.Connection:
    """Open the database and apply the settings; transactions are explicit (see `writing`).

    A missing file is made with mode 0600, or raises FileNotFoundError with `read_only`.
    `immutable` reads a file in a folder that takes no writes at all. Raises sqlite3.Error.
    """
    file = Path(path)
    if read_only:
        if not file.exists():
            raise FileNotFoundError(f"there is no database at {file}")
        # mode=ro instead of query_only alone: the last reader to leave must not checkpoint, because
        # only one process may (WAL-reset bug of SQLite before 3.51.3).
        uri = f"file:{quote(str(file.absolute()))}?mode=ro{'&immutable=1' if immutable else ''}"
        connection = sqlite3.connect(
            uri, uri=True, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=check_same_thread
        )
    else:
        _make_private(file)
        connection = sqlite3.connect(
            file, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=check_same_thread
        )
    try:
        _configure(connection, read_only, journal_mode, synchronous, locking_mode)
    except BaseException:
        connection.close()
        raise
    return connection


def _make_private(file: Path) -> None:
    """Make a missing database for this user alone. Raises OSError for a link, and without rights.

    SQLite gives -wal and -shm the mode of the database, so this keeps all three private. A file that is
    there is not opened: closing it would take away the locks of all connections this process has to it
    (POSIX), and the next program to leave would delete the log under them.
    """
    with suppress(FileExistsError):
        os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600))
    if file.is_symlink():
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(file))
    if not os.access(file, os.R_OK | os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(file))


def _configure(
    connection: sqlite3.Connection,
    read_only: bool,
    journal_mode: str,
    synchronous: str,
    locking_mode: str | None,
) -> None:
    if locking_mode is not None:
        connection.execute(f"PRAGMA locking_mode={locking_mode}")
    connection.execute(f"PRAGMA cache_size=-{READER_CACHE if read_only else WRITER_CACHE}")
    connection.execute("PRAGMA trusted_schema=OFF")
    connection.execute("PRAGMA mmap_size=0")
    if read_only:
        connection.execute("PRAGMA query_only=ON")
        return
    connection.execute(f"PRAGMA journal_mode={journal_mode}")
    connection.execute(f"PRAGMA synchronous={synchronous}")
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute(f"PRAGMA journal_size_limit={JOURNAL_LIMIT}")
    connection.execute(f"PRAGMA wal_autocheckpoint={CHECKPOINT_PAGES}")
    connection.execute("PRAGMA temp_store=MEMORY")


@contextmanager
def writing(connection: sqlite3.Connection) -> Iterator[None]:
    """One `BEGIN IMMEDIATE` transaction: all of the block is stored, or nothing of it."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        # A full disk has rolled back already; a second rollback would hide that error.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def insert(
    connection: sqlite3.Connection, into: str, rows: Sequence[tuple[object, ...]],
    then: str = "", row: str = "",
) -> None:  # fmt: skip
    """Insert rows, all of one width: `into` is the SQL before VALUES, `then` what comes after it.

    `row` is the SQL of one, where not all of its values are given.
    """
    if not rows:
        return
    row = f"({row or ', '.join('?' * len(rows[0]))})"
    whole = len(rows) - len(rows) % ROWS_AT_ONCE
    values = chain.from_iterable(rows[:whole])
    together = zip(*[values] * (ROWS_AT_ONCE * len(rows[0])), strict=True)
    connection.executemany(f"{into} VALUES {', '.join([row] * ROWS_AT_ONCE)} {then}", together)
    connection.executemany(f"{into} VALUES {row} {then}", rows[whole:])


@contextmanager
def reading(connection: sqlite3.Connection) -> Iterator[None]:
    """One read transaction: everything in the block sees the same state of the database."""
    if connection.in_transaction:  # a writer's own
        yield
        return
    connection.execute("BEGIN")
    try:
        yield
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
