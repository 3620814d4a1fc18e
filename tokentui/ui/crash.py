"""What is written and said when something fails: never the values of variables, which may be keys."""

from __future__ import annotations

import traceback
from typing import NamedTuple

from tokentui import text
from tokentui.ui import terminal


class Failure(NamedTuple):
    """One failure, as a person is told of it."""

    what: str
    """What failed: `trends`."""
    error: str
    """Its kind and its message, in one line."""
    path: str | None
    """Where the report lies; None when it could not be written."""


def report(folder: str, version: str, error: BaseException | None, what: str = "") -> Failure:
    """Write a report of an error into a folder, for its owner only; return what to say of it."""
    path = None
    if folder:
        head = f"tokentui {version}{f', {what}' if what else ''}"
        path = terminal.write_crash(folder, f"{head}\n{trace(error)}\n")
    return Failure(what, f"{type(error).__name__}: {text.clean(_redacted(str(error)), 200)}", path)


def where(failure: Failure) -> str:
    """Return where a report lies, in a sentence."""
    return f"What happened is in {failure.path}" if failure.path else "Its report could not be written."


def trace(error: BaseException | None) -> str:
    """Return where an error was raised, line by line, without the values of variables."""
    lines = _redacted("".join(traceback.format_exception(error))) if error else "unknown"
    return "\n".join(text.clean(line, 1_000) for line in lines.splitlines())


def _redacted(words: str) -> str:
    """Return a text without keys: the message of an error may quote anything."""
    from tokentui.secrets.secret import redacted  # only trouble needs it

    return redacted(words)
