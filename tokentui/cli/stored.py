"""The database, as commands bring it up to date and read it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tokentui.cli.failures import note
from tokentui.cli.surroundings import Surroundings
from tokentui.store.errors import StoreError

if TYPE_CHECKING:
    from tokentui.engine.collect import Collected
    from tokentui.store.queries import Reader


def bring_up_to_date(here: Surroundings) -> None:
    """Read what is new. Where that cannot be done a report is still right, as of the last time."""
    _collected(here, poll=False)


def ask_providers(here: Surroundings) -> None:
    """Read what is new, and wait for the providers of all accounts; who does not answer is named."""
    collected = _collected(here, poll=True)
    if collected is None:
        return
    if collected.lease_held_elsewhere:
        note("another tokentui is collecting and asks the providers itself; this is what it has stored")
    elif not collected.asked:
        note("no account is set up whose provider could be asked: tokentui account add sets one up")
    for asked in collected.asked:
        if asked.error:
            note(f"{asked.account}: {asked.error}{f'; {asked.hint}' if asked.hint else ''}")


def _collected(here: Surroundings, *, poll: bool) -> Collected | None:
    from tokentui.engine.collect import collect_once

    try:
        collected = collect_once(here.paths, here.settings, poll=poll)
    except (StoreError, OSError) as error:
        note(f"nothing new was read, this is what is stored already: {error}")
        return None
    for notice in collected.notices:
        note(notice)
    return collected


@contextmanager
def opened(here: Surroundings) -> Iterator[Reader | None]:
    """Open the database for reading; None when there is none yet. Faults come as StoreError."""
    from tokentui.engine.database import Database
    from tokentui.store.faults import explained

    database = Database(here.paths, here.settings)
    path = database.place.path
    if not database.ready():
        yield None
        return
    try:
        with explained(path):
            yield database.reader()
    finally:
        database.close_reader()
