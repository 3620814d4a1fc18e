"""A damaged database is noticed; a power failure damages none."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.damage import DAY, NOW, count, damage, database, ingest, unclosed
from tests.mounting import read_only
from tokentui.store import integrity
from tokentui.store.errors import Locked
from tokentui.store.recovery import ensure_sound


@pytest.fixture
def db(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    return database(tmp_path / "data" / "tokentui.db")


@pytest.fixture
def backups(tmp_path: Path) -> Path:
    return tmp_path / "data" / "backups"


# ---- when it is looked at


def test_a_database_is_checked_weekly_and_after_an_unclean_stop(db: Path, backups: Path) -> None:
    path = str(db)
    assert integrity.check_due(path, NOW)
    assert ensure_sound(db, backups, NOW) is None
    assert integrity.checked_at(path) == NOW
    assert not integrity.check_due(path, NOW + 7 * DAY - 1)
    assert integrity.check_due(path, NOW + 7 * DAY)
    assert integrity.check_due(path, NOW - 1)  # the clock was wrong then or is wrong now
    integrity.mark_running(path)
    assert integrity.check_due(path, NOW + 1)
    integrity.mark_closed(path)
    assert not integrity.check_due(path, NOW + 1)
    integrity.mark_closed(path)


def test_a_writer_that_was_killed_leaves_its_mark(db: Path) -> None:
    program = "import os, signal, sys\nfrom tokentui.store import integrity\n"
    program += "integrity.mark_running(sys.argv[1]); os.kill(os.getpid(), signal.SIGKILL)"
    done = subprocess.run([sys.executable, "-c", program, str(db)], check=False)
    assert done.returncode == -signal.SIGKILL
    assert integrity.was_unclean(str(db))
    assert stat.S_IMODE(os.stat(f"{db}.running").st_mode) == 0o600


def test_a_sound_database_that_needs_no_check_is_not_read(
    db: Path, backups: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    integrity.mark_checked(str(db), NOW)
    monkeypatch.setattr(integrity, "problems", lambda *_: pytest.fail("was read"))
    assert ensure_sound(db, backups, NOW + 1) is None


def test_a_mark_that_makes_no_sense_means_not_checked(db: Path) -> None:
    Path(f"{db}.checked").write_text("soon")
    assert integrity.checked_at(str(db)) is None


def test_marks_do_not_follow_links(db: Path, tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("keep me")
    Path(f"{db}.running").symlink_to(tmp_path / "precious")
    integrity.mark_running(str(db))
    assert (tmp_path / "precious").read_text() == "keep me"
    assert integrity.was_unclean(str(db))


def test_nothing_to_check_is_no_trouble(tmp_path: Path, backups: Path) -> None:
    assert ensure_sound(tmp_path / "none.db", backups, NOW) is None
    (tmp_path / "empty.db").touch()
    assert ensure_sound(tmp_path / "empty.db", backups, NOW) is None


# ---- what is found


def test_every_truncation_is_found(db: Path, tmp_path: Path) -> None:
    whole = db.read_bytes()
    path = tmp_path / "cut.db"
    chance = random.Random(7)
    sizes = [1, 50, 99, 100, 511, 512, 4096, 4097, len(whole) - 1]
    for size in sizes + chance.sample(range(1, len(whole)), 20):
        path.write_bytes(whole[:size])
        assert integrity.problems(str(path)), f"cut to {size} bytes"
    path.write_bytes(whole)
    assert integrity.problems(str(path)) == []


def test_a_lost_page_is_found_or_the_rows_are_right(db: Path, tmp_path: Path) -> None:
    whole = db.read_bytes()
    path = tmp_path / "hole.db"
    found = 0
    pages = range(0, len(whole), 4096)
    for page in pages:
        path.write_bytes(whole[:page] + b"\0" * 4096 + whole[page + 4096 :])
        found += bool(integrity.problems(str(path)))
    assert found >= 0.9 * len(pages)


def test_a_check_never_ends_the_program_whatever_bytes_there_are(db: Path, tmp_path: Path) -> None:
    whole = db.read_bytes()
    path = tmp_path / "noise.db"
    chance = random.Random(11)
    found = 0
    for _ in range(60):
        damaged = bytearray(whole)
        for _ in range(chance.choice([1, 8, 64])):
            damaged[chance.randrange(len(damaged))] ^= 1 << chance.randrange(8)
        path.write_bytes(damaged)
        lines = integrity.problems(str(path))
        assert len(lines) <= integrity.MOST_PROBLEMS + 1
        found += bool(lines)
    assert 20 < found < 60  # SQLite has no checksums: one flipped bit in a text is invisible


def test_a_report_names_the_state_of_the_file_and_changes_nothing(db: Path) -> None:
    integrity.mark_checked(str(db), NOW)
    before = {file.name: file.read_bytes() for file in db.parent.iterdir()}
    report = integrity.integrity(db)
    assert report.ok
    assert (report.size_bytes, report.checked_at, report.unclean_stop) == (db.stat().st_size, NOW, False)
    assert report.sqlite_version == sqlite3.sqlite_version
    left = {file.name: file.read_bytes() for file in db.parent.iterdir()}
    assert {name: content for name, content in left.items() if not name.endswith(("-wal", "-shm"))} == before
    damage(db)
    damaged = integrity.integrity(db)
    assert not damaged.ok
    assert all(line.isprintable() for line in damaged.problems)
    with pytest.raises(FileNotFoundError):
        integrity.integrity(db.parent / "none.db")


def test_a_database_in_a_read_only_home_can_be_checked(db: Path) -> None:
    with read_only(db.parent):
        assert integrity.integrity(db, immutable=True).ok


def test_a_database_that_another_program_keeps_is_not_called_damaged(db: Path) -> None:
    with closing(sqlite3.connect(db, isolation_level=None)) as other:
        other.execute("PRAGMA journal_mode=DELETE")
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(Locked):
            integrity.problems(str(db), timeout=0)


@pytest.mark.parametrize(
    ("version", "bug"),
    [
        ((3, 40, 1), True), ((3, 44, 5), True), ((3, 44, 6), False), ((3, 45, 0), True), ((3, 50, 6), True),
        ((3, 50, 7), False), ((3, 51, 2), True), ((3, 51, 3), False), ((3, 52, 0), False), ((4, 0, 0), False),
    ],
)
def test_a_sqlite_that_may_damage_databases_is_known(version: tuple[int, int, int], bug: bool) -> None:
    assert integrity.has_wal_reset_bug(version) is bug


# ---- a file that goes away, and a power failure


def test_a_database_that_is_removed_or_replaced_while_open_is_noticed(db: Path) -> None:
    watch = integrity.Watch(db)
    assert not watch.vanished()
    with closing(sqlite3.connect(db, isolation_level=None)) as connection:
        ingest(connection, 10, 10)
        assert not watch.vanished()
        os.rename(db, f"{db}.moved")
        assert watch.vanished()
        database(db, 1, 1)
        assert watch.vanished()


def test_where_no_memory_is_shared_the_check_shares_none(
    db: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unclosed(db, rows=4)
    Path(f"{db}-shm").unlink()
    shared: list[bool] = []
    real = sqlite3.connect

    class Watched(sqlite3.Connection):
        def execute(self, sql: str, *parameters: Any) -> sqlite3.Cursor:
            cursor = super().execute(sql, *parameters)
            shared.append(Path(f"{db}-shm").exists())
            return cursor

    monkeypatch.setattr(sqlite3, "connect", lambda *args, **options: real(*args, **options, factory=Watched))
    assert integrity.problems(str(db), read_only=False, exclusive=True) == []
    assert set(shared) == {False}
    assert integrity.problems(str(db)) == []
    assert shared[-1]


def test_a_log_cut_anywhere_leaves_rows_and_checkpoint_in_step(db: Path, tmp_path: Path) -> None:
    log = unclosed(db, rows=60)
    base = db.read_bytes()
    path = tmp_path / "cut.db"
    chance = random.Random(5)
    seen = set()
    for number in range(120):
        cut = chance.randrange(len(log) + 1)
        garbage = chance.randbytes(chance.randrange(1, 9_000)) if number % 2 else b""
        path.write_bytes(base)
        Path(f"{path}-wal").write_bytes(log[:cut] + garbage)
        Path(f"{path}-shm").unlink(missing_ok=True)
        seen.add(count(path))
        assert integrity.problems(str(path)) == []
    assert min(seen) < 410
    assert max(seen) > 450
    assert len(seen) > 30


def test_the_check_of_the_cut_log_can_fail(db: Path) -> None:
    with closing(sqlite3.connect(db, isolation_level=None)) as connection:
        connection.execute("INSERT INTO records (text, n) VALUES ('without its checkpoint', 1)")
    with pytest.raises(AssertionError):
        count(db)
