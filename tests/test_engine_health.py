"""`doctor` says whether everything is read and whether the database is sound, whatever state they are in."""

from __future__ import annotations

import functools
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.engine_watch import append, log, request
from tests.mounting import read_only
from tokentui.config import Settings, paths
from tokentui.engine.collect import collect_once
from tokentui.engine.discovery import MAX_DEPTH
from tokentui.engine.health import Health, SourceHealth, health
from tokentui.store import integrity, migrate
from tokentui.usage import NANO

NOW = 2_000_000_000_000_000
"""2033-05-18, in microseconds: after everything that is written here."""


def collect() -> None:
    """Collect once."""
    collect_once(paths(os.environ), Settings())


def doctor(settings: Settings | None = None) -> Health:
    """What doctor finds."""
    return health(paths(os.environ), settings or Settings(), NOW)


def claude() -> SourceHealth:
    """What doctor finds of Claude Code."""
    return doctor().sources[0]


@pytest.fixture
def db(home: Path) -> Path:
    """A database with two requests."""
    append(log(home), request("1"), request("2"))
    collect()
    return paths(os.environ).database


def test_an_empty_home_is_sound(home: Path) -> None:
    found = doctor()
    assert [source.state for source in found.sources] == ["not found"] * 3
    assert str(home / ".claude" / "projects") in found.sources[0].roots
    assert (found.database.integrity, found.database.sound, found.database.records) == ("missing", True, 0)


def test_what_is_read_is_counted(db: Path) -> None:
    found = doctor()
    source, database = found.sources[0], found.database
    assert (source.state, source.files, source.records, source.errors) == ("ok", 1, 2, ())
    assert (source.unread_bytes, source.lag_seconds, source.bad_lines) == (0, 0.0, ())
    assert (database.integrity, database.records, database.writable) == ("ok", 2, True)
    assert database.size_bytes >= db.stat().st_size
    assert database.bytes_per_record == database.size_bytes / 2
    assert (database.schema_version, database.journal_mode) == (migrate.SCHEMA_VERSION, "wal")
    assert (database.backups, database.last_backup_at, database.unpriced_models) == (0, None, ())


def test_a_source_that_is_switched_off_says_so(db: Path) -> None:
    found = doctor(Settings(sources_off=("claude-code",)))
    assert (found.sources[0].state, found.sources[0].records) == ("off", 2)
    assert db.exists()


def test_bad_lines_are_named_by_file_and_line(home: Path, db: Path) -> None:
    other = append(log(home, "x/2.jsonl"), request("3"), b'{"type": "assistant"\n', b"\0" * 20 + b"\n")
    append(log(home), b"no JSON\n")
    collect()
    bad = {(Path(line.path).name, line.line): line.reason for line in claude().bad_lines}
    assert bad.keys() == {("s1.jsonl", 3), (other.name, 2), (other.name, 3)}
    assert all(bad.values())
    assert (claude().bad_line_count, claude().records, claude().state) == (3, 3, "ok")
    assert db.exists()


def test_what_is_not_read_yet_is_measured(home: Path, db: Path) -> None:
    line = request("3")
    path = append(log(home), line)
    os.utime(path, (NOW / 1e6 - 90, NOW / 1e6 - 90))
    append(log(home, "x/new.jsonl"), line)
    os.utime(log(home, "x/new.jsonl"), (NOW / 1e6 + 90, NOW / 1e6 + 90))  # a clock that runs ahead
    found = claude()
    assert (found.state, found.files, found.unread_bytes) == ("behind", 2, 2 * len(line))
    assert found.lag_seconds == pytest.approx(90)
    assert db.exists()


def test_a_line_that_is_being_written_is_not_behind(home: Path, db: Path) -> None:
    append(log(home), request("3")[:50])
    collect()
    assert (claude().state, claude().unread_bytes, claude().bad_line_count) == ("ok", 0, 0)
    assert db.exists()


def test_logs_that_vanished_are_counted_and_their_requests_are_kept(home: Path, db: Path) -> None:
    log(home).unlink()
    collect()
    found = claude()
    assert (found.files, found.files_gone, found.records, found.state) == (0, 1, 2, "ok")
    assert db.exists()


def test_a_folder_that_is_passed_over_is_an_error_of_its_source_only(home: Path, db: Path) -> None:
    append(log(home, "/".join("x" * (MAX_DEPTH + 2)) + "/deep.jsonl"), request("3"))
    (home / ".claude" / "projects-of-mine").mkdir()
    found = doctor()
    assert found.sources[0].state == "error"
    assert f"more than {MAX_DEPTH} folders deep" in found.sources[0].errors[0]
    assert found.sources[1].errors == ()
    assert db.exists()


def test_models_without_a_price_are_named(home: Path, db: Path) -> None:
    message = {"id": "msg_unpriced", "role": "assistant", "model": "acme-1", "usage": {"output_tokens": NANO}}
    append(log(home), request("3", message=message))
    collect()
    assert doctor().database.unpriced_models == ("acme-1",)
    assert db.exists()


@pytest.mark.parametrize("start", [0, 4096], ids=["header", "tables"])
def test_a_damaged_database_is_a_finding(db: Path, start: int) -> None:
    with db.open("r+b") as file:
        file.seek(start)
        file.write(b"\xa5" * (db.stat().st_size - start))
    found = doctor()
    assert not found.database.sound
    assert found.database.integrity not in ("", "ok", "missing")
    assert found.database.size_bytes == db.stat().st_size
    source = found.sources[0]
    assert (source.files, source.state, source.unread_bytes) == (1, "unknown", 0)


def test_a_damage_that_only_reading_finds_is_a_finding(db: Path) -> None:
    with closing(sqlite3.connect(db)) as opened:
        opened.execute("DROP TABLE log_files")
        opened.commit()
    found = doctor()
    assert "no such table: log_files" in found.database.integrity
    assert not found.database.sound


def test_a_link_in_place_of_the_database_is_a_finding(db: Path) -> None:
    db.rename(db.with_name("elsewhere.db"))
    db.symlink_to(db.with_name("elsewhere.db"))
    found = doctor().database
    assert "symbolic link" in found.integrity
    assert not found.sound


def test_a_database_that_another_program_keeps_is_not_called_damaged(
    db: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tokentui.store.connection.BUSY_SECONDS", 0.1)
    monkeypatch.setattr(integrity, "problems", functools.partial(integrity.problems, timeout=0.1))
    with closing(sqlite3.connect(db, isolation_level=None)) as other:
        other.execute("PRAGMA journal_mode=DELETE")
        other.execute("BEGIN EXCLUSIVE")
        found = doctor()
    assert found.database.integrity.startswith("not checked: another program holds")
    assert found.database.sound
    assert found.sources[0].state == "unknown"


def test_a_database_in_a_read_only_home_is_checked(db: Path) -> None:
    with read_only(db.parent):
        found = doctor()
    assert (found.database.integrity, found.database.writable) == ("ok", False)
    assert "nothing new is recorded" in found.database.notices[0]
    assert (found.sources[0].state, found.sources[0].records) == ("ok", 2)


def test_a_newer_database_and_a_sqlite_with_a_known_bug_are_told(
    db: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(sqlite3.connect(db)) as newer:
        newer.execute("PRAGMA user_version=99")
        newer.commit()
    monkeypatch.setattr(integrity, "has_wal_reset_bug", lambda: True)
    found = doctor().database
    assert "made by a newer tokentui" in found.notices[0]
    assert "WAL-reset bug" in found.sqlite_note
    assert (found.schema_version, found.integrity) == (99, "ok")
    monkeypatch.setattr(integrity, "has_wal_reset_bug", lambda: False)
    assert doctor().database.sqlite_note == ""


def test_a_last_line_that_has_not_ended_is_told_until_it_ends(home: Path) -> None:
    path = append(log(home), request("1"))
    with path.open("a") as file:
        file.write('{"type": "assis')
    collect()
    assert (claude().state, claude().unread_bytes, claude().unfinished_bytes) == ("ok", 0, 15)
    with path.open("a") as file:
        file.write('tant"}\n')
    collect()
    assert claude().unfinished_bytes == 0
