"""What went wrong, in words a person can act on, found behind whatever exception came up.

The exception that surfaces is often not the one that happened: on a full disk SQLite ends the
transaction by itself, the rollback that follows fails as well, and only `__context__` still knows
of the disk. So the whole chain is read, and the most telling error in it decides.
"""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from tokentui.store.errors import (
    Corrupt,
    DiskFull,
    Locked,
    OlderDatabase,
    Other,
    ReadOnly,
    StoreError,
    Vanished,
)
from tokentui.text import clean

_LITTLE = 1 << 18
"""Below 256 KB of free space an I/O error is taken for a full disk: SQLite says so for quotas and -shm."""

# In the order of what explains more. Names are SQLite's result codes (sqlite.org/rescode.html), of
# which the extended ones begin with the primary one.
_BY_NAME: tuple[tuple[str, type[StoreError]], ...] = (
    ("SQLITE_FULL", DiskFull),
    ("SQLITE_CORRUPT", Corrupt),
    ("SQLITE_NOTADB", Corrupt),
    ("SQLITE_READONLY_DBMOVED", Vanished),
    ("SQLITE_READONLY", ReadOnly),
    ("SQLITE_PERM", ReadOnly),
    ("SQLITE_BUSY", Locked),
    ("SQLITE_LOCKED", Locked),
    ("SQLITE_PROTOCOL", Locked),
)

# SQLite's words, for errors that lost their code on the way (pickled by a worker process).
_BY_WORDS: tuple[tuple[str, type[StoreError]], ...] = (
    ("database or disk is full", DiskFull),
    ("database disk image is malformed", Corrupt),
    ("file is not a database", Corrupt),
    ("attempt to write a readonly database", ReadOnly),
    ("database is locked", Locked),
    ("database table is locked", Locked),
    ("locking protocol", Locked),
    ("no such column", OlderDatabase),
    ("no such table", OlderDatabase),
)

_BY_ERRNO: dict[int, type[StoreError]] = {
    errno.ENOSPC: DiskFull,
    errno.EDQUOT: DiskFull,
    errno.EROFS: ReadOnly,
    errno.EACCES: ReadOnly,
    errno.EPERM: ReadOnly,
}

_SENTENCES: dict[type[StoreError], tuple[str, str]] = {
    DiskFull: (
        "the disk is full where {path} lives",
        "free some space: nothing is lost, and it goes on by itself",
    ),
    Corrupt: (
        "the database {path} is damaged ({words})",
        "start tokentui again: it sets the file aside, restores the newest backup and re-reads the logs",
    ),
    Vanished: (
        "the database {path} was removed or replaced while it was open",
        "nothing to do: a new one is made and the logs are read again",
    ),
    ReadOnly: (
        "{path} cannot be written ({words})",
        "see the permissions of the file and its folder, or set TOKENTUI_HOME to a folder you can write",
    ),
    Locked: (
        "another program holds the database {path}",
        "close it (a database browser, a sqlite3 shell, a backup); it is tried again until then",
    ),
    OlderDatabase: (
        "the database {path} is as an older tokentui left it ({words})",
        "end the older one where it still runs (a dashboard, a service): this one then brings it up to date",
    ),
    Other: ("the database {path} failed: {words}", "`tokentui doctor` checks the database"),
}


def classify(error: BaseException, path: str | os.PathLike[str] = "") -> StoreError:
    """Return the error of the store that explains `error`, which may be a chain of several.

    A StoreError in the chain comes back as it is. `path` is the database, for the sentence and to see whether
    its disk is full.
    """
    links = list(_chain(error))
    for link in links:
        if isinstance(link, StoreError):
            return link
    place = os.fspath(path)
    kind, words = _most_telling(links, place)
    message, hint = _SENTENCES[kind]
    shown = clean(place, 500) or "of tokentui"
    return kind(message.format(path=shown, words=clean(words)), hint, path=place)


@contextmanager
def explained(path: str | os.PathLike[str] = "") -> Iterator[None]:
    """Raise what the database or its disk does wrong inside the block as a StoreError.

    Mistakes of the program itself (TypeError, KeyError …) pass as they are.
    """
    try:
        yield
    except StoreError:
        raise
    except Exception as error:
        if not any(isinstance(link, (sqlite3.Error, OSError)) for link in _chain(error)):
            raise
        raise classify(error, path) from error


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield the error and all that led to it, hidden ones (`raise … from None`) included."""
    waiting, seen = [error], set[int]()
    while waiting:
        link = waiting.pop()
        if id(link) in seen:
            continue
        seen.add(id(link))
        yield link
        waiting += [cause for cause in (link.__context__, link.__cause__) if cause is not None]


def _most_telling(links: list[BaseException], path: str) -> tuple[type[StoreError], str]:
    names = [(str(getattr(link, "sqlite_errorname", "")), str(link)) for link in links]
    for code, kind in _BY_NAME:
        for name, words in names:
            if name.startswith(code):
                return kind, words
    for link in links:
        if isinstance(link, OSError) and link.errno in _BY_ERRNO:
            return _BY_ERRNO[link.errno], link.strerror or ""
    for said, kind in _BY_WORDS:
        for name, words in names:
            if name in ("", "SQLITE_ERROR") and said in words:
                return kind, words
    for name, words in names:
        if name.startswith(("SQLITE_IOERR", "SQLITE_CANTOPEN")):
            return _behind_io_error(path), f"{words}, {name}"
    return Other, str(links[0]) or type(links[0]).__name__


def _behind_io_error(path: str) -> type[StoreError]:
    """Return what an unspecific I/O error most likely means, going by the state of the disk."""
    folder = os.path.dirname(os.path.abspath(path)) if path else ""
    try:
        disk = os.statvfs(folder)
    except OSError:
        return Other
    if disk.f_bavail * disk.f_frsize < _LITTLE or (disk.f_files and not disk.f_favail):
        return DiskFull
    return Other if os.access(folder, os.W_OK) else ReadOnly
