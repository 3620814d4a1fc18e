"""What the engine makes of a failed pass: what the user is told, and when it is tried again."""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

from tokentui.store import StoreError
from tokentui.store.errors import Corrupt, Locked, Vanished
from tokentui.store.faults import classify


class Trouble(NamedTuple):
    """A pass that failed."""

    message: str
    """For the notices; empty where the database tells of it itself."""
    soon: bool
    """The next pass may help at once; otherwise only time does."""
    always_soon: bool = False
    """Also when it fails for the same reason again."""
    damaged: bool = False
    """The database must be checked before it is used again."""
    expected: bool = True
    """False: a mistake of the program, whose place belongs in the log file."""


def trouble_of(fault: Exception, path: str) -> Trouble:
    """Return what to do about a fault; `path` is the database."""
    if not isinstance(fault, StoreError | sqlite3.Error | OSError):
        what = type(fault).__name__
        message = f"reading the logs failed ({what}); it is tried again, and the log file says why"
        return Trouble(message, soon=False, expected=False)
    error = classify(fault, path)
    if isinstance(error, Corrupt):
        return Trouble(f"{error}; it is checked before anything else is written", soon=True, damaged=True)
    if isinstance(error, Vanished):  # it is made anew
        return Trouble("", soon=True)
    message = f"{error} ({error.hint})" if error.hint else str(error)
    # SQLite has waited for the other program already.
    return Trouble(message, soon=isinstance(error, Locked), always_soon=isinstance(error, Locked))
