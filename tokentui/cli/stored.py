"""The database, as commands read it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tokentui.config import Paths

if TYPE_CHECKING:
    from tokentui.store.queries import Reader


@contextmanager
def opened(paths: Paths) -> Iterator[Reader | None]:
    """Open the database for reading; None when there is none yet. Faults come as StoreError."""
    from tokentui.store.faults import explained
    from tokentui.store.queries import open_reader

    with explained(paths.database):
        try:
            reader = open_reader(paths.database)
        except FileNotFoundError:
            yield None
            return
        try:
            yield reader
        finally:
            reader.close()
