"""The database, as commands read it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tokentui.cli.surroundings import Surroundings

if TYPE_CHECKING:
    from tokentui.store.queries import Reader


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
