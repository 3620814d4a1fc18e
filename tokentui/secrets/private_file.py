"""Files that only their owner may read: opened without following links, written whole or not at all."""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

OTHERS = 0o077
"""Mode bits by which group or others could read, write or run a file."""

DRAFT = ".vault."
"""How the names of files begin that are being written."""

STALE_DRAFT_SECONDS = 3600
"""A draft this old was left by a process that was killed."""

READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class NotPrivate(Exception):
    """A file is not ours alone; the message says how, `hint` what makes it so."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


class Held(Exception):
    """Another process holds the lock."""


def read(path: str, most: int, *, forbidden: int = OTHERS, owners: tuple[int, ...] = ()) -> bytes:
    """Return what a private file holds, at most `most` + 1 bytes.

    Raises `NotPrivate` for a link, another owner than us or `owners`, a mode with a `forbidden` bit,
    or what is no regular file; OSError when there is none or it cannot be read.
    """
    try:
        descriptor = os.open(path, READ)
    except OSError as error:
        if error.errno != errno.ELOOP:
            raise
        descriptor = -1
    if descriptor < 0:
        raise NotPrivate("this is a symbolic link", "name the file itself, not a link to it")
    try:
        _check(os.fstat(descriptor), path, forbidden, (os.geteuid(), *owners))
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            return file.read(most + 1)
    finally:
        os.close(descriptor)


def check_folder(path: str) -> None:
    """Raise `NotPrivate` unless a folder is ours and nobody else can put files into it."""
    found = os.stat(path)
    if found.st_uid != os.geteuid():
        raise NotPrivate("its folder belongs to another user", f"own it: chown {os.geteuid()} {path}")
    if found.st_mode & 0o022:
        raise NotPrivate("others may write into its folder", f"close it: chmod 700 {path}")


def write(path: str, data: bytes) -> None:
    """Replace a file by `data`, readable by its owner only: whole or not at all. Raises OSError.

    Whoever is killed in between leaves the old file, and a draft that `sweep` removes.
    """
    folder = os.path.dirname(path)
    draft = os.path.join(folder, f"{DRAFT}{os.urandom(6).hex()}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(draft, flags, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(descriptor, 0o600)  # an unusual umask must not make it unreadable to us
            file.write(data)
            file.flush()
            os.fsync(descriptor)
        os.replace(draft, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(draft)
        raise
    _sync_folder(folder)


def sweep(folder: str, now: float | None = None) -> None:
    """Remove drafts that killed processes left more than an hour ago."""
    oldest = (time.time() if now is None else now) - STALE_DRAFT_SECONDS
    with suppress(OSError):
        for entry in os.scandir(folder):
            if entry.name.startswith(DRAFT):
                with suppress(OSError):
                    if entry.stat(follow_symlinks=False).st_mtime < oldest:
                        os.unlink(entry.path)


@contextmanager
def locked(path: str, seconds: float) -> Iterator[None]:
    """Hold a lock file for the block, also against other threads. Raises `Held` after `seconds`, OSError."""
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    descriptor = os.open(path, flags, 0o600)
    try:
        _wait_for(descriptor, time.monotonic() + seconds)
        yield
    finally:
        os.close(descriptor)


def make_folder(path: str) -> None:
    """Make a folder that only we can enter, and those above it. Raises OSError."""
    Path(path).mkdir(mode=0o700, parents=True, exist_ok=True)


def _check(found: os.stat_result, path: str, forbidden: int, owners: tuple[int, ...]) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise NotPrivate("this is not a regular file", "name a file")
    if found.st_uid not in owners:
        raise NotPrivate("it belongs to another user", f"own it: chown {os.geteuid()} {path}")
    if found.st_mode & forbidden:
        mode = stat.S_IMODE(found.st_mode)
        raise NotPrivate(f"others may open it (mode {mode:04o})", f"close it: chmod 600 {path}")


def _wait_for(descriptor: int, deadline: float) -> None:
    pause = 0.001
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            held = time.monotonic() >= deadline
        if held:
            raise Held
        time.sleep(pause)
        pause = min(pause * 2, 0.05)


def _sync_folder(folder: str) -> None:
    with suppress(OSError):  # some file systems cannot; the rename is then as durable as they make it
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
