"""The vault's file on disk: read only when it is ours alone, written whole, with a copy beside it."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager

from tokentui.secrets import document as shape
from tokentui.secrets import private_file
from tokentui.secrets.document import Document
from tokentui.secrets.errors import (
    NoVault,
    VaultBusy,
    VaultDamaged,
    VaultError,
    VaultExists,
    VaultUnsafe,
    VaultUnwritable,
)
from tokentui.secrets.private_file import Held, NotPrivate

LOCK_SECONDS = 5.0
"""How long a change waits for another process to end its own; one takes milliseconds."""


def exists(path: str) -> bool:
    """Tell whether there is something at the vault's place, even a broken link."""
    return os.path.lexists(path)


def read(path: str) -> Document:
    """Return what the vault says. Raises `VaultError`."""
    return shape.load(_bytes(path), path)


def write(path: str, document: Document, *, forget: bool) -> None:
    """Replace the vault; the copy beside it becomes the previous one. Raises `VaultUnwritable`.

    With `forget` the copy becomes the new one as well: what was taken out is in neither.
    """
    new = shape.dump(document)
    try:
        private_file.sweep(os.path.dirname(path))
        if len(new) > shape.MOST_BYTES:
            raise OSError(errno.EFBIG, "it would be larger than 1 MiB")
        if forget or not os.path.lexists(path):
            private_file.write(shape.backup_of(path), new)
        else:
            private_file.write(shape.backup_of(path), _bytes(path))
        private_file.write(path, new)
    except OSError as error:
        problem = _unwritable(path, error)
    else:
        return
    raise problem


@contextmanager
def changing(path: str, *, new: bool = False) -> Iterator[None]:
    """Keep every other process and thread from changing the vault. Raises `VaultError`."""
    problem: VaultError | None = None
    try:
        folder = os.path.dirname(path)
        if new:
            private_file.make_folder(folder)
        private_file.check_folder(folder)
        with private_file.locked(f"{path}.lock", LOCK_SECONDS):
            if new and exists(path):
                raise VaultExists(f"{path}: there is a vault already", "tokentui vault status shows it")
            yield
    except Held:
        problem = VaultBusy(f"{path}: another tokentui is changing the vault", "try again in a moment")
    except NotPrivate as refused:
        problem = VaultUnsafe(f"{path}: {refused}", refused.hint)
    except FileNotFoundError:
        problem = _absent(path)
    except OSError as error:
        problem = _unwritable(path, error)
    if problem:
        raise problem


def _bytes(path: str) -> bytes:
    problem: VaultError
    try:
        private_file.check_folder(os.path.dirname(path))
        return private_file.read(path, shape.MOST_BYTES)
    except NotPrivate as refused:
        problem = VaultUnsafe(f"{path}: the vault is refused: {refused}", refused.hint)
    except (FileNotFoundError, NotADirectoryError):
        problem = _absent(path)
    except OSError as error:
        problem = VaultDamaged(f"{path}: cannot be read: {error.strerror}", "see whether it is yours: ls -l")
    raise problem


def _absent(path: str) -> NoVault:
    return NoVault(f"{path}: there is no vault yet", "make one: tokentui vault init")


def _unwritable(path: str, error: OSError) -> VaultUnwritable:
    hints = {
        errno.ENOSPC: "make room on this disk",
        errno.EDQUOT: "make room in your quota",
        errno.EROFS: "this file system is read-only",
        errno.EFBIG: "remove keys that are not used any more",
    }
    hint = hints.get(error.errno or 0, "see whether its folder is yours")
    reason = error.strerror or type(error).__name__
    return VaultUnwritable(f"{path}: the vault cannot be written and is unchanged: {reason}", hint)
