"""The small files that belong to the user: read within bounds, written whole or not at all."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path

MOST_BYTES = 1 << 20
"""What settings and saved views never reach."""


class NotReadable(Exception):
    """The file is there and cannot be used; the message says why, without its path."""


def read(path: Path) -> bytes | None:
    """Return what is in a file; None when there is none. Raises NotReadable."""
    try:
        # O_NONBLOCK: a named pipe in the file's place must not hang whoever asks.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise NotReadable("this is not a regular file")
            raw = file.read(MOST_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise NotReadable(f"cannot be read: {error.strerror}") from None
    if len(raw) > MOST_BYTES:
        raise NotReadable("larger than 1 MiB")
    return raw


def write(path: str | os.PathLike[str], data: bytes) -> None:
    """Replace a file, readable by its owner only. Raises OSError, and then it is as it was."""
    target = os.path.realpath(path)  # it may be a link into a repository of dotfiles; the link stays
    draft = f"{target}.{os.urandom(4).hex()}"
    os.makedirs(os.path.dirname(target), mode=0o700, exist_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, target)
    except BaseException:
        with suppress(OSError):
            os.unlink(draft)
        raise
