"""A damaged database is set aside, never deleted; the newest good backup takes its place.

What was recorded since that backup is read again from the logs: its checkpoints are as old as its
records, and reading anything twice is harmless. What the tools have deleted meanwhile is lost, so
the user is told the range.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from tokentui.frozen import dataclass
from tokentui.store import backup, integrity
from tokentui.store.faults import explained
from tokentui.store.place import COMPANIONS
from tokentui.text import clean

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Recovery:
    """What was done about a damaged database."""

    problems: tuple[str, ...]
    quarantined: str
    """The damaged file's name now."""
    restored_from: str | None
    """The backup that took its place; None when an empty database starts."""
    missing_from: int | None
    """Epoch µs of that backup: from here to `missing_to` only what the logs still hold comes back."""
    missing_to: int

    @property
    def notice(self) -> str:
        """What the user must know, in two sentences."""
        aside = f"The database was damaged and is set aside as {clean(os.path.basename(self.quarantined))}."
        until = _shown(self.missing_to)
        if self.missing_from is None:
            return (
                f"{aside} There was no good backup, so it starts empty: what was recorded until {until} "
                "is read again from the logs, and is missing where a log was deleted."
            )
        return (
            f"{aside} The backup of {_shown(self.missing_from)} was restored: what was recorded from then "
            f"until {until} is read again from the logs, and is missing where a log was deleted."
        )


def ensure_sound(
    path: str | os.PathLike[str],
    backups: str | os.PathLike[str],
    now: int,
    *,
    always: bool = False,
    exclusive: bool = False,
) -> Recovery | None:
    """Check the database when that is due (or `always`) and repair what is found; None when all is well.

    Call it with the lease held and before the database is opened. `now` is in epoch microseconds,
    `exclusive` is what the Place says.
    Raises StoreError when the check or the repair cannot be made.
    """
    name = os.fspath(path)
    if not os.path.exists(name):
        for ending in COMPANIONS:  # of a database that was removed; SQLite would take them for the new one's
            with suppress(OSError):
                os.unlink(name + ending)
        return None
    if not always and os.path.getsize(name) and not integrity.check_due(name, now):
        return None
    # Alone, a reader could not undo what a killed writer left half done. Otherwise the check reads
    # only, and the log of a damaged database is set aside as it was.
    found = integrity.problems(name, read_only=not exclusive, exclusive=exclusive)
    if not os.path.getsize(name) and backup.newest_sound(backups) is not None:
        found = ["the file is empty"]
    if found:
        return recover(name, backups, now, found)
    integrity.mark_checked(name, now)
    return None


def recover(
    path: str | os.PathLike[str], backups: str | os.PathLike[str], now: int, found: Sequence[str] = ()
) -> Recovery:
    """Set the database aside and restore the newest good backup, if there is one.

    For a database known to be damaged (`found`), with the lease held and every connection closed.
    Killed at any point, the next start finds either the damaged database or the restored one.
    Raises StoreError; the database is then still in its place.
    """
    name = os.fspath(path)
    newest = backup.newest_sound(backups)
    staged = backup.stage(newest.path, name) if newest else None
    aside = quarantine(name, now, keep=staged is not None)
    if staged is not None:
        backup.put(staged, name)
        integrity.mark_checked(name, now)
    integrity.mark_closed(name)
    return Recovery(
        problems=tuple(found),
        quarantined=aside,
        restored_from=newest.path if newest else None,
        missing_from=newest.made_at if newest else None,
        missing_to=now,
    )


def quarantine(path: str | os.PathLike[str], now: int, *, keep: bool = False) -> str:
    """Give the database and its log the name `<name>.corrupt-<UTC time>` and return that name.

    With `keep` the file also stays under its own name where the file system can link, for a copy
    that is about to replace it. Raises StoreError.
    """
    name = os.fspath(path)
    stamp = (_EPOCH + timedelta(microseconds=now)).strftime("%Y%m%dT%H%M%SZ")
    aside = plain = f"{name}.corrupt-{stamp}"
    number = 1
    while os.path.lexists(aside):
        number += 1
        aside = f"{plain}-{number}"
    with explained(name):
        # The log first: a log without its database is nothing, but SQLite would replay one into the
        # database that comes next.
        for ending in COMPANIONS:
            with suppress(FileNotFoundError):
                os.rename(name + ending, aside + ending)
        _move(name, aside, keep)
    return aside


def _move(name: str, aside: str, keep: bool) -> None:
    if keep:
        try:
            os.link(name, aside, follow_symlinks=False)
            return
        except OSError:  # no links on this file system
            pass
    with suppress(FileNotFoundError):
        os.rename(name, aside)


def _shown(moment: int) -> str:
    return (_EPOCH + timedelta(microseconds=moment)).strftime("%Y-%m-%d %H:%M UTC")
