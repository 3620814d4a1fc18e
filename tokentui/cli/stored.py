"""The database, as commands bring it up to date and read it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tokentui.cli.failures import note
from tokentui.cli.surroundings import Surroundings
from tokentui.store.errors import StoreError

if TYPE_CHECKING:
    from tokentui.store.queries import Reader


def bring_up_to_date(here: Surroundings) -> None:
    """Read what is new. Where that cannot be done a report is still right, as of the last time."""
    from tokentui.engine.collect import collect_once

    try:
        collected = collect_once(here.paths, here.settings)
    except (StoreError, OSError) as error:
        note(f"nothing new was read, this is what is stored already: {error}")
        return
    for notice in collected.notices:
        note(notice)


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
