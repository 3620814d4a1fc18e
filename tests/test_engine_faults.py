"""What happens to the database while tokentui runs: it waits, says why, and loses nothing."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from tests.engine_watch import append, assert_stored, engine, log, requests
from tests.mounting import fill, read_only, small_disk
from tests.processes import ends
from tokentui.config import Settings, paths
from tokentui.engine.collect import collect_once
from tokentui.engine.database import Database
from tokentui.store import backup, connection
from tokentui.store.errors import Vanished
from tokentui.store.lease import Lease


@pytest.fixture
def db() -> Path:
    """Where the database of the test lies."""
    return paths(os.environ).database


def collected(home: Path, count: int) -> Path:
    """Collect some requests in an engine that makes a backup and ends; return their log."""
    path = append(log(home), *requests(0, count))
    with engine() as (_, watch):
        watch.records(count)
        watch.wait(lambda: backup.listed(paths(os.environ).backups))
    return path


def test_an_engine_that_ends_leaves_one_whole_file(home: Path, db: Path) -> None:
    for count in range(1, 4):
        append(log(home), *requests(count - 1, 1))
        with engine() as (_, watch):
            watch.records(count)
        assert not {f"{db.name}-wal", f"{db.name}-shm", f"{db.name}.running"} & set(os.listdir(db.parent))
    assert_stored(3)


# ---------------------------------------------------------------------- the disk


def test_a_disk_that_is_full_makes_it_wait_and_lose_nothing(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with small_disk(tmp_path / "disk") as disk:
        monkeypatch.setenv("TOKENTUI_HOME", str(disk / "t"))
        path = append(log(home), *requests(0, 10))
        with engine() as (_, watch):
            watch.records(10)
            ballast = fill(disk, leave=50_000)
            append(path, *requests(10, 5_000))
            assert "nothing is lost" in watch.notice("disk is full")
            watch.more_turns()
            assert len(watch.troubles) == 1
            ballast.unlink()
            watch.records(5_010)
            watch.wait(lambda: not any("disk is full" in notice for notice in watch.last.notices))
        assert_stored(5_010)


def test_a_disk_that_is_full_from_the_start_is_told_and_used_once_it_can_be(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    append(log(home), *requests(0, 10))
    with small_disk(tmp_path / "disk") as disk:
        monkeypatch.setenv("TOKENTUI_HOME", str(disk / "t"))
        ballast = fill(disk)
        with engine() as (_, watch):
            watch.notice("full")
            assert watch.last.record_count == 0
            ballast.unlink()
            watch.records(10)
        assert_stored(10)


def test_a_disk_without_room_for_a_backup_is_told_and_collecting_goes_on(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = append(log(home), *requests(0, 10))
    with small_disk(tmp_path / "disk") as disk:
        monkeypatch.setenv("TOKENTUI_HOME", str(disk / "t"))
        with engine() as (_, watch):
            watch.notice("no room for a backup")
            append(path, *requests(10, 10))
            watch.records(20)
            assert watch.troubles == []


def test_a_read_only_home_shows_what_there_was(home: Path, db: Path) -> None:
    path = collected(home, 10)
    with read_only(db.parent):
        append(path, *requests(10, 10))
        with engine() as (_, watch):
            watch.records(10)
            watch.notice("nothing new is recorded")
            watch.more_turns()
            assert watch.last.record_count == 10
    with engine() as (_, watch):
        watch.records(20)


def test_a_read_only_home_without_a_database_is_served_from_memory(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    append(log(home), *requests(0, 10))
    (tmp_path / "run").mkdir(0o700)
    (tmp_path / "data").mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
    monkeypatch.setenv("TOKENTUI_HOME", str(tmp_path / "data" / "t"))
    with read_only(tmp_path / "data"), engine() as (_, watch):
        watch.records(10)
        watch.notice("kept in memory")


# ---------------------------------------------------------------------- other programs


def test_a_database_that_another_program_keeps_is_waited_for(
    home: Path, db: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "BUSY_SECONDS", 0.2)
    path = append(log(home), *requests(0, 10))
    with engine() as (_, watch):
        watch.records(10)
        with closing(sqlite3.connect(db, isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            append(path, *requests(10, 10))
            watch.notice("another program holds the database")
            watch.more_turns()
            assert watch.last.record_count == 10
            other.execute("ROLLBACK")
        watch.records(20)
        watch.no_notice()
    assert_stored(20)


def test_a_collector_that_waits_for_another_program_ends_at_once(home: Path, db: Path) -> None:
    path = collected(home, 10)
    program = (
        "import os; from tokentui.config import Settings, paths\n"
        "from tokentui.store import connection, writer\n"
        "from tokentui.engine.collect import collect_for_ever\n"
        "connection.BUSY_SECONDS, ingest = 60, writer.Writer.ingest_each\n"
        "writer.Writer.ingest_each = lambda *all: print('ingesting', flush=True) or ingest(*all)\n"
        "raise SystemExit(collect_for_ever(paths(os.environ), Settings(), report=print))\n"
    )
    with closing(sqlite3.connect(db, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        append(path, *requests(10, 10))
        command = [sys.executable, "-c", program]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as collector:
            assert collector.stdout is not None
            assert any("ingesting" in line for line in collector.stdout)
            started = time.monotonic()
            collector.send_signal(signal.SIGTERM)
            handle = os.pidfd_open(collector.pid)
            assert ends(handle, 10)
            os.close(handle)
            assert time.monotonic() - started < 6  # 3 seconds on a machine that is not busy
    assert collector.returncode == 143
    with engine() as (_, watch):
        watch.records(20)


# ---------------------------------------------------------------------- the file itself


def remove_database(db: Path) -> None:
    """Remove the database and what SQLite keeps beside it."""
    for ending in ("", "-wal", "-shm"):
        Path(f"{db}{ending}").unlink(missing_ok=True)


@pytest.mark.parametrize(
    "remove", [remove_database, Path.unlink, lambda db: db.parent.rename(f"{db.parent}-elsewhere")],
    ids=["database", "without-its-log", "folder"],
)  # fmt: skip
def test_a_database_that_is_removed_is_made_anew(home: Path, db: Path, remove: object) -> None:
    path = append(log(home), *requests(0, 10))
    with engine() as (_, watch):
        watch.records(10)
        assert callable(remove)
        remove(db)
        append(path, *requests(10, 10))
        assert "made anew" in watch.notice("was removed while it was open")
        watch.records(20)
        append(path, *requests(20, 10))
        watch.records(30)
    assert_stored(30)


def test_a_folder_that_goes_while_it_is_looked_for_is_told_as_a_removed_database(
    db: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = Database(paths(os.environ), Settings())
    assert database.open_writer()
    lost = Lease.lost

    def gone(lease: Lease) -> bool:
        db.parent.rename(f"{db.parent}-elsewhere")
        return lost(lease)

    monkeypatch.setattr(Lease, "lost", gone)
    with pytest.raises(Vanished):
        database.require_ours()
    assert any("tokentui.db was removed while it was open" in notice for notice in database.notices)


def test_a_folder_that_goes_during_a_backup_is_no_damage(
    home: Path, db: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sound = backup.is_sound

    def taken_away(path: str) -> bool:
        if db.parent.exists():
            db.parent.rename(f"{db.parent}-elsewhere")
        return sound(path)

    monkeypatch.setattr(backup, "is_sound", taken_away)
    append(log(home), *requests(0, 10))
    with engine() as (_, watch):
        watch.notice("was removed while it was open")
        watch.records(10)


def test_a_lock_that_is_removed_is_taken_anew(home: Path) -> None:
    path = append(log(home), *requests(0, 10))
    with engine() as (running, watch):
        watch.records(10)
        lock = paths(os.environ).lease
        before = lock.stat().st_ino
        lock.rename(lock.with_name("gone"))
        append(path, *requests(10, 10))
        watch.records(20)
        watch.wait(lambda: lock.exists() and lock.stat().st_ino != before)
        assert running.alive
        watch.no_notice()
    assert_stored(20)


@pytest.mark.parametrize("start", [0, 4096], ids=["header", "tables"])
def test_a_database_that_is_damaged_while_open_is_set_aside_and_restored(
    home: Path, db: Path, start: int
) -> None:
    path = collected(home, 300)
    with engine() as (_, watch):
        watch.records(300)
        watch.more_turns()
        with db.open("r+b") as file:
            file.seek(start)
            file.write(b"\xa5" * (db.stat().st_size - start))
        append(path, *requests(300, 10))
        notice = watch.notice("set aside")
        assert "restored" in notice
        watch.records(310)
        watch.wait(lambda: len(watch.last.notices) == 1)
    assert list(db.parent.glob("tokentui.db.corrupt-*"))
    assert_stored(310)


def test_damage_without_a_backup_starts_from_the_logs(home: Path, db: Path) -> None:
    collected(home, 300)
    shutil.rmtree(paths(os.environ).backups)
    db.write_bytes(b"\xa5" * db.stat().st_size)
    Path(f"{db}.checked").unlink(missing_ok=True)
    with engine() as (_, watch):
        assert "no good backup" in watch.notice("set aside")
        watch.records(300)
    assert_stored(300)


def test_a_database_of_a_newer_version_is_shown_and_not_touched(home: Path, db: Path) -> None:
    path = collected(home, 10)
    with closing(sqlite3.connect(db)) as newer:
        newer.execute("PRAGMA user_version=99")
        newer.commit()
        newer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    before = hashlib.sha256(db.read_bytes()).digest()
    append(path, *requests(10, 10))
    with engine() as (_, watch):
        watch.records(10)
        assert "update tokentui" in watch.notice("made by a newer tokentui")
        watch.more_turns()
        assert watch.last.record_count == 10
    assert hashlib.sha256(db.read_bytes()).digest() == before


@pytest.mark.parametrize("start", [0, 4096], ids=["header", "tables"])
def test_collecting_once_repairs_a_damaged_database_by_itself(home: Path, db: Path, start: int) -> None:
    path = collected(home, 300)
    with db.open("r+b") as file:
        file.seek(start)
        file.write(b"\xa5" * (db.stat().st_size - start))
    append(path, *requests(300, 5))
    done = collect_once(paths(os.environ), Settings())
    assert done.records_after == 305
    assert "set aside" in " ".join(done.notices)
    assert list(db.parent.glob("tokentui.db.corrupt-*"))
