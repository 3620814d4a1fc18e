"""Sessions are called what the user, or the tool, called them; a title never costs a figure."""

from __future__ import annotations

import json
import os
import sqlite3
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.engine_watch import append, engine, log, request
from tests.store_batches import NOW, batch, record
from tokentui import sources, store
from tokentui.cli.report import as_json, as_table
from tokentui.config import Settings
from tokentui.config import paths as config_paths
from tokentui.engine import session_titles
from tokentui.engine.collect import collect_once
from tokentui.engine.collector import Collector
from tokentui.engine.database import Database, now
from tokentui.engine.reports import report
from tokentui.engine.session_titles import AGAIN_SECONDS, FILES, SessionTitles
from tokentui.sources import titles
from tokentui.sources.logs import claude_titles
from tokentui.store import UsageQuery
from tokentui.store.titles import logs_read
from tokentui.ui.explore_draw import Shown, row
from tokentui.ui.privacy import Veil

SESSION = "3f9c2a51-0b1d-4a8e-9c55-7d2f0c6e1a10"
OTHER = "8a1b"


def lines(*objects: object) -> str:
    return "".join(json.dumps(each, separators=(",", ":")) + "\n" for each in objects)


def claude(folder: Path, *objects: object, name: str = SESSION) -> str:
    path = folder / "projects" / "shop" / f"{name}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(lines(*objects))
    return str(path)


def said(kind: str, text: str) -> dict[str, str]:
    field = {"custom-title": "customTitle", "ai-title": "aiTitle", "summary": "summary"}[kind]
    return {"type": kind, field: text, "sessionId": SESSION, "leafUuid": "u-1"}


def test_the_newest_title_wins_and_the_users_own_over_the_tools(tmp_path: Path) -> None:
    path = claude(tmp_path, said("ai-title", "Old"), said("ai-title", "Fix cart totals"), {"type": "user"})
    assert titles.of("claude-code", [path]) == {SESSION: "Fix cart totals"}
    path = claude(tmp_path, said("custom-title", "mine"), said("ai-title", "theirs"))
    assert titles.of("claude-code", [path]) == {SESSION: "mine"}


def test_a_summary_counts_only_for_the_conversation_it_is_about(tmp_path: Path) -> None:
    path = claude(tmp_path, said("summary", "Of another session"), {"type": "user", "uuid": "u-2"})
    assert titles.of("claude-code", [path]) == {}
    path = claude(tmp_path, said("summary", "Of this one"), {"type": "user", "uuid": "u-1"})
    assert titles.of("claude-code", [path]) == {SESSION: "Of this one"}


def test_what_only_looks_like_a_title_is_none(tmp_path: Path) -> None:
    quoted = {"type": "user", "message": {"content": 'say {"type":"ai-title","aiTitle":"no"}'}}
    nested = {"type": "user", "toolUseResult": {"type": "ai-title", "aiTitle": "no"}}
    wrong = {"type": "ai-title", "aiTitle": 7}
    path = claude(tmp_path, quoted, nested, wrong, {"type": "ai-title", "aiTitle": " "})
    assert titles.of("claude-code", [path]) == {}
    side = claude(tmp_path, said("ai-title", "of a sub-agent"), name="agent-1")
    assert titles.of("claude-code", [side, str(tmp_path / "gone.jsonl")]) == {}


def test_titles_at_both_ends_of_a_long_log_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claude_titles, "READ_BYTES", 1_000)
    long = {"type": "user", "message": "x" * 5_000}
    assert titles.of("claude-code", [claude(tmp_path, said("ai-title", "First"), long)]) == {SESSION: "First"}
    path = claude(tmp_path, said("ai-title", "First"), long, said("ai-title", "Last"))
    assert titles.of("claude-code", [path]) == {SESSION: "Last"}


def test_a_title_is_one_harmless_line(tmp_path: Path) -> None:
    path = claude(tmp_path, said("ai-title", "\x1b[2Ja\nb\x07" + "x" * 500))
    title = titles.of("claude-code", [path])[SESSION]
    assert title.startswith("a b")
    assert title.isprintable()
    assert len(title) <= titles.LONGEST


def codex(home: Path, index: str = "") -> str:
    rollout = home / "sessions" / "2026" / "11" / "21" / "rollout-x.jsonl"
    rollout.parent.mkdir(parents=True, exist_ok=True)
    rollout.write_text("")
    if index:
        (home / "session_index.jsonl").write_text(index)
    return str(rollout)


def threads(path: Path, *rows: tuple[str, str], said: str = "please do it") -> sqlite3.Connection:
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode = wal")
    connection.execute("CREATE TABLE threads (id TEXT PRIMARY KEY, title TEXT, first_user_message TEXT)")
    connection.executemany("INSERT INTO threads VALUES (?, ?, ?)", [(*row, said) for row in rows])
    connection.commit()
    return connection


def test_a_title_that_is_only_what_the_user_wrote_first_is_not_taken(tmp_path: Path) -> None:
    path = codex(tmp_path)
    said = "why is\n  it red? The build of yesterday was green, and nobody touched it since."
    cut = ("t2", "why is it red? The build of…"), ("t3", "why is it red? The build...")
    rows = ("t1", said), *cut, ("t4", "Red build"), ("t5", " ")
    threads(tmp_path / "state_5.sqlite", *rows, said=said).close()
    assert titles.of("codex", [path]) == {"t4": "Red build"}
    old = sqlite3.connect(tmp_path / "state_6.sqlite")  # of which nobody can say what its titles are
    old.execute("CREATE TABLE threads (id TEXT PRIMARY KEY, title TEXT)")
    old.execute("INSERT INTO threads VALUES ('t1', 'why is it red?')")
    old.commit()
    old.close()
    assert titles.of("codex", [path]) == {}


def test_codex_names_win_over_those_of_its_database_and_broken_lines_are_passed_over(tmp_path: Path) -> None:
    index = lines({"id": "t1", "thread_name": "old"}, {"id": "t1", "thread_name": "Tidy up"}) + '{"id": "t3'
    path = codex(tmp_path, index)
    threads(tmp_path / "state_4.sqlite", ("t1", "older database")).close()
    threads(tmp_path / "state_5.sqlite", ("t1", "please tidy up"), ("t2", "why is it red?")).close()
    assert titles.of("codex", [path]) == {"t1": "Tidy up", "t2": "why is it red?"}


def test_a_codex_database_in_use_is_read_with_what_is_not_yet_in_it(tmp_path: Path) -> None:
    path = codex(tmp_path)
    writing = threads(tmp_path / "state_5.sqlite", ("t1", "in the write-ahead log"))
    assert (tmp_path / "state_5.sqlite-wal").stat().st_size > 0
    assert titles.of("codex", [path]) == {"t1": "in the write-ahead log"}
    writing.close()


def test_a_locked_codex_database_costs_a_moment_and_no_error(tmp_path: Path) -> None:
    path = codex(tmp_path, lines({"id": "t2", "thread_name": "from the index"}))
    database = tmp_path / "state_5.sqlite"
    threads(database, ("t1", "locked away")).close()
    with sqlite3.connect(database, isolation_level=None) as holder:
        holder.execute("PRAGMA journal_mode = delete")
        holder.execute("BEGIN EXCLUSIVE")
        assert titles.of("codex", [path]) == {"t2": "from the index"}
        holder.execute("ROLLBACK")
    holder.close()
    assert titles.of("codex", [path])["t1"] == "locked away"


@pytest.mark.parametrize("content", [b"", b"SQLite format 3\0" + b"\xff" * 5_000, b"no database at all"])
def test_a_damaged_codex_database_is_no_trouble(tmp_path: Path, content: bytes) -> None:
    path = codex(tmp_path, lines({"id": "t2", "thread_name": "from the index"}))
    (tmp_path / "state_5.sqlite").write_bytes(content)
    assert titles.of("codex", [path]) == {"t2": "from the index"}
    assert (tmp_path / "state_5.sqlite").read_bytes() == content


def test_a_codex_database_that_only_can_be_read_is_read_from_a_copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = codex(tmp_path)
    threads(tmp_path / "state_5.sqlite", ("t1", "read only")).close()
    before = sorted(os.listdir(tmp_path))
    opened = sqlite3.connect

    def refusing(database: str, *args: object, **named: object) -> sqlite3.Connection:
        # What SQLite says of a WAL database whose folder cannot be written; root writes everywhere.
        if str(tmp_path) in database:
            raise sqlite3.OperationalError("unable to open database file")
        return opened(database, *args, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(sqlite3, "connect", refusing)
    assert titles.of("codex", [path]) == {}
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert titles.of("codex", [path]) == {"t1": "read only"}
    assert sorted(os.listdir(tmp_path)) == before


def test_gemini_documents_and_logs_tell_their_summary(tmp_path: Path) -> None:
    document = tmp_path / "session-2026-11-21T10-00-3f9c2a51.json"
    document.write_text(json.dumps({"sessionId": SESSION, "summary": "Write docs", "messages": []}))
    log = tmp_path / "session-2026-11-21T11-00-8a1b.jsonl"
    log.write_text(lines({"sessionId": OTHER}, {"$set": {"summary": "Early"}}, {"$set": {"summary": "Late"}}))
    assert titles.of("gemini-cli", [str(document), str(log)]) == {SESSION: "Write docs", OTHER: "Late"}


@pytest.mark.parametrize("source", titles.SOURCES)
def test_no_content_of_a_log_makes_its_titles_an_error(source: str, tmp_path: Path) -> None:
    nested = '{"summary":' + "[" * 5_000
    for at, content in enumerate([b"", b"\xff\xfe", b'"summary"\n"ai-title"', nested.encode(), b"{}\n" * 9]):
        path = tmp_path / "sessions" / f"{at}.jsonl"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
        assert titles.of(source, [str(path), str(tmp_path)]) == {}


def test_every_source_with_titles_is_in_the_registry() -> None:
    assert set(titles.SOURCES) == {source.name for source in sources.SOURCES}


def test_a_title_stays_when_the_log_is_gone_and_is_what_drove_the_day(tmp_path: Path) -> None:
    writer = store.open_writer(tmp_path / "tokentui.db", "UTC")
    writer.ingest([batch([record("a")])], NOW)
    [(source, path, _)] = logs_read(writer.connection, titles.SOURCES, 0, -1, 9)
    (conversation,) = writer.connection.execute("SELECT conversation_id FROM sessions").fetchone()
    assert writer.put_titles({source: {conversation: "Fix cart totals", "unknown": "nobody"}}) == 1
    assert writer.put_titles({source: {conversation: "Fix cart totals"}}) == 0
    writer.mark_gone([path], NOW)
    assert logs_read(writer.connection, titles.SOURCES, 0, -1, 9) == []
    writer.close()
    reader = store.open_reader(tmp_path / "tokentui.db")
    assert [driver.label for driver in reader.snapshot(NOW, "UTC").drivers.sessions] == ["Fix cart totals"]
    assert [driver.key for driver in reader.snapshot(NOW, "UTC").drivers.sessions] == [conversation]
    reader.close()


def test_the_dashboard_calls_a_session_by_its_title_a_moment_after_its_requests(home: Path) -> None:
    time = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    title = b'{"type":"ai-title","aiTitle":"Fix cart totals","sessionId":"s1"}\n'
    append(log(home), request("1", timestamp=time), title)
    with engine() as (_, watch):
        watch.records(1)
        watch.wait(lambda: [each.label for each in watch.last.drivers.sessions] == ["Fix cart totals"])


def collected(database: Database | None = None) -> Database:
    """The database of this home, with what its logs say now."""
    config = config_paths(os.environ)
    database = database or Database(config, Settings())
    assert database.open_writer()
    collector = Collector(config, Settings(), database)
    collector.open()
    collector.collect()
    return database


def test_logs_that_did_not_change_since_are_not_opened_for_their_titles_again(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []

    def noted(_: str, paths: Iterable[str]) -> dict[str, str]:
        opened.extend(paths)
        return {}

    monkeypatch.setattr(titles, "of", noted)
    path, at = append(log(home), request("1")), 0.0
    database = collected()
    looking = SessionTitles(database, now, lambda: at)
    assert [looking.turn(changed=True), looking.turn(changed=True)] == [0, 0]
    assert opened == [str(path)]
    append(path, request("2"))
    collected(database)
    looking.turn(changed=True)
    assert opened == [str(path)]  # not yet: it is being written, most likely
    at = AGAIN_SECONDS
    looking.turn(changed=False)
    assert opened == [str(path)] * 2
    anew = SessionTitles(database, now, lambda: at)
    anew.turn(changed=True)
    assert opened == [str(path)] * 2
    database.close()


def test_a_log_with_a_time_of_its_own_neither_hides_the_others_nor_is_passed_over(home: Path) -> None:
    def titled(number: int, changed_at: float) -> None:
        title = b'{"type":"ai-title","aiTitle":"Number %d"}\n' % number
        path = log(home, f"-work-shop/s{number}.jsonl")
        append(path, request(str(number), sessionId=f"s{number}"), title)
        os.utime(path, (changed_at, changed_at))

    titled(1, time.time() + 10 * 365 * 86_400)  # of a machine whose clock was wrong
    database = collected()
    SessionTitles(database, now, time.monotonic).finish()
    titled(2, time.time())
    titled(3, time.time() - 365 * 86_400)  # copied here today
    collected(database)
    SessionTitles(database, now, time.monotonic).finish()
    rows = database.writer.connection.execute("SELECT title FROM sessions ORDER BY conversation_id")
    assert rows.fetchall() == [("Number 1",), ("Number 2",), ("Number 3",)]
    database.close()


def test_many_logs_are_looked_at_in_turns_and_every_one_once(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session_titles, "TURN_BYTES", 1_000)
    for number in range(10):
        title = b'{"type":"ai-title","aiTitle":"Number %d"}\n' % number
        append(log(home, f"-work-shop/s{number}.jsonl"), request(str(number), sessionId=f"s{number}"), title)
    database = collected()
    looking = SessionTitles(database, now, time.monotonic)
    first = looking.turn(changed=True)
    assert 0 < first < 10
    looking.finish()
    rows = database.writer.connection.execute("SELECT conversation_id, title FROM sessions ORDER BY 1")
    assert rows.fetchall() == [(f"s{number}", f"Number {number}") for number in range(10)]
    database.close()


def test_a_scheduled_collection_keeps_titles_too(home: Path) -> None:
    append(log(home), request("1"), b'{"type":"ai-title","aiTitle":"Fix cart totals"}\n')
    collect_once(config_paths(os.environ), Settings())
    with sqlite3.connect(config_paths(os.environ).database) as connection:
        assert connection.execute("SELECT title FROM sessions").fetchall() == [("Fix cart totals",)]
    connection.close()


def test_a_collection_looks_at_the_newest_logs_and_passes_over_none_for_ever(home: Path) -> None:
    def titled() -> list[str]:
        with sqlite3.connect(config_paths(os.environ).database) as connection:
            rows = connection.execute("SELECT conversation_id FROM sessions WHERE title <> '' ORDER BY 1")
            found = [name for (name,) in rows]
        connection.close()
        return found

    names = [f"s{number:02}" for number in range(FILES + 3)]
    for name in names:
        title = b'{"type":"ai-title","aiTitle":"Title of %s"}\n' % name.encode()
        append(log(home, f"-work-shop/{name}.jsonl"), request(name, sessionId=name), title)
    collect_once(config_paths(os.environ), Settings())
    assert titled() == [], "nobody waits for those of a first reading"
    append(log(home, f"-work-shop/{names[0]}.jsonl"), request("new", sessionId=names[0]))
    collect_once(config_paths(os.environ), Settings())
    assert len(titled()) == FILES
    assert names[0] in titled()
    database = collected()
    SessionTitles(database, now, time.monotonic).finish()
    database.close()
    assert titled() == names


def test_a_limit_knows_what_its_sessions_are_called_and_privacy_hides_it(tmp_path: Path) -> None:
    writer = store.open_writer(tmp_path / "tokentui.db", "UTC")
    writer.ingest([batch([record("a")])], NOW)
    number, conversation = writer.connection.execute("SELECT id, conversation_id FROM sessions").fetchone()
    writer.put_titles({"claude-code": {conversation: "Fix cart totals"}})
    writer.close()
    reader = store.open_reader(tmp_path / "tokentui.db")
    (name,) = reader.session_names((number,))
    reader.close()
    assert name.session_title == "Fix cart totals"
    assert "cart" not in repr(Veil().over(name))


def test_reports_and_explore_show_titles_and_filter_by_ids(tmp_path: Path) -> None:
    writer = store.open_writer(tmp_path / "tokentui.db", "UTC")
    writer.ingest([batch([record("a")])], NOW)
    (conversation,) = writer.connection.execute("SELECT conversation_id FROM sessions").fetchone()
    writer.put_titles({"claude-code": {conversation: "Fix cart totals"}})
    writer.close()
    query = UsageQuery(group_by=("session",))
    reader = store.open_reader(tmp_path / "tokentui.db")
    answer = reader.usage(query)
    reader.close()
    assert [key for key, _ in answer.groups] == [(conversation,)]
    asked = report(query, answer)
    printed = as_table(asked, detailed=False, cost=False, width=100, colour=False)
    assert f"Fix cart totals · {conversation[:8]}" in printed
    assert "cart" not in as_json(asked)  # its contract has the id alone
    shown = Shown(("session",), answer.totals, None, (16,), dict(answer.titles))
    drawn = row(shown, (conversation,), answer.totals, 140, quality="exact")
    assert "Fix cart totals" in "".join(text for text, _ in drawn)
    assert Veil().table(answer, ("session",)).titles == ()
