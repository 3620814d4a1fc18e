"""Where the database may live, and how it must be opened there.

Three things are found out before the first byte is written: whether the file can be trusted (ours,
no link), whether its folder takes writes, and whether its file system can carry a write-ahead log,
which needs memory shared by all who open the file. Over a network there is none, and SQLite would
damage the file (sqlite.org/wal.html); some file systems say they can and fail at the first write.
"""

from __future__ import annotations

import errno
import os
import sqlite3
import stat
from collections.abc import Mapping
from dataclasses import field
from datetime import UTC, datetime
from typing import Any
from zlib import crc32

from tokentui.frozen import dataclass
from tokentui.store.errors import DiskFull, ReadOnly, StoreError, Unsafe
from tokentui.store.faults import classify, explained
from tokentui.store.mounts import MOUNTINFO, file_system_of, is_network, is_ordinary
from tokentui.text import clean

COMPANIONS = ("-wal", "-shm", "-journal")
"""What SQLite keeps beside a database, by the ending it adds to its name."""

WITHOUT_WAL: Mapping[str, Any] = {
    "journal_mode": "TRUNCATE",
    "synchronous": "FULL",
    "locking_mode": "EXCLUSIVE",
}
"""How a database is opened where no memory can be shared: by one connection alone."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the database is, and the keyword arguments `connection.connect` opens it with."""

    path: str
    options: dict[str, Any] = field(default_factory=dict)
    notices: tuple[str, ...] = ()
    """What the user must know about it, as sentences."""
    writable: bool = True
    temporary: bool = False
    """It stands in for one that cannot be written, and goes when the machine restarts."""

    @property
    def exclusive(self) -> bool:
        """Only one connection can have it open: readers must go through the writer's."""
        return self.options.get("locking_mode") == "EXCLUSIVE"

    @property
    def lease(self) -> str:
        """The lock file of whoever writes this database."""
        return os.path.join(os.path.dirname(self.path), "writer.lock")


def choose(
    path: str | os.PathLike[str],
    *,
    mountinfo: str = MOUNTINFO,
    environ: Mapping[str, str] = os.environ,
) -> Place:
    """Return how the database at `path` can be used, making its folder (0700) where it is missing.

    Where nothing can be written, a database that exists is opened as it stands, and a missing one
    is replaced by one in memory. Raises Unsafe for a file that is not the user's own or is no plain
    file, ReadOnly when there is no place at all, DiskFull.
    """
    where = os.path.abspath(path)
    folder = os.path.dirname(where)
    refuse_unsafe(where)
    try:
        with explained(where):
            make_folder(folder)
            _require_writable(where)
    except ReadOnly:
        return _read_only(where, environ)
    # Shared folders and slim systems: what the table of mounts says is checked by trying.
    kind = file_system_of(folder, mountinfo)
    if is_network(kind):
        what = f"a network file system ({clean(kind)})"
    elif not is_ordinary(kind) and not takes_wal(folder):
        what = "a file system that cannot share memory between programs"
    else:
        return Place(where)
    return Place(where, dict(WITHOUT_WAL), (_network_notice(where, what),))


def refuse_unsafe(path: str) -> None:
    """Raise Unsafe unless the database and its companions are absent, or plain files of this user."""
    for name in (path, *(path + ending for ending in COMPANIONS)):
        try:
            found = os.lstat(name)
        except OSError:
            continue
        shown = clean(name, 500)
        if stat.S_ISLNK(found.st_mode):
            hint = "set TOKENTUI_HOME to the folder it leads to"
            raise Unsafe(f"{shown} is a symbolic link", hint, path=path)
        if not stat.S_ISREG(found.st_mode):
            raise Unsafe(f"{shown} is no plain file", "move it out of the way", path=path)
        if found.st_uid != os.geteuid():
            raise Unsafe(
                f"{shown} belongs to another user (uid {found.st_uid})",
                "run tokentui as that user, without sudo, or set TOKENTUI_HOME", path=path,
            )


def make_folder(folder: str) -> None:
    """Make a folder and what is missing above it, each for this user alone (0700). Raises OSError."""
    missing = []
    while not os.path.isdir(folder):
        missing.append(folder)
        folder = os.path.dirname(folder)
    for name in reversed(missing):
        try:
            os.mkdir(name, 0o700)
        except FileExistsError:  # another tokentui was faster; a file in the way is an error below
            if not os.path.isdir(name):
                raise


def takes_wal(folder: str) -> bool:
    """Whether a write-ahead log works in `folder`, tried in a throw-away database.

    A file system may accept `PRAGMA journal_mode=WAL` and fail at the first write, so one connection
    writes and a second one reads. A full disk proves nothing and counts as yes.
    """
    import shutil  # these two take 8 ms, and few folders need the trial
    import tempfile

    try:
        probe = tempfile.mkdtemp(prefix=".probe-", dir=folder)
    except OSError:
        return True
    file = os.path.join(probe, "probe.db")
    try:
        with _opened(file) as writer, _opened(file) as reader:
            mode = writer.execute("PRAGMA journal_mode=WAL").fetchone()[0]
            writer.execute("PRAGMA synchronous=OFF")
            writer.execute("CREATE TABLE probe (x)")
            writer.execute("INSERT INTO probe VALUES (1)")
            return bool(mode == "wal" and reader.execute("SELECT x FROM probe").fetchone() == (1,))
    except sqlite3.Error as error:
        return isinstance(classify(error, file), DiskFull)
    finally:
        shutil.rmtree(probe, ignore_errors=True)


class _opened:
    """A connection that is closed at the end of the block (sqlite3's own only ends a transaction)."""

    def __init__(self, path: str) -> None:
        self._connection = sqlite3.connect(path, timeout=1, isolation_level=None)

    def __enter__(self) -> sqlite3.Connection:
        return self._connection

    def __exit__(self, *exc_info: object) -> None:
        self._connection.close()


def _require_writable(path: str) -> None:
    """Raise OSError unless the file and its folder take writes; take back rights others have on it."""
    # Nothing is opened: closing it would drop the locks of every connection this process has to the file.
    try:
        mode = os.lstat(path).st_mode
    except FileNotFoundError:
        pass
    else:
        if stat.S_ISLNK(mode):
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)
        if not os.access(path, os.R_OK | os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)
        if mode & 0o077:
            os.chmod(path, 0o600)
    folder = os.path.dirname(path)
    if not os.access(folder, os.W_OK | os.X_OK):  # also said by a file system that is mounted read-only
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), folder)


def _read_only(path: str, environ: Mapping[str, str]) -> Place:
    try:
        found = os.stat(path)
        readable = found.st_size > 0 and os.access(path, os.R_OK)
    except OSError:
        readable = False
    shown = clean(path, 500)
    if not readable:
        return Place(
            _in_memory(path, environ), {},
            (f"{shown} cannot be written: what is read now is kept in memory, until the machine restarts",),
            temporary=True,
        )
    # A database in a folder without writes opens only as immutable: not even a lock can be taken.
    day = datetime.fromtimestamp(found.st_mtime, UTC).strftime("%Y-%m-%d %H:%M UTC")
    notice = f"{shown} cannot be written: this is how it stood on {day}, and nothing new is recorded"
    if _size(path + "-wal"):
        notice += "; what came last may be missing, as its log cannot be read here"
    return Place(path, {"read_only": True, "immutable": True}, (notice,), writable=False)


def _in_memory(path: str, environ: Mapping[str, str]) -> str:
    """Return a path for a database in a private folder of a file system in memory.

    The name depends on the real path only, so that a second program finds the same one.
    """
    import tempfile

    name = f"tokentui-{os.geteuid()}-{crc32(os.fsencode(path)):08x}"
    for parent in (environ.get("XDG_RUNTIME_DIR"), "/dev/shm", tempfile.gettempdir()):
        if not parent:
            continue
        folder = os.path.join(parent, name)
        try:
            make_folder(folder)
            found = os.lstat(folder)
            # Others may write to /dev/shm and could have made a folder of this name.
            mine = stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and not found.st_mode & 0o077
            if not mine:
                continue
            file = os.path.join(folder, os.path.basename(path))
            refuse_unsafe(file)
            _require_writable(file)
        except (OSError, StoreError):
            continue
        return file
    raise ReadOnly(
        f"neither {clean(path, 500)} nor a temporary folder can be written",
        "set TOKENTUI_HOME to a folder you can write", path=path,
    )


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return 0


def _network_notice(path: str, what: str) -> str:
    return (
        f"{clean(os.path.dirname(path), 500)} is on {what}: the database is opened by one program at a time "
        "and is slower; set TOKENTUI_HOME to a folder on a local disk"
    )
