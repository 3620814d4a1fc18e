"""Titles of Codex's sessions: `session_index.jsonl` beside the rollouts, then its database of threads.

The index is appended to, its newest line of a thread counts: `{"id", "thread_name", "updated_at"}`. The
database `state_N.sqlite` has `threads(id, title, first_user_message, …)`. The title of an unnamed thread is
its first message, whole or cut: the text of a prompt, which is never kept. The database belongs to a program
that may be writing: it is opened for reading only, and where that fails the titles that are known stay.
"""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import tempfile
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

import msgspec

INDEX_BYTES = 4 << 20
"""Of the index's end: a line is about 130 bytes."""

BUSY_SECONDS = 0.1
"""How long to wait for the program that writes the database."""

_STATE = re.compile(r"state_(\d+)\.sqlite")
_FOLDERS = ("sessions", "archived_sessions")


class _Line(msgspec.Struct, gc=False):
    id: str | None = None
    thread_name: str | None = None


_decode = msgspec.json.Decoder(_Line).decode


def titles(paths: Iterable[str]) -> dict[str, str]:
    """Return titles by conversation id, of all sessions of the homes that the rollouts lie in."""
    found: dict[str, str] = {}
    for home in {home for path in paths if (home := _home(path))}:
        found |= _database(home)
        found |= _index(home / "session_index.jsonl")
    return found


def _home(path: str) -> Path | None:
    parents = Path(path).parents
    return next((parent.parent for parent in parents if parent.name in _FOLDERS), None)


def _index(path: Path) -> dict[str, str]:
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            file.seek(max(size - INDEX_BYTES, 0))
            lines = file.read(INDEX_BYTES).splitlines()
    except OSError:
        return {}
    found = {}
    for line in lines:
        try:
            said = _decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            continue
        if said.id and said.thread_name:
            found[said.id] = said.thread_name
    return found


def _database(home: Path) -> dict[str, str]:
    """Return what the newest database says; nothing where it cannot be read as it is."""
    folder = Path(os.environ.get("CODEX_SQLITE_HOME") or home)
    try:
        known = [(int(match[1]), name) for name in os.listdir(folder) if (match := _STATE.fullmatch(name))]
        if not known:
            return {}
        path = folder / max(known)[1]
        try:
            return _threads(path)
        except sqlite3.OperationalError:
            # A WAL database needs a file beside it, which a folder that cannot be written does not get.
            return {} if os.access(folder, os.W_OK) else _threads_of_copy(path)
    except (OSError, sqlite3.Error):
        return {}


def _threads(path: Path) -> dict[str, str]:
    uri = f"{path.absolute().as_uri()}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS)) as connection:
        connection.execute("PRAGMA query_only = 1")
        rows = connection.execute("SELECT id, title, first_user_message FROM threads")
        return {
            id: title
            for id, title, said in rows
            if isinstance(id, str) and isinstance(title, str) and _is_name(title, said)
        }


def _is_name(title: str, said: object) -> bool:
    """Say whether a title is more than the beginning of what the user wrote first."""
    words = " ".join(title.split()).rstrip("….").strip()
    return bool(words) and isinstance(said, str) and not " ".join(said.split()).startswith(words)


def _threads_of_copy(path: Path) -> dict[str, str]:
    with tempfile.TemporaryDirectory(prefix="tokentui-") as folder:
        for suffix in ("", "-wal"):
            if os.path.exists(f"{path}{suffix}"):
                shutil.copyfile(f"{path}{suffix}", os.path.join(folder, path.name + suffix))
        return _threads(Path(folder) / path.name)
