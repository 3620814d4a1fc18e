"""How far each log file was read, which of its lines were bad, and what else is wrong with it."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from tokentui.batch import Checkpoint
from tokentui.packed import Packed
from tokentui.store.dimensions import storable
from tokentui.store.notes import set_note
from tokentui.store.rows import int64
from tokentui.usage import BadLine, record_key

MOST_BAD_LINES = 1_000
"""Bad lines kept for one file; further ones are only counted."""

FILES_READ = "files_read"
"""The note that says which state of all files was read, whole, at some time.

It stays true whatever is read later, as requests are never taken back; whatever drops checkpoints, so that
files are read anew, drops it.
"""

_UNSIGNED = 2**64

_COLUMNS = (
    "path, device, inode, size, mtime_ns, offset, head, tail, generation, parser_version, state"
)
_UPSERT = (
    f"INSERT INTO log_files (id, source, {_COLUMNS}, read_at, record_count, bad_line_count, anomalies)"
    f" VALUES ({', '.join('?' * 17)}) ON CONFLICT (id) DO UPDATE SET "
    + ", ".join(f"{name} = excluded.{name}" for name in ("source", *_COLUMNS.split(", ")[1:], "read_at"))
    + ", record_count = record_count + excluded.record_count,"
    " bad_line_count = bad_line_count + excluded.bad_line_count, anomalies = anomalies + excluded.anomalies,"
    " error = '', error_at = NULL, gone_at = NULL"
)


@dataclass(slots=True)
class _Progress:
    """What the batches of one file say together."""

    source: str
    checkpoint: Checkpoint
    restarted: bool
    records: int
    anomalies: int
    bad_lines: list[BadLine]


def path_in(path: str) -> str | bytes:
    """Return a path as it is stored: bytes where its name is no UTF-8."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return os.fsencode(path)
    return path


def path_out(stored: str | bytes) -> str:
    """Return a stored path as Python names the file."""
    return os.fsdecode(stored)


def file_key(path: str) -> int:
    """Return the number of a file."""
    return record_key("file", path)


def checkpoints(connection: sqlite3.Connection, source: str | None) -> dict[str, Checkpoint]:
    """Return how far each file was read, by path."""
    condition, values = ("", ()) if source is None else (" AND source = ?", (source,))
    found = {}
    for path, device, inode, *rest in connection.execute(
        f"SELECT {_COLUMNS} FROM log_files WHERE read_at IS NOT NULL{condition}", values
    ):
        name = path if type(path) is str else path_out(path)
        found[name] = Checkpoint(name, device % _UNSIGNED, inode % _UNSIGNED, *rest)
    return found


def store_progress(connection: sqlite3.Connection, batches: Sequence[Packed], now: int) -> int:
    """Store the checkpoints and bad lines of batches; returns how many bad lines were news."""
    files: dict[str, _Progress] = {}
    for batch in batches:
        path = batch.checkpoint.path
        known = files.get(path)
        if known is None or batch.restarted:
            files[path] = _Progress(
                batch.source, batch.checkpoint, batch.restarted,
                batch.count, batch.anomalies, list(batch.bad_lines),
            )  # fmt: skip
        else:
            known.checkpoint = batch.checkpoint
            known.records += batch.count
            known.anomalies += batch.anomalies
            known.bad_lines += batch.bad_lines
    restarted = [(file_key(path),) for path, progress in files.items() if progress.restarted]
    connection.executemany("DELETE FROM bad_lines WHERE file_id = ?", restarted)
    connection.executemany(
        "UPDATE log_files SET record_count = 0, bad_line_count = 0, anomalies = 0 WHERE id = ?", restarted
    )
    bad_counts = {
        path: _store_bad_lines(connection, path, progress.bad_lines, now)
        for path, progress in files.items()
        if progress.bad_lines
    }
    rows: list[tuple[Any, ...]] = []
    for path, progress in files.items():
        fields = _fields(progress.checkpoint)
        counts = (now, progress.records, bad_counts.get(path, 0), progress.anomalies)
        rows.append((file_key(path), progress.source, path_in(path), *fields, *counts))
    rows.sort(key=itemgetter(0))
    connection.executemany(_UPSERT, rows)
    return sum(bad_counts.values())


def any_marked(connection: sqlite3.Connection) -> bool:
    """Whether any file is noted as gone or as one that cannot be read."""
    query = "SELECT EXISTS (SELECT 1 FROM log_files WHERE gone_at IS NOT NULL OR error <> '')"
    return bool(connection.execute(query).fetchone()[0])


def mark_gone(connection: sqlite3.Connection, paths: Iterable[str], now: int) -> int:
    """Note which files are gone: these, and no others any more. Returns how many were news."""
    before = {row[0] for row in connection.execute("SELECT id FROM log_files WHERE gone_at IS NOT NULL")}
    gone = {file_key(path) for path in paths}
    news = [(None, number) for number in before - gone] + [(now, number) for number in gone - before]
    if not news:
        return 0
    return connection.executemany("UPDATE log_files SET gone_at = ? WHERE id = ?", news).rowcount


def store_errors(
    connection: sqlite3.Connection, errors: Iterable[tuple[str, str, str]], now: int, *, complete: bool
) -> int:
    """Note (source, path, error) of files that cannot be read; returns how many were news.

    With `complete` no other file has an error any more.
    """
    rows = [(file_key(path), source, path_in(path), storable(error), now) for source, path, error in errors]
    news = connection.executemany(
        "INSERT INTO log_files (id, source, path, error, error_at) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (id) DO UPDATE SET error = excluded.error, error_at = excluded.error_at"
        " WHERE error <> excluded.error",
        rows,
    ).rowcount
    news = max(news, 0)
    if complete:
        news += connection.execute(
            "UPDATE log_files SET error = '', error_at = NULL"
            " WHERE error <> '' AND id NOT IN (SELECT value FROM json_each(?))",
            (json.dumps([row[0] for row in rows]),),
        ).rowcount
    return news


def forget(connection: sqlite3.Connection, source: str | None) -> None:
    """Drop the checkpoints and bad lines of the files that still exist."""
    condition, values = ("", ()) if source is None else (" AND source = ?", (source,))
    files = f"FROM log_files WHERE gone_at IS NULL{condition}"
    connection.execute(f"DELETE FROM bad_lines WHERE file_id IN (SELECT id {files})", values)
    connection.execute(f"DELETE {files}", values)
    set_note(connection, FILES_READ, None)


def _signed(number: int) -> int:
    """Return an inode or device number, which has 64 bits without a sign, as SQLite can hold it."""
    return number - _UNSIGNED if number >= _UNSIGNED // 2 else number


def _fields(checkpoint: Checkpoint) -> tuple[object, ...]:
    return (
        _signed(checkpoint.device), _signed(checkpoint.inode), checkpoint.size, int64(checkpoint.mtime_ns),
        checkpoint.offset, checkpoint.head, checkpoint.tail, checkpoint.generation,
        checkpoint.parser_version, checkpoint.state,
    )  # fmt: skip


def _store_bad_lines(connection: sqlite3.Connection, path: str, lines: Sequence[BadLine], now: int) -> int:
    key = file_key(path)
    known = {row[0] for row in connection.execute("SELECT offset FROM bad_lines WHERE file_id = ?", (key,))}
    news = {line.offset: line for line in lines if line.offset not in known}
    room = max(MOST_BAD_LINES - len(known), 0)
    connection.executemany(
        "INSERT INTO bad_lines (file_id, offset, line, reason, seen_at) VALUES (?, ?, ?, ?, ?)",
        [(key, line.offset, line.line, storable(line.reason), now) for line in list(news.values())[:room]],
    )
    return len(news)
