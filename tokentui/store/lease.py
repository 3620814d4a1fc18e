"""The writer lease: of all processes on a machine, one writes the database and checkpoints its log.

A `flock` belongs to the open file, so the kernel gives it back however the holder ends, kill -9
included; nothing stale is ever left behind. One writer also rules out the conditions of SQLite's
WAL-reset bug (3.7.0 to 3.51.2), which needs two connections that write or checkpoint.
"""

from __future__ import annotations

import fcntl
import os
import stat
from contextlib import suppress

from tokentui.store.errors import StoreError, Unsafe
from tokentui.store.faults import explained
from tokentui.text import clean


class Lease:
    """The right to write the database whose folder the lock file at `path` lies in."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = os.fspath(path)
        self._descriptor: int | None = None
        self._owner = 0
        os.register_at_fork(after_in_child=self._forget_inherited)

    @property
    def held(self) -> bool:
        """Whether this very process holds the lease; a forked child of the holder does not."""
        return self._descriptor is not None and self._owner == os.getpid()

    def acquire(self) -> bool:
        """Take the lease if it is free, without waiting; true when it is held.

        Raises Unsafe when the lock file is no plain file of this user, StoreError when it cannot
        be opened.
        """
        if self.held:
            return True
        descriptor = self._open()
        if not self._locked(descriptor):
            os.close(descriptor)
            return False
        if not self._is_current(descriptor):  # somebody removed the file between open and flock
            os.close(descriptor)
            return False
        self._descriptor, self._owner = descriptor, os.getpid()
        # On a full disk the pid is missing, nothing else: the lock is the truth, the pid a courtesy.
        with suppress(OSError):
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, b"%d\n" % self._owner, 0)
        return True

    def release(self) -> None:
        """Give the lease back; harmless when it is not held. The file stays, as others may wait on it."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is None:
            return
        if self._owner == os.getpid():
            with suppress(OSError):
                os.ftruncate(descriptor, 0)
        os.close(descriptor)

    def lost(self) -> bool:
        """Whether the lock file was removed or replaced while the lease was held.

        Another process can then hold a lease of the same name: the holder must stop writing.
        """
        return self._descriptor is not None and not self._is_current(self._descriptor)

    def __enter__(self) -> Lease:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.release()

    def _forget_inherited(self) -> None:
        """Close a copy that came with a fork. flock counts copies: one left open would keep the lease."""
        if self._descriptor is not None and self._owner != os.getpid():
            descriptor, self._descriptor = self._descriptor, None
            with suppress(OSError):
                os.close(descriptor)

    def _is_current(self, descriptor: int) -> bool:
        try:
            there = os.stat(self.path, follow_symlinks=False)
        except OSError:
            return False
        mine = os.fstat(descriptor)
        return (there.st_dev, there.st_ino) == (mine.st_dev, mine.st_ino)

    def _locked(self, descriptor: int) -> bool:
        """Lock the open file if nobody holds it."""
        try:
            # Somebody who only asks (see `holder`) has a shared lock for an instant: that is no holder.
            for _ in range(10):
                if _flock(descriptor, fcntl.LOCK_EX):
                    return True
                if not _flock(descriptor, fcntl.LOCK_SH):
                    return False
        except OSError as error:  # no locks on this file system
            os.close(descriptor)
            message = f"the file system cannot lock {clean(self.path, 500)}: {clean(error.strerror)}"
            hint = "put the data on a local disk: set TOKENTUI_HOME"
            raise StoreError(message, hint, path=self.path) from error
        return False

    def _open(self) -> int:
        shown = clean(self.path, 500)
        if os.path.islink(self.path):
            raise Unsafe(f"{shown} is a symbolic link", "remove the link", path=self.path)
        with explained(self.path):
            flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
            descriptor = os.open(self.path, flags, 0o600)
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid():
            os.close(descriptor)
            raise Unsafe(f"{shown} is no file of yours", "move it out of the way", path=self.path)
        return descriptor


def holder(path: str | os.PathLike[str]) -> int | None:
    """Return the pid of the process that holds the lease; None when nobody does, or nobody can tell."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError:
        return None
    try:
        if _flock(descriptor, fcntl.LOCK_SH):
            return None
        text = os.read(descriptor, 32).strip()
        return int(text) if text.isdigit() else None
    except OSError:
        return None
    finally:
        os.close(descriptor)


def _flock(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
