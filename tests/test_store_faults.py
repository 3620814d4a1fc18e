"""Whatever exception surfaces, the user reads what happened, where, and what to do."""

from __future__ import annotations

import errno
import os
import pickle
import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest

from tests.mounting import fill, read_only, small_disk
from tokentui.store.errors import (
    Corrupt,
    DiskFull,
    Locked,
    NewerDatabase,
    OlderDatabase,
    Other,
    ReadOnly,
    StoreError,
    Vanished,
)
from tokentui.store.faults import classify, explained


def failing(name: str, words: str) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError(words)
    error.sqlite_errorname = name
    return error


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("SQLITE_FULL", DiskFull), ("SQLITE_BUSY", Locked), ("SQLITE_BUSY_SNAPSHOT", Locked),
        ("SQLITE_LOCKED", Locked), ("SQLITE_PROTOCOL", Locked), ("SQLITE_CORRUPT", Corrupt),
        ("SQLITE_CORRUPT_INDEX", Corrupt),
        ("SQLITE_NOTADB", Corrupt), ("SQLITE_READONLY", ReadOnly), ("SQLITE_READONLY_DIRECTORY", ReadOnly),
        ("SQLITE_READONLY_DBMOVED", Vanished), ("SQLITE_ERROR", Other), ("SQLITE_NOMEM", Other),
    ],
)
def test_each_code_of_sqlite_has_its_error(name: str, kind: type[StoreError], tmp_path: Path) -> None:
    path = tmp_path / "tokentui.db"
    found = classify(failing(name, "as SQLite says"), path)
    assert type(found) is kind
    assert str(path) in str(found)
    assert found.hint
    assert found.path == str(path)


def test_a_database_of_an_older_version_is_told_from_a_broken_one(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "tokentui.db")) as connection:
        connection.execute("CREATE TABLE sessions (id)")
        for statement in ("SELECT title FROM sessions", "SELECT * FROM plans"):
            with pytest.raises(OlderDatabase) as caught, explained(tmp_path / "tokentui.db"):
                connection.execute(statement)
            assert "older" in caught.value.hint
            assert caught.value.retry


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("database or disk is full", DiskFull), ("database is locked", Locked),
        ("file is not a database", Corrupt),
        ("database disk image is malformed", Corrupt), ("attempt to write a readonly database", ReadOnly),
    ],
)
def test_an_error_from_another_process_is_known_by_its_words(words: str, kind: type[StoreError]) -> None:
    travelled = pickle.loads(pickle.dumps(sqlite3.OperationalError(words)))
    assert type(classify(travelled)) is kind


@pytest.mark.parametrize(
    ("number", "kind"),
    [(errno.ENOSPC, DiskFull), (errno.EDQUOT, DiskFull), (errno.EROFS, ReadOnly), (errno.EACCES, ReadOnly),
     (errno.EIO, Other)],
)
def test_errors_of_the_disk_itself_are_understood(number: int, kind: type[StoreError]) -> None:
    assert type(classify(OSError(number, os.strerror(number)))) is kind


def test_the_hidden_reason_is_found_behind_the_error_that_surfaces() -> None:
    surfaced: Exception | None = None
    try:
        try:
            raise failing("SQLITE_FULL", "database or disk is full")
        except sqlite3.Error:
            try:
                raise failing("SQLITE_ERROR", "cannot rollback - no transaction is active")
            except sqlite3.Error as second:
                raise RuntimeError("wrapped") from second
    except RuntimeError as error:
        surfaced = error
    assert surfaced is not None
    assert type(classify(surfaced)) is DiskFull


def test_a_chain_that_bites_its_tail_ends() -> None:
    first, second = ValueError("a"), ValueError("b")
    first.__context__, second.__context__ = second, first
    assert type(classify(first)) is Other


def test_an_error_of_the_store_stays_what_it_is() -> None:
    newer = NewerDatabase("made by a newer tokentui")
    assert classify(newer) is newer
    wrapped = RuntimeError("x")
    wrapped.__cause__ = newer
    assert classify(wrapped) is newer


def test_mistakes_of_the_program_are_not_dressed_up() -> None:
    with pytest.raises(ZeroDivisionError), explained("x.db"):
        divmod(1, 0)
    with pytest.raises(KeyboardInterrupt), explained("x.db"):
        raise KeyboardInterrupt


def test_hostile_words_do_not_reach_the_terminal() -> None:
    found = classify(sqlite3.OperationalError("no such column: \x1b]0;PWNED\x07x"), "/tmp/\x1b[31m.db")
    assert "\x1b" not in str(found)


def test_a_full_disk_is_called_full_and_nothing_is_lost(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        path = disk / "tokentui.db"
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("CREATE TABLE t (x)")
            ballast = fill(disk, leave=256 * 1024)
            kept: list[int] = []
            with pytest.raises(DiskFull) as caught, explained(path):
                _insert_for_ever(connection, kept)
            assert "disk is full" in str(caught.value)
            assert caught.value.retry
            with suppress(sqlite3.OperationalError):
                connection.execute("ROLLBACK")
            assert connection.execute("SELECT count(*) FROM t").fetchone() == (len(kept),)
            ballast.unlink()
            connection.execute("INSERT INTO t VALUES (1)")
            assert connection.execute("SELECT count(*) FROM t").fetchone() == (len(kept) + 1,)
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def _insert_for_ever(connection: sqlite3.Connection, kept: list[int]) -> None:
    while True:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("INSERT INTO t VALUES (randomblob(20000))")
        connection.execute("COMMIT")
        kept.append(len(kept))


def test_peewee_hides_the_full_disk_but_not_from_us(tmp_path: Path) -> None:
    peewee = pytest.importorskip("peewee")
    with small_disk(tmp_path / "disk") as disk:
        database = peewee.SqliteDatabase(str(disk / "tokentui.db"), pragmas={"journal_mode": "wal"})
        database.execute_sql("CREATE TABLE t (x)")
        fill(disk, leave=128 * 1024)
        with pytest.raises(DiskFull), explained(disk / "tokentui.db"):
            _insert_often(database)
        database.close()


def _insert_often(database: Any) -> None:
    for _ in range(100):
        with database.atomic():
            database.execute_sql("INSERT INTO t VALUES (randomblob(20000))")


def test_a_disk_without_room_for_the_database_file_is_full(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        path = disk / "tokentui.db"
        fill(disk)
        with pytest.raises(DiskFull), explained(path), closing(sqlite3.connect(path)) as connection:
            connection.execute("CREATE TABLE t (x)")


def test_an_unspecific_error_is_explained_by_the_state_of_the_disk(tmp_path: Path) -> None:
    vague = failing("SQLITE_IOERR_WRITE", "disk I/O error")
    assert type(classify(vague, tmp_path / "tokentui.db")) is Other
    assert type(classify(vague, tmp_path / "none" / "tokentui.db")) is Other
    with small_disk(tmp_path / "disk") as disk:
        assert type(classify(vague, disk / "tokentui.db")) is Other
        fill(disk)
        assert type(classify(vague, disk / "tokentui.db")) is DiskFull
    with read_only(tmp_path / "locked") as folder:
        assert type(classify(vague, folder / "tokentui.db")) is ReadOnly


def test_a_read_only_folder_is_called_read_only(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    path = folder / "tokentui.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE t (x)")
    with (
        read_only(folder),
        pytest.raises(ReadOnly) as caught,
        explained(path),
        closing(sqlite3.connect(path)) as connection,
    ):
        connection.execute("SELECT * FROM t")
    assert "TOKENTUI_HOME" in caught.value.hint


def test_another_program_that_holds_the_database_is_named_as_the_reason(tmp_path: Path) -> None:
    path = tmp_path / "tokentui.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("CREATE TABLE t (x)")
        other.execute("BEGIN EXCLUSIVE")
        mine = sqlite3.connect(path, timeout=0)
        with closing(mine), pytest.raises(Locked) as caught, explained(path):
            mine.execute("INSERT INTO t VALUES (1)")
        other.execute("ROLLBACK")
    assert caught.value.retry
    assert "another program holds" in str(caught.value)


def test_a_file_that_is_no_database_is_called_damaged(tmp_path: Path) -> None:
    path = tmp_path / "tokentui.db"
    path.write_bytes(b"not a database at all" * 100)
    with pytest.raises(Corrupt), explained(path), closing(sqlite3.connect(path)) as connection:
        connection.execute("SELECT * FROM sqlite_schema")


