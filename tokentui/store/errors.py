"""What can go wrong with the database, each with what to do next. One family: `StoreError`."""

from __future__ import annotations


class StoreError(Exception):
    """The database could not do what was asked.

    `str()` says what happened and where; `hint` says what to do next; `retry` is true when the same
    call may succeed later without anybody doing anything to the database itself.
    """

    retry = False

    def __init__(self, message: str, hint: str = "", *, path: str = "") -> None:
        super().__init__(message)
        self.hint = hint
        self.path = path


class DiskFull(StoreError):
    """No space is left where the database lives. What is stored is intact."""

    retry = True


class Locked(StoreError):
    """Another program holds the database."""

    retry = True


class ReadOnly(StoreError):
    """The database, its folder or its file system does not take writes."""


class Corrupt(StoreError):
    """The file is damaged, or is no database at all."""


class Unsafe(StoreError):
    """The database is not ours to trust: a symbolic link, or another user's file."""


class Vanished(StoreError):
    """The database was removed or replaced while it was open: what is written now is lost."""


class OlderDatabase(StoreError):
    """It lacks what this program reads: an older tokentui holds it, or it cannot be written."""

    retry = True


class NewerDatabase(StoreError):
    """A newer tokentui made this database; this one may read it, never write it."""


class Other(StoreError):
    """Any other failure of SQLite, named by its own words."""
