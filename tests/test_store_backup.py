"""There is always a copy of the database to go back to, and it is known to be good."""

from __future__ import annotations

import os
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from tests.mounting import fill, read_only, small_disk
from tokentui.store import backup
from tokentui.store.backup import DAY, Backup
from tokentui.store.errors import Corrupt, DiskFull, ReadOnly, StoreError

NOON = 1_795_262_400_000_000
"""2026-11-21 12:00:00 UTC."""
HOUR = DAY // 24


def database(path: Path, rows: int = 3) -> Path:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA user_version=7")
        connection.execute("PRAGMA application_id=1953458036")
        connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, x)")
        connection.execute("BEGIN")
        connection.executemany("INSERT INTO t (x) VALUES (?)", [(f"row {n}",) for n in range(rows)])
        connection.execute("COMMIT")
    return path


def rows(path: Path | str) -> int:
    with closing(sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)) as connection:
        count: int = connection.execute("SELECT count(*) FROM t").fetchone()[0]
    return count


@pytest.fixture
def db(tmp_path: Path) -> Path:
    return database(tmp_path / "tokentui.db")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data" / "backups"


def test_a_backup_is_a_private_whole_copy_with_its_date_in_the_name(db: Path, folder: Path) -> None:
    made = backup.make(db, folder, NOON)
    assert os.path.basename(made.path) == "tokentui-20261121T120000Z.db"
    assert (made.made_at, made.before_migration) == (NOON, False)
    assert stat.S_IMODE(os.stat(made.path).st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert rows(made.path) == 3
    with closing(sqlite3.connect(made.path)) as copy:
        assert copy.execute("PRAGMA user_version").fetchone() == (7,)
        assert copy.execute("PRAGMA application_id").fetchone() == (1_953_458_036,)
    assert backup.listed(folder) == [made]
    assert os.fspath(made.path) in [str(file) for file in folder.iterdir()]


def test_what_is_being_written_is_in_the_backup_up_to_the_last_commit(db: Path, folder: Path) -> None:
    with closing(sqlite3.connect(db, isolation_level=None)) as writer:
        writer.execute("INSERT INTO t (x) VALUES ('committed, still in the log')")
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("INSERT INTO t (x) VALUES ('not committed')")
        assert rows(backup.make(db, folder, NOON).path) == 4
        writer.execute("ROLLBACK")


def test_a_database_that_one_connection_keeps_is_copied_through_it(db: Path, folder: Path) -> None:
    with closing(sqlite3.connect(db, isolation_level=None)) as only:
        only.execute("PRAGMA journal_mode=TRUNCATE")
        only.execute("PRAGMA locking_mode=EXCLUSIVE")
        only.execute("INSERT INTO t (x) VALUES (1)")
        assert rows(backup.make(db, folder, NOON, connection=only).path) == 4


def test_one_backup_a_day_is_due(db: Path, folder: Path) -> None:
    assert backup.due(folder, NOON)
    backup.make(db, folder, NOON)
    assert not backup.due(folder, NOON)
    assert not backup.due(folder, NOON + DAY - 1)
    assert backup.due(folder, NOON + DAY)


def test_a_backup_from_a_wrong_clock_s_future_does_not_stop_the_others(db: Path, folder: Path) -> None:
    backup.make(db, folder, NOON + 400 * DAY)
    assert backup.due(folder, NOON)
    backup.make(db, folder, NOON)
    assert not backup.due(folder, NOON + HOUR)


def test_a_copy_made_before_a_migration_is_no_daily_one(db: Path, folder: Path) -> None:
    made = backup.before_migration(db, folder, NOON)
    assert made is not None
    assert made.before_migration
    assert os.path.basename(made.path) == "tokentui-20261121T120000Z-before-migration.db"
    assert backup.due(folder, NOON)
    assert backup.listed(folder) == [made]


def test_nothing_is_copied_before_the_first_migration(tmp_path: Path, folder: Path) -> None:
    assert backup.before_migration(tmp_path / "none.db", folder, NOON) is None
    (tmp_path / "empty.db").touch()
    assert backup.before_migration(tmp_path / "empty.db", folder, NOON) is None
    assert not folder.exists()


def test_two_months_of_daily_use_leave_seven_days_and_four_weeks() -> None:
    kept: list[Backup] = []
    for day in range(60):
        new = [Backup(f"{day}-{hour}", NOON + day * DAY + hour * HOUR, False, 1) for hour in (0, 3)]
        kept = backup.kept_of(sorted([*kept, *new], key=lambda b: b.made_at, reverse=True))
        if day < 45:
            continue
        ages = [(new[1].made_at - b.made_at) / DAY for b in kept]
        assert ages[:7] == [0, 1, 2, 3, 4, 5, 6]
        assert len(ages) == 11
        assert 7 <= ages[7] < 14
        assert [age - ages[7] for age in ages[7:]] == [0, 7, 14, 21]


def test_three_copies_from_before_migrations_are_kept_beside_the_daily_ones() -> None:
    found = [Backup(str(n), NOON - n * HOUR, True, 1) for n in range(5)]
    daily = [Backup(f"d{n}", NOON - n * DAY, False, 1) for n in range(3)]
    kept = backup.kept_of([*found, *daily])
    assert [b.path for b in kept if b.before_migration] == ["0", "1", "2"]
    assert [b.path for b in kept if not b.before_migration] == ["d0", "d1", "d2"]


def test_old_backups_go_and_other_files_stay(db: Path, folder: Path) -> None:
    folder.mkdir(parents=True)
    for name in ("notes.txt", "tokentui-20269999T000000Z.db", "tokentui-20261101T000000Z.db.bak"):
        (folder / name).write_text("mine")
    (folder / ".unfinished-20261101T000000Z.db").write_text("left by a killed process")
    for hour in range(4):
        backup.make(db, folder, NOON + hour * HOUR)
    assert sorted(file.name for file in folder.iterdir()) == [
        "notes.txt", "tokentui-20261101T000000Z.db.bak", "tokentui-20261121T150000Z.db",
        "tokentui-20269999T000000Z.db",
    ]


def test_a_damaged_database_gives_no_backup_and_costs_none(db: Path, folder: Path) -> None:
    good = backup.make(db, folder, NOON)
    damage(db)
    with pytest.raises(Corrupt):
        backup.make(db, folder, NOON + DAY)
    assert [file.name for file in folder.iterdir()] == [os.path.basename(good.path)]
    assert rows(good.path) == 3


def damage(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * 2048)


def test_the_newest_sound_backup_is_chosen(db: Path, folder: Path) -> None:
    first = backup.make(db, folder, NOON)
    second = backup.make(db, folder, NOON + DAY)
    third = backup.make(db, folder, NOON + 2 * DAY)
    fourth = backup.make(db, folder, NOON + 3 * DAY)
    Path(third.path).write_bytes(b"")
    damage(Path(fourth.path))
    assert backup.newest_sound(folder) == second
    Path(second.path).write_bytes(b"no database")
    assert backup.newest_sound(folder) == first
    os.unlink(first.path)
    assert backup.newest_sound(folder) is None


def test_a_restored_database_is_the_backup_and_nothing_of_the_old_log(db: Path, folder: Path) -> None:
    made = backup.make(db, folder, NOON)
    with closing(sqlite3.connect(db, isolation_level=None)) as writer:
        writer.execute("INSERT INTO t (x) VALUES ('later')")
        # As after a kill -9: the log is still there when the backup takes the file's place.
        logs = {ending: Path(f"{db}{ending}").read_bytes() for ending in ("-wal", "-shm")}
    for ending, content in logs.items():
        Path(f"{db}{ending}").write_bytes(content)
    backup.restore(made.path, db)
    assert sorted(file.name for file in db.parent.glob("tokentui.db*")) == ["tokentui.db"]
    assert stat.S_IMODE(db.stat().st_mode) == 0o600
    with closing(sqlite3.connect(db)) as connection:
        assert connection.execute("SELECT count(*) FROM t").fetchone() == (3,)
    assert rows(made.path) == 3


def test_a_backup_that_would_fill_the_disk_is_not_begun(tmp_path: Path, db: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        with pytest.raises(DiskFull, match="no room for a backup"):
            backup.make(db, disk / "backups", NOON)
        assert list((disk / "backups").iterdir()) == []


def test_a_disk_that_fills_up_during_a_backup_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backup, "_SPARE", 0)
    db = database(tmp_path / "tokentui.db", 20_000)
    with small_disk(tmp_path / "disk", "8m") as disk:
        monkeypatch.setattr(backup, "_require_space", lambda *_: fill(disk, leave=200_000))
        with pytest.raises(DiskFull) as caught:
            backup.make(db, disk / "backups", NOON)
        assert "disk is full" in str(caught.value)
        assert list((disk / "backups").iterdir()) == []


def test_a_disk_too_full_to_restore_leaves_the_database_alone(tmp_path: Path, folder: Path) -> None:
    made = backup.make(database(tmp_path / "big.db", 20_000), folder, NOON)
    with small_disk(tmp_path / "disk") as disk:
        db = database(disk / "tokentui.db")
        fill(disk, leave=100_000)
        with pytest.raises(DiskFull):
            backup.restore(made.path, db)
        assert rows(db) == 3
        assert not (disk / "tokentui.db.restoring").exists()


def test_a_backup_folder_that_takes_no_writes_is_an_error_of_the_backup_only(db: Path, folder: Path) -> None:
    folder.mkdir(parents=True)
    with read_only(folder), pytest.raises(ReadOnly):
        backup.make(db, folder, NOON)
    assert rows(db) == 3


def test_there_is_no_backup_of_a_database_that_is_not_there(tmp_path: Path, folder: Path) -> None:
    with pytest.raises(StoreError):
        backup.make(tmp_path / "none.db", folder, NOON)
    assert list(folder.iterdir()) == []
    assert backup.listed(tmp_path / "nowhere") == []
