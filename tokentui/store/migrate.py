"""Brings the database to this program's schema, once, however many programs start at the same time."""

from __future__ import annotations

import errno
import fcntl
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from tokentui.store.connection import APPLICATION_ID, connect, writing
from tokentui.store.errors import Locked, NewerDatabase, Other

SCHEMA_VERSION = 4
"""Number of the last file in `migrations/`; also `PRAGMA user_version` of an up-to-date database."""

MIGRATIONS = Path(__file__).with_name("migrations")
"""Beside this file: Textual keeps the package from running out of a zip file, and `importlib.resources`
takes 18 ms of the first start."""

WAIT_SECONDS = 60.0
"""How long to wait for another program that is migrating: ten million records take about half of it."""

_POLL_SECONDS = 0.05


def version(connection: sqlite3.Connection) -> int:
    """Return the schema version of a database; 0 for a new one."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def is_behind(path: str | os.PathLike[str]) -> bool:
    """Whether there is a database at `path` that must be migrated before this program can write it."""
    if not os.path.exists(path):
        return False
    connection = connect(path, read_only=True)
    try:
        return 0 < version(connection) < SCHEMA_VERSION
    finally:
        connection.close()


def check_version(connection: sqlite3.Connection, path: str | os.PathLike[str]) -> int:
    """Return the schema version; raise NewerDatabase for one this program does not know."""
    found = version(connection)
    if found > SCHEMA_VERSION:
        raise NewerDatabase(
            f"{os.fspath(path)} was made by a newer tokentui (its schema is {found}, not {SCHEMA_VERSION})",
            "update tokentui; until then it only reads",
            path=os.fspath(path),
        )
    return found


def open_migrated(
    path: str | os.PathLike[str],
    *,
    journal_mode: str = "wal",
    synchronous: str = "NORMAL",
    locking_mode: str | None = None,
    check_same_thread: bool = True,
) -> sqlite3.Connection:
    """Return a writing connection to an up-to-date database; makes the file when it is missing.

    Raises NewerDatabase, Locked when another program migrates for longer than a minute, and
    sqlite3.Error.
    """
    def opened() -> sqlite3.Connection:
        return connect(
            path,
            journal_mode=journal_mode,
            synchronous=synchronous,
            locking_mode=locking_mode,
            check_same_thread=check_same_thread,
        )

    with _alone(Path(path)):
        connection = opened()
        try:
            found = check_version(connection, path)
            if not found and _is_empty(connection):
                _make(connection)
                found = SCHEMA_VERSION
            if found == SCHEMA_VERSION:
                return connection
        except BaseException:
            connection.close()
            raise
        connection.close()  # it may hold the file for itself, and Peewee brings its own connection
        _apply(path)
        return opened()


def _is_empty(connection: sqlite3.Connection) -> bool:
    return connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone() is None


def _make(connection: sqlite3.Connection) -> None:
    """Run all migrations on a new database, in one transaction, and note them as Peewee's runner would.

    A database that is behind needs Peewee, whose import and four transactions take 50 ms; nobody who starts
    for the first time shall wait for that.
    """
    with writing(connection):
        connection.execute(
            'CREATE TABLE "schema_migration" ("id" INTEGER NOT NULL PRIMARY KEY,'
            ' "name" VARCHAR(255) NOT NULL, "applied" DATETIME NOT NULL)'
        )
        connection.execute('CREATE UNIQUE INDEX "schema_migration_name" ON "schema_migration" ("name")')
        for path in sorted(MIGRATIONS.glob("[0-9]*.py")):
            step: Any = import_module(f"{__package__}.migrations.{path.stem}")
            step.up(None, SimpleNamespace(execute_sql=connection.execute))
            connection.execute(
                "INSERT INTO schema_migration (name, applied) VALUES (?, datetime('now', 'localtime'))",
                (path.stem,),
            )
        connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version={SCHEMA_VERSION}")


def _apply(path: str | os.PathLike[str]) -> None:
    """Run the migrations that are missing. Each is one transaction, so a kill leaves a whole schema."""
    # Peewee has no types; its functions are called through modules of type Any.
    peewee: Any = import_module("peewee")
    migrations: Any = import_module("playhouse.migrations")

    database = peewee.SqliteDatabase(os.fspath(path), timeout=5, lock_type="EXCLUSIVE")
    with database.connection_context():
        runner = migrations.Runner(database, str(MIGRATIONS))
        unknown = [step.name for step in runner.status() if step.path is None]
        if unknown:
            raise NewerDatabase(
                f"{os.fspath(path)} was made by a newer tokentui (it knows {unknown[0]})",
                "update tokentui; until then it only reads",
                path=os.fspath(path),
            )
        runner.up()
        if len(runner.applied()) != SCHEMA_VERSION:
            raise Other("this installation lacks files of store/migrations", "install tokentui again")
        database.execute_sql(f"PRAGMA application_id={APPLICATION_ID}")
        database.execute_sql(f"PRAGMA user_version={SCHEMA_VERSION}")


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Hold the folder's lock: playhouse.migrations has none, and switching to WAL needs one too."""
    folder = os.open(path.parent, os.O_RDONLY | os.O_CLOEXEC)
    deadline = time.monotonic() + WAIT_SECONDS
    try:
        while not _locked(folder):
            if time.monotonic() > deadline:
                raise Locked(f"another program is migrating {path}", "try again in a minute", path=str(path))
            time.sleep(_POLL_SECONDS)
        yield
    finally:
        os.close(folder)


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EWOULDBLOCK, errno.EAGAIN):
            return False
        if error.errno not in (errno.ENOLCK, errno.EOPNOTSUPP, errno.EBADF, errno.EINVAL):
            raise
        # A file system without locks, as some network homes are: the writer's lease is all there is.
    return True
