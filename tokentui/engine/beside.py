"""A connection of one's own to the database, for one use case, beside whoever collects meanwhile."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tokentui import store
from tokentui.config import Paths, Settings
from tokentui.engine.account_check import AccountProblem
from tokentui.engine.database import Database
from tokentui.store.faults import explained
from tokentui.store.place import Place

if TYPE_CHECKING:
    from tokentui.pricing import Prices


class Beside:
    """Where the database is, and who changes it. Safe to use from several threads."""

    def __init__(
        self, paths: Paths, settings: Settings, environ: Mapping[str, str] = os.environ, *, actor: str = "",
        place: Callable[[], Place] | None = None,
    ) -> None:  # fmt: skip
        """`actor` is who the audit log says it was. `place` is for a process that has the database open:
        to look for it again would undo the locks SQLite has on it.
        """
        self._paths, self._settings, self._environ = paths, settings, environ
        self._place = place
        self._actor = actor or environ.get("USER") or environ.get("LOGNAME") or _user()

    @property
    def actor(self) -> str:
        """Who the audit log says it was."""
        return self._actor

    def prices(self) -> Prices:
        """Return what models cost, with the user's own prices."""
        from tokentui.pricing import Prices

        return Prices.open(self._paths.price_overlay, self._paths.price_cache)

    @property
    def zone(self) -> str:
        """The time zone that a time without one is in."""
        return self._database().zone

    def _database(self) -> Database:
        place = self._place() if self._place else None
        if place is not None and place.exclusive:
            why = "the database is on a network file system, where one connection alone can have it open"
            raise AccountProblem(why, "quit, and use tokentui account")
        return Database(self._paths, self._settings, self._environ, place=place)

    @contextmanager
    def reading(self) -> Iterator[store.Reader | None]:
        """Open the database for reading; None when there is none yet. Raises StoreError."""
        database = self._database()
        with explained(database.place.path):
            try:
                yield database.reader() if database.ready() else None
            finally:
                database.close_reader()

    @contextmanager
    def writing(self) -> Iterator[store.Writer]:
        """Open a connection for one short change. Raises AccountProblem, StoreError."""
        database = self._database()
        place = database.place
        if not place.writable:
            raise AccountProblem(f"{place.path} cannot be written", "see tokentui doctor")
        with explained(place.path):
            writer = store.open_writer(place.path, database.zone, **place.options)
            try:
                yield writer
            finally:
                writer.close()


def _user() -> str:
    """Return who runs this process, where the environment does not say: a service, a container."""
    import pwd

    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except (KeyError, OSError):
        return str(os.getuid())
