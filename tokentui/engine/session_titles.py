"""Looks for what sessions are called, in the logs that changed: a few files a turn, after the requests.

A first start looks at the logs of the last week; from then on a note in the database says how far it came.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import TYPE_CHECKING

from tokentui.store.notes import TITLES_READ

if TYPE_CHECKING:
    from tokentui.engine.database import Database

FIRST_DAYS = 7
"""What is older has seldom a title that anybody looks for, and its log is read no more."""

FILES = 8
"""Of a turn: 2 ms each, and the writer's thread is not held up."""

AGAIN_SECONDS = 60.0
"""Until the logs that have grown since are looked at again: a title is seldom changed."""

_MOST = 2_000
_DAY_NS = 86_400 * 10**9


class SessionTitles:
    """What is still to be looked at. For the writer's thread."""

    def __init__(self, database: Database, clock: Callable[[], int], monotonic: Callable[[], float]) -> None:
        """`clock` returns UTC epoch microseconds, `monotonic` seconds."""
        self._database, self._clock, self._monotonic = database, clock, monotonic
        self._waiting: list[tuple[str, str]] = []
        self._next = 0.0
        self._until: int | None = None
        self._changed = True

    def turn(self, changed: bool) -> int:
        """Look at the next few logs, if there are any; returns how many sessions got a name.

        `changed` says whether the requests of this turn were. Raises StoreError.
        """
        self._changed |= changed
        if not self._waiting and self._changed and self._monotonic() >= self._next:
            self._changed, self._next = False, self._monotonic() + AGAIN_SECONDS
            self._ask()
        if not self._waiting:
            return 0
        now, self._waiting = self._waiting[:FILES], self._waiting[FILES:]
        named = self._name(now)
        if not self._waiting and self._until is not None:
            self._database.writer.set_meta(TITLES_READ, str(self._until))
        return named

    def _ask(self) -> None:
        # A start that finds nothing new needs none of it.
        from tokentui.sources import titles
        from tokentui.store.titles import changed_logs

        writer = self._database.writer
        noted = writer.meta(TITLES_READ)
        since = int(noted) if noted else self._clock() * 1000 - FIRST_DAYS * _DAY_NS
        rows = changed_logs(writer.connection, titles.SOURCES, since, _MOST)
        self._waiting = [(source, path) for source, path, _ in rows]
        self._until = max((mtime for _, _, mtime in rows), default=None)

    def _name(self, logs: list[tuple[str, str]]) -> int:
        from tokentui.sources import titles

        paths = defaultdict(list)
        for source, path in logs:
            paths[source].append(path)
        told = {source: titles.of(source, those) for source, those in paths.items()}
        return self._database.writer.put_titles({source: found for source, found in told.items() if found})
