"""Copies of the database: one a day, one before every migration, each checked before it counts.

`VACUUM INTO` writes a consistent copy beside a writer at work (0.55 s for 128 MB), under a name
that no one takes for a backup; only when it is on the disk and sound does it get its real name.
"""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Iterable
from contextlib import closing, suppress
from datetime import UTC, date, datetime, timedelta
from urllib.parse import quote

from tokentui.frozen import dataclass
from tokentui.store.errors import Corrupt, DiskFull, StoreError
from tokentui.store.faults import explained
from tokentui.store.integrity import problems
from tokentui.store.place import COMPANIONS, make_folder
from tokentui.text import clean

DAYS_KEPT = 7
WEEKS_KEPT = 4
MIGRATIONS_KEPT = 3

DAY = 86_400 * 1_000_000
"""Microseconds between two daily backups."""

_SPARE = 16 << 20
"""Bytes a backup leaves free on the disk: the database must be able to go on."""

_NAME = re.compile(r"tokentui-(\d{8}T\d{6})Z(-before-migration)?\.db")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Backup:
    """A copy of the database, as it was at one moment."""

    path: str
    made_at: int
    """UTC epoch microseconds, whole seconds."""
    before_migration: bool
    size_bytes: int


def listed(folder: str | os.PathLike[str]) -> list[Backup]:
    """Return the backups in `folder`, newest first; none where there is no such folder."""
    found = []
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            match = _NAME.fullmatch(entry.name)
            if match is None or not entry.is_file(follow_symlinks=False):
                continue
            with suppress(ValueError, OSError):  # no such day; gone meanwhile
                when = datetime.fromisoformat(match[1]).replace(tzinfo=UTC)
                made_at = (when - _EPOCH) // timedelta(microseconds=1)
                found.append(Backup(entry.path, made_at, match[2] is not None, entry.stat().st_size))
    return sorted(found, key=lambda backup: (backup.made_at, backup.path), reverse=True)


def due(folder: str | os.PathLike[str], now: int) -> bool:
    """Whether the last 24 hours before `now` (epoch µs) saw no backup; those of the future do not count."""
    daily = (backup for backup in listed(folder) if not backup.before_migration)
    return not any(0 <= now - backup.made_at < DAY for backup in daily)


def make(
    path: str | os.PathLike[str],
    folder: str | os.PathLike[str],
    now: int,
    *,
    connection: sqlite3.Connection | None = None,
) -> Backup:
    """Copy the database at `path` into `folder`, check the copy, and thin out the older ones.

    `connection` is one to copy through, where only one can have the database open. Raises DiskFull
    before the disk is, Corrupt when the copy is not sound, and the other errors of the store; then
    no backup was made and nothing is left behind.
    """
    backup = _copy(os.fspath(path), os.fspath(folder), now, "", connection)
    prune(folder)
    return backup


def before_migration(
    path: str | os.PathLike[str],
    folder: str | os.PathLike[str],
    now: int,
    *,
    connection: sqlite3.Connection | None = None,
) -> Backup | None:
    """Copy the database before its tables are changed; None when there is nothing in it yet.

    Raises as `make` does: what cannot be saved should not be migrated.
    """
    if not _size(os.fspath(path)):
        return None
    backup = _copy(os.fspath(path), os.fspath(folder), now, "-before-migration", connection)
    prune(folder)
    return backup


def newest_sound(folder: str | os.PathLike[str]) -> Backup | None:
    """Return the newest backup that passes a check; None when no one does."""
    return next((backup for backup in listed(folder) if is_sound(backup.path)), None)


def is_sound(path: str) -> bool:
    """Whether a file is a database without findings and not empty."""
    try:
        return _size(path) > 0 and not problems(path, immutable=True)
    except StoreError:
        return False


def restore(backup: str | os.PathLike[str], path: str | os.PathLike[str]) -> None:
    """Put a copy of `backup` in the place of the database at `path`, all of it or nothing.

    No connection may be open. Raises StoreError.
    """
    put(stage(backup, path), path)


def stage(backup: str | os.PathLike[str], path: str | os.PathLike[str]) -> str:
    """Copy `backup` beside the database at `path`, onto the disk, and return the copy's name.

    Everything that may fail for want of space fails here, while the database is untouched.
    """
    import shutil  # 4 ms that a start has no use for

    copy = os.fspath(path) + ".restoring"
    with explained(path):
        try:
            _private(copy)
            shutil.copyfile(backup, copy)
            _sync(copy)
        except BaseException:
            _remove(copy)
            raise
    return copy


def put(staged: str, path: str | os.PathLike[str]) -> None:
    """Make a staged copy the database at `path`. Raises StoreError.

    A log left by the former file goes first: SQLite would replay it into the copy.
    """
    target = os.fspath(path)
    with explained(target):
        for ending in COMPANIONS:
            with suppress(FileNotFoundError):
                os.unlink(target + ending)
        os.replace(staged, target)
        _sync(os.path.dirname(os.path.abspath(target)))


def prune(folder: str | os.PathLike[str]) -> None:
    """Remove what is older than the newest of each of 7 days, 4 weeks before them, and 3 migrations."""
    backups = listed(folder)
    kept = {backup.path for backup in kept_of(backups)}
    for backup in backups:
        if backup.path not in kept:
            _remove(backup.path)


def kept_of(backups: Iterable[Backup]) -> list[Backup]:
    """Return those of `backups` (newest first) that are worth their space.

    A week counts once no day of it is kept as one of the seven; its newest backup stands for it.
    """
    daily: dict[date, Backup] = {}
    weekly: dict[tuple[int, int], Backup] = {}
    migrations: list[Backup] = []
    for backup in backups:
        day = (_EPOCH + timedelta(microseconds=backup.made_at)).date()
        if backup.before_migration:
            migrations.append(backup)
        elif day in daily or len(daily) < DAYS_KEPT:
            daily.setdefault(day, backup)
        else:
            weekly.setdefault(day.isocalendar()[:2], backup)
    for kept in daily:
        weekly.pop(kept.isocalendar()[:2], None)
    return [*daily.values(), *list(weekly.values())[:WEEKS_KEPT], *migrations[:MIGRATIONS_KEPT]]


def _copy(path: str, folder: str, now: int, kind: str, connection: sqlite3.Connection | None) -> Backup:
    stamp = (_EPOCH + timedelta(microseconds=now)).strftime("%Y%m%dT%H%M%SZ")
    final = os.path.join(folder, f"tokentui-{stamp}{kind}.db")
    temporary = os.path.join(folder, f".unfinished-{stamp}{kind}.db")
    try:
        with explained(folder):
            make_folder(folder)
            _remove_unfinished(folder)
            _require_space(path, folder)
            _private(temporary)
        with explained(path):
            _vacuum_into(path, temporary, connection)
        with explained(folder):
            _sync(temporary)
            if not is_sound(temporary):
                raise Corrupt(
                    f"the copy of {clean(path, 500)} is not sound, so it was not kept as a backup",
                    "`tokentui doctor` checks the database and its disk", path=path,
                )
            os.replace(temporary, final)
            _sync(folder)
    except BaseException:
        for ending in ("", *COMPANIONS):
            _remove(temporary + ending)
        raise
    return Backup(final, now // 1_000_000 * 1_000_000, bool(kind), _size(final))


def _vacuum_into(path: str, target: str, connection: sqlite3.Connection | None) -> None:
    if connection is not None:
        connection.execute("VACUUM INTO ?", (target,))
        return
    # A reader by its mode: it must not checkpoint, which only the writer may.
    address = f"file:{quote(os.path.abspath(path))}?mode=ro"
    with closing(sqlite3.connect(address, uri=True, isolation_level=None)) as reader:
        reader.execute("VACUUM INTO ?", (target,))


def _require_space(path: str, folder: str) -> None:
    disk = os.statvfs(folder)
    free, needed = disk.f_bavail * disk.f_frsize, _size(path) + _size(path + "-wal") + _SPARE
    if free < needed:
        raise DiskFull(
            f"no room for a backup in {clean(folder, 500)}: {free >> 20} MB free, {needed >> 20} MB needed",
            "free some space; the database itself is not affected", path=folder,
        )


def _remove_unfinished(folder: str) -> None:
    """Remove what a killed process left: only the holder of the lease makes backups, so it is nobody's."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith(".unfinished-"):
                _remove(entry.path)


def _remove(path: str) -> None:
    with suppress(OSError):
        os.unlink(path)


def _private(path: str) -> None:
    """Make an empty file for this user alone, which VACUUM INTO and copyfile then fill."""
    with suppress(FileNotFoundError):
        os.unlink(path)
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600))


def _sync(path: str) -> None:
    """Wait until a file, or the names in a folder, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return 0
