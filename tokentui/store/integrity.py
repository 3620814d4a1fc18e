"""Is the database sound? When to look, how to look, and what `doctor` says of it.

SQLite has no checksums: `quick_check` finds every truncation and most lost pages, but only one of
fifteen single flipped bytes. It reads the whole file (0.2 s at 128 MB), so it runs after an
unclean stop and once a week, and not at every start.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, suppress
from urllib.parse import quote

from tokentui.frozen import dataclass
from tokentui.store.errors import Corrupt
from tokentui.store.faults import classify
from tokentui.text import clean

WEEK = 7 * 86_400 * 1_000_000
"""Microseconds between two checks of a database that was always closed well."""

SMALLEST = 512
"""Bytes of the smallest page; SQLite takes a file of fewer than 100 for an empty database."""

MOST_PROBLEMS = 20
"""How many findings of a check are kept: one damaged page can cause thousands."""


@dataclass(frozen=True, slots=True)
class IntegrityReport:
    """The state of the database file."""

    path: str
    problems: tuple[str, ...]
    """What the check found, in SQLite's words; empty for a sound database."""
    size_bytes: int
    log_bytes: int
    """Size of the write-ahead log that is not yet part of the file."""
    checked_at: int | None
    """UTC epoch microseconds of the last check that found nothing."""
    unclean_stop: bool
    """A writer is at work, or the last one ended without closing the database."""
    sqlite_version: str = sqlite3.sqlite_version
    has_wal_reset_bug: bool = False
    """This SQLite can damage a database that two connections write; tokentui writes with one."""

    @property
    def ok(self) -> bool:
        """Whether nothing was found."""
        return not self.problems


def integrity(path: str | os.PathLike[str], *, immutable: bool = False) -> IntegrityReport:
    """Check the database now and return what is known of its state; changes nothing.

    Raises FileNotFoundError when there is none, Locked when another program keeps it for itself.
    """
    name = os.fspath(path)
    size = os.stat(name).st_size
    return IntegrityReport(
        path=name,
        problems=tuple(problems(name, immutable=immutable)),
        size_bytes=size,
        log_bytes=_size(name + "-wal"),
        checked_at=checked_at(name),
        unclean_stop=was_unclean(name),
        has_wal_reset_bug=has_wal_reset_bug(),
    )


def problems(
    path: str,
    *,
    read_only: bool = True,
    immutable: bool = False,
    exclusive: bool = False,
    timeout: float = 5.0,
) -> list[str]:
    """Return what `PRAGMA quick_check` finds wrong, at most 20 lines; nothing for a sound database.

    A file that is no database at all is one problem. Unless `read_only`, what an unclean stop left in
    the log is moved to the file at the end. `exclusive` keeps a database with a log from sharing
    memory where none can be shared (see `Place.exclusive`). `timeout` is how many seconds other
    programs are waited for. Raises Locked, ReadOnly, DiskFull or Other when the check itself cannot
    be made.
    """
    if 0 < _size(path) < SMALLEST:
        return ["the file ends inside its header"]
    mode = "mode=ro&immutable=1" if immutable else f"mode={'ro' if read_only else 'rw'}"
    try:
        address = f"file:{quote(os.path.abspath(path))}?{mode}"
        with closing(sqlite3.connect(address, uri=True, timeout=timeout)) as connection:
            if exclusive:
                connection.execute("PRAGMA locking_mode=EXCLUSIVE")
            connection.execute("PRAGMA mmap_size=0")
            found = [clean(row[0]) for row in connection.execute(f"PRAGMA quick_check({MOST_PROBLEMS})")]
            (page,) = connection.execute("PRAGMA page_size").fetchone()
    except sqlite3.Error as error:
        reason = classify(error, path)
        # A damaged page can also surface as an I/O error: the file is shorter than it says.
        if isinstance(reason, Corrupt) or _is_short_read(error):
            return [clean(error)]
        raise reason from error
    return [line for line in found if line != "ok"] or _cut_page(path, page)


def check_due(path: str, now: int) -> bool:
    """Whether the database should be checked before it is written: unclean stop, or a week went by.

    `now` is in epoch microseconds. A check that lies in the future does not count.
    """
    last = checked_at(path)
    return was_unclean(path) or last is None or not 0 <= now - last < WEEK


def mark_checked(path: str, now: int) -> None:
    """Remember that a check at `now` (epoch µs) found nothing."""
    _write_mark(path + ".checked", str(now))


def checked_at(path: str) -> int | None:
    """Return when the last check found nothing (epoch µs); None when that is not known."""
    try:
        with open(path + ".checked", "rb") as mark:
            text = mark.read(32).strip()
    except OSError:
        return None
    return int(text) if text.isdigit() else None


def mark_running(path: str) -> None:
    """Note that a writer opened the database; only `mark_closed` takes it back."""
    _write_mark(path + ".running", str(os.getpid()))


def mark_closed(path: str) -> None:
    """Note that the writer closed the database as it should be."""
    with suppress(OSError):
        os.unlink(path + ".running")


def was_unclean(path: str) -> bool:
    """Whether the last writer did not close the database, or one is at work now."""
    return os.path.lexists(path + ".running")


class Watch:
    """Tells whether the file that was opened is still the one at its path."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = os.fspath(path)
        self._seen = _identity(self.path)

    def vanished(self) -> bool:
        """Whether the file was removed or replaced since; one `stat`, cheap enough for every tick."""
        return _identity(self.path) != self._seen


def has_wal_reset_bug(version: tuple[int, ...] = sqlite3.sqlite_version_info) -> bool:
    """Whether SQLite is one of 3.7.0 to 3.51.2 without the fix (sqlite.org/wal.html, WAL-reset bug)."""
    fixed = version >= (3, 51, 3) or (3, 44, 6) <= version < (3, 45) or (3, 50, 7) <= version < (3, 51)
    return not fixed


def _identity(path: str) -> tuple[int, int] | None:
    try:
        found = os.stat(path, follow_symlinks=False)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return 0


def _cut_page(path: str, page: int) -> list[str]:
    """Return what is wrong when the last page of `page` bytes is cut: SQLite reads what is missing as zeros.

    The file is not opened for that: closing it would undo the locks that this process's own connections
    have on it (sqlite.org/howtocorrupt.html, 2.2).
    """
    if _size(path + "-wal") or _size(path + "-journal"):
        return []  # a power failure can cut a page that the log or journal still holds
    cut = _size(path) % page
    return [f"the last page is cut after {cut} bytes"] if cut else []


def _is_short_read(error: sqlite3.Error) -> bool:
    return getattr(error, "sqlite_errorname", "") in ("SQLITE_IOERR_SHORT_READ", "SQLITE_IOERR_CORRUPTFS")


def _write_mark(path: str, text: str) -> None:
    """Write a small private file. A disk without space must not stop anything, so failures are nothing."""
    with suppress(OSError):
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(path, flags, 0o600)
        try:
            os.write(descriptor, text.encode())
        finally:
            os.close(descriptor)
