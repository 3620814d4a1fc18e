"""A damaged database is set aside and replaced; the user is told what is missing."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.damage import DAY, NOW, count, damage, database, ingest, unclosed
from tests.mounting import fill, small_disk
from tokentui.store import backup, integrity
from tokentui.store.errors import DiskFull
from tokentui.store.recovery import ensure_sound, quarantine, recover


@pytest.fixture
def db(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    return database(tmp_path / "data" / "tokentui.db")


@pytest.fixture
def backups(tmp_path: Path) -> Path:
    return tmp_path / "data" / "backups"


def test_a_damaged_database_is_set_aside_and_the_backup_restored(db: Path, backups: Path) -> None:
    made = backup.make(db, backups, NOW - DAY)
    with closing(sqlite3.connect(db, isolation_level=None)) as connection:
        ingest(connection, 100, 100)
    damage(db)
    broken = db.read_bytes()
    done = ensure_sound(db, backups, NOW)
    assert done is not None
    assert done.problems
    assert count(db) == 400
    assert Path(done.quarantined).name == "tokentui.db.corrupt-20261121T120000Z"
    assert Path(done.quarantined).read_bytes() == broken
    assert (done.restored_from, done.missing_from, done.missing_to) == (made.path, NOW - DAY, NOW)
    for words in ("2026-11-20 12:00 UTC", "2026-11-21 12:00 UTC", "db.corrupt-", "read again from the logs"):
        assert words in done.notice
    assert ensure_sound(db, backups, NOW + 1) is None


def test_a_damaged_backup_is_passed_over_for_an_older_one(db: Path, backups: Path) -> None:
    good = backup.make(db, backups, NOW - 2 * DAY)
    damage(Path(backup.make(db, backups, NOW - DAY).path))
    damage(db)
    done = ensure_sound(db, backups, NOW)
    assert done is not None
    assert done.restored_from == good.path
    assert "2026-11-19" in done.notice


def test_without_a_backup_it_starts_empty_and_says_so(db: Path, backups: Path) -> None:
    damage(db)
    done = ensure_sound(db, backups, NOW)
    assert done is not None
    assert (done.restored_from, done.missing_from) == (None, None)
    assert not db.exists()
    assert "starts empty" in done.notice
    assert database(db).exists()


def test_a_database_cut_to_nothing_is_replaced_when_there_is_a_backup(db: Path, backups: Path) -> None:
    backup.make(db, backups, NOW - DAY)
    integrity.mark_checked(str(db), NOW)
    db.write_bytes(b"")
    done = ensure_sound(db, backups, NOW + 1)
    assert done is not None
    assert done.problems == ("the file is empty",)
    assert count(db) == 400


def test_its_log_goes_with_the_damaged_database_and_not_into_the_next_one(db: Path, backups: Path) -> None:
    backup.make(db, backups, NOW - DAY)
    logs = unclosed(db, rows=40)
    damage(db, page=5)  # the log has a newer first page, which would heal that one
    done = ensure_sound(db, backups, NOW)
    assert done is not None
    assert Path(f"{done.quarantined}-wal").read_bytes() == logs
    assert not Path(f"{db}-wal").exists()
    assert count(db) == 400


def test_two_damages_in_one_second_keep_both_files(db: Path) -> None:
    first = quarantine(db, NOW)
    database(db, 1, 1)
    second = quarantine(db, NOW)
    assert first != second
    assert Path(first).exists()
    assert Path(second).exists()


@pytest.mark.parametrize("step", ["rename", "link", "replace"])
def test_a_recovery_that_is_killed_in_the_middle_is_done_by_the_next_start(
    db: Path, backups: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    backup.make(db, backups, NOW - DAY)
    unclosed(db, rows=4)
    integrity.mark_running(str(db))
    damage(db, page=5)
    with monkeypatch.context() as patch:
        patch.setattr(os, step, killed)
        with pytest.raises(KeyboardInterrupt):
            ensure_sound(db, backups, NOW)
    done = ensure_sound(db, backups, NOW + 1)
    assert done is not None
    assert done.restored_from is not None
    assert count(db) == 400
    assert not Path(f"{db}.restoring").exists()


def killed(*_args: object, **_options: object) -> None:
    raise KeyboardInterrupt


def test_on_a_disk_that_cannot_link_the_file_is_renamed(
    db: Path, backups: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_links(*_args: object, **_options: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    backup.make(db, backups, NOW - DAY)
    damage(db)
    monkeypatch.setattr(os, "link", no_links)
    done = ensure_sound(db, backups, NOW)
    assert done is not None
    assert Path(done.quarantined).exists()
    assert count(db) == 400


def test_a_disk_too_full_to_recover_leaves_everything_for_later(tmp_path: Path, backups: Path) -> None:
    backup.make(database(tmp_path / "big.db", 8_000), backups, NOW - DAY)
    with small_disk(tmp_path / "disk") as disk:
        db = database(disk / "tokentui.db")
        damage(db)
        ballast = fill(disk, leave=50_000)
        with pytest.raises(DiskFull):
            ensure_sound(db, backups, NOW)
        assert [*disk.glob("*corrupt*"), *disk.glob("*restoring*")] == []
        ballast.unlink()
        done = ensure_sound(db, backups, NOW)
        assert done is not None
        assert count(db) == 8_000


def test_damage_that_is_met_at_work_is_repaired_the_same_way(db: Path, backups: Path) -> None:
    backup.make(db, backups, NOW - DAY)
    damage(db)
    done = recover(db, backups, NOW, ["database disk image is malformed"])
    assert done.problems == ("database disk image is malformed",)
    assert count(db) == 400


def test_the_log_of_a_removed_database_does_not_get_into_the_next_one(db: Path, backups: Path) -> None:
    unclosed(db, rows=40)
    db.unlink()
    assert ensure_sound(db, backups, NOW) is None
    assert list(db.parent.glob("tokentui.db-*")) == []
    database(db, 5, 5)
    assert count(db) == 5
    assert integrity.problems(str(db)) == []
