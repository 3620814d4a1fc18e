"""The database file: made once, private, up to date, and never damaged by an older program."""

from __future__ import annotations

import errno
import fcntl
import os
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.store_batches import NOW, batch, record, rows
from tokentui import periods, store
from tokentui.store import migrate
from tokentui.store.connection import APPLICATION_ID, connect
from tokentui.store.errors import Locked

Columns = list[tuple[object, ...]]


def schema(connection: sqlite3.Connection) -> dict[str, tuple[Columns, list[object]]]:
    """Return the columns and the indexes of each table, and whether it has a rowid."""
    found = {}
    tables = rows(connection, "SELECT name, type, wr FROM pragma_table_list WHERE schema = 'main'")
    for name, kind, without_rowid in tables:
        if kind != "table" or name.startswith("sqlite_") or name == "schema_migration":
            continue
        indexes = [
            (unique, [column for _, _, column in rows(connection, f"PRAGMA index_info({index})")])
            for _, index, unique, *_ in rows(connection, f"PRAGMA index_list({name})")
        ]
        columns = rows(connection, f"PRAGMA table_info({name})")
        foreign = rows(connection, f"PRAGMA foreign_key_list({name})")
        found[name] = (columns, [without_rowid, foreign, sorted(indexes, key=repr)])
    return found


def test_the_models_and_the_migrations_arrive_at_the_same_schema(tmp_path: Path) -> None:
    from peewee import SqliteDatabase

    from tokentui.store import models

    store.open_writer(tmp_path / "migrated.db", "UTC").close()
    database = SqliteDatabase(str(tmp_path / "models.db"))
    with database.bind_ctx(models.TABLES), database.connection_context():
        database.create_tables(models.TABLES)
    migrated, defined = (sqlite3.connect(tmp_path / name) for name in ("migrated.db", "models.db"))
    assert schema(migrated) == schema(defined)
    assert len(schema(defined)) == len(models.TABLES) == 24
    migrated.close()
    defined.close()


def test_a_new_database_is_what_one_is_that_was_migrated_step_by_step(tmp_path: Path) -> None:
    store.open_writer(tmp_path / "new.db", "UTC").close()
    (tmp_path / "stepwise.db").touch()
    migrate._apply(tmp_path / "stepwise.db")  # what opens a database that is behind
    store.open_writer(tmp_path / "stepwise.db", "UTC").close()
    new, stepwise = (sqlite3.connect(tmp_path / name) for name in ("new.db", "stepwise.db"))
    for question in (
        "SELECT type, name, tbl_name, sql FROM sqlite_master", "SELECT id, name FROM schema_migration",
        "SELECT datetime(applied) > '2020' FROM schema_migration",
        "PRAGMA user_version", "PRAGMA application_id",
    ):  # fmt: skip
        assert rows(new, question) == rows(stepwise, question) != []
    new.close()
    stepwise.close()


def test_every_migration_file_is_in_the_package_and_counted() -> None:
    names = sorted(path.name for path in (Path(migrate.__file__).parent / "migrations").glob("[0-9]*.py"))
    assert [int(name[:4]) for name in names] == list(range(1, migrate.SCHEMA_VERSION + 1))


def test_the_new_file_is_private_and_says_what_it_is(tmp_path: Path) -> None:
    path = tmp_path / "tokentui.db"
    old = os.umask(0)
    try:
        writer = store.open_writer(path, "UTC")
        writer.ingest([batch([record("a")])], NOW)
    finally:
        os.umask(old)
    for file in tmp_path.glob("tokentui.db*"):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file
    assert rows(writer.connection, "PRAGMA application_id") == [(APPLICATION_ID,)]
    assert rows(writer.connection, "PRAGMA journal_mode") == [("wal",)]
    assert rows(writer.connection, "PRAGMA foreign_keys") == [(1,)]
    writer.close()


def test_a_link_in_the_databases_place_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "tokentui.db").symlink_to(tmp_path / "elsewhere.db")
    with pytest.raises(OSError, match="symbolic links"):
        store.open_writer(tmp_path / "tokentui.db", "UTC")
    assert not (tmp_path / "elsewhere.db").exists()


def test_a_database_of_a_newer_version_is_read_and_never_written(tmp_path: Path) -> None:
    path = tmp_path / "tokentui.db"
    writer = store.open_writer(path, "UTC")
    writer.ingest([batch([record("a")])], NOW)
    writer.connection.execute(f"PRAGMA user_version={migrate.SCHEMA_VERSION + 1}")
    writer.close()
    before = path.read_bytes()
    with pytest.raises(store.NewerDatabase, match="newer tokentui") as caught:
        store.open_writer(path, "Europe/Berlin")
    assert "update" in caught.value.hint
    assert path.read_bytes() == before
    reader = store.open_reader(path)
    assert reader.record_count() == 1
    assert reader.schema_version() == migrate.SCHEMA_VERSION + 1
    reader.close()


def test_a_migration_this_version_does_not_know_is_a_newer_version_too(tmp_path: Path) -> None:
    path = tmp_path / "tokentui.db"
    store.open_writer(path, "UTC").close()
    connection = connect(path)
    connection.execute("INSERT INTO schema_migration (name, applied) VALUES ('9999_later', '2030-01-01')")
    connection.execute("PRAGMA user_version=0")
    connection.close()
    with pytest.raises(store.NewerDatabase, match="9999_later"):
        store.open_writer(path, "UTC")


def test_a_kill_between_the_migration_and_its_mark_does_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "tokentui.db"
    writer = store.open_writer(path, "UTC")
    writer.ingest([batch([record("a")])], NOW)
    writer.connection.execute("PRAGMA user_version=0")
    writer.close()
    writer = store.open_writer(path, "UTC")
    assert rows(writer.connection, "SELECT count(*) FROM usage_records") == [(1,)]
    assert migrate.version(writer.connection) == migrate.SCHEMA_VERSION
    writer.close()


OPENER = """
import sys, tokentui.store as store
print("ready", flush=True)
sys.stdin.readline()
writer = store.open_writer(sys.argv[1], "UTC")
writer.set_meta(sys.argv[2], "here")
print(writer.connection.execute("SELECT count(*) FROM schema_migration").fetchone()[0])
writer.close()
"""


def test_three_programs_that_open_a_new_database_at_once_all_succeed(tmp_path: Path) -> None:
    path = tmp_path / "tokentui.db"
    programs = [
        subprocess.Popen(
            [sys.executable, "-c", OPENER, str(path), str(number)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for number in range(3)
    ]  # fmt: skip
    for program in programs:
        assert program.stdout is not None
        assert program.stdout.readline() == "ready\n"
    for program in programs:
        assert program.stdin is not None
        program.stdin.write("go\n")
        program.stdin.flush()
    for program in programs:
        out, _ = program.communicate(timeout=60)
        assert (program.returncode, out.strip()) == (0, str(migrate.SCHEMA_VERSION))
    reader = store.open_reader(path)
    assert [reader.meta(str(number)) for number in range(3)] == ["here"] * 3
    reader.close()


def test_a_program_does_not_wait_for_ever_for_another_that_migrates(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrate, "WAIT_SECONDS", 0.0)
    folder = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(folder, fcntl.LOCK_EX)
    with pytest.raises(Locked, match="another program"):
        store.open_writer(tmp_path / "tokentui.db", "UTC")
    os.close(folder)
    store.open_writer(tmp_path / "tokentui.db", "UTC").close()


def test_a_file_system_without_locks_is_migrated_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_locks(*_: object) -> None:
        raise OSError(errno.ENOLCK, "no locks")

    monkeypatch.setattr("tokentui.store.migrate.fcntl.flock", no_locks)
    store.open_writer(tmp_path / "tokentui.db", "UTC").close()


def test_a_database_is_made_and_opened_without_peewee(tmp_path: Path) -> None:
    path = tmp_path / "tokentui.db"
    writer = store.open_writer(path, "UTC")
    writer.ingest([batch([record("a")])], NOW)
    writer.close()
    script = f"""
import sys
from tokentui import store
reader = store.open_reader({str(path)!r})
assert reader.usage(store.UsageQuery(group_by=("model",))).totals.request_count == 1
assert reader.snapshot({NOW}, "UTC").record_count == 1
print([name for name in ("peewee", "msgspec") if name in sys.modules])
for path in {str(path)!r}, {str(tmp_path / "new.db")!r}:
    store.open_writer(path, "UTC").close()
print([name for name in ("peewee", "playhouse") if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[:2] == ["[]", "[]"]


def test_where_no_memory_can_be_shared_one_connection_has_the_file_alone(tmp_path: Path) -> None:
    options: dict[str, Any] = {"journal_mode": "TRUNCATE", "synchronous": "FULL", "locking_mode": "EXCLUSIVE"}
    for count in (1, 2):
        writer = store.open_writer(tmp_path / "tokentui.db", "UTC", **options)
        writer.ingest([batch([record(str(count))])], NOW)
        assert store.Reader(writer.connection).record_count() == count
        assert rows(writer.connection, "PRAGMA journal_mode") == [("truncate",)]
        writer.close()
        assert not list(tmp_path.glob("*-shm"))


def test_an_unknown_zone_leaves_the_database_closed_and_usable(tmp_path: Path) -> None:
    path = tmp_path / "tokentui.db"
    with pytest.raises(periods.PeriodError):
        store.open_writer(path, "Mars/Olympus")
    writer = store.open_writer(path, "Europe/Berlin")
    assert store.Reader(writer.connection).zone() == "Europe/Berlin"
    writer.close()
    with pytest.raises(FileNotFoundError):
        store.open_reader(tmp_path / "absent.db")
