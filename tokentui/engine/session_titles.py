"""Looks for what sessions are called, in the logs that changed: a few files a turn, after the requests.

A first start looks at the logs of the last weeks, the newest first; from then on a note in the database
says how far it came.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import TYPE_CHECKING

from tokentui.store.notes import TITLES_READ

if TYPE_CHECKING:
    from tokentui.engine.database import Database

FIRST_DAYS = 35
"""Tools keep their logs for 30 days; what lies there longer has seldom a title that anybody looks for."""

FILES = 64
TURN_BYTES = 8 << 20
"""At most so much a turn, 10 ms: what else the writer's thread has to do is not held up."""

AGAIN_SECONDS = 60.0
"""Until the logs that have grown since are looked at again: a title is seldom changed."""

_MOST = 20_000
"""Logs of one look, the newest: 4 MB of paths."""

_DAY_NS = 86_400 * 10**9


class SessionTitles:
    """What is still to be looked at. For the writer's thread."""

    def __init__(
        self, database: Database, clock: Callable[[], int], monotonic: Callable[[], float], most: int = _MOST
    ) -> None:
        """`clock` returns UTC epoch microseconds, `monotonic` seconds; at most `most` logs are waited for."""
        self._database, self._clock, self._monotonic, self._most = database, clock, monotonic, most
        self._waiting: list[tuple[str, str, int]] = []
        """Source, path and size of the logs that are still to be looked at."""
        self._next = 0.0
        self._until: int | None = None
        self._changed = True

    def turn(self, *, changed: bool) -> int:
        """Look at the next few logs, if there are any; returns how many sessions got a name.

        `changed` says whether the requests of this turn were. Raises StoreError.
        """
        self._changed |= changed
        if not self._waiting and self._changed and self._monotonic() >= self._next:
            self._changed, self._next = False, self._monotonic() + AGAIN_SECONDS
            self._ask()
        if not self._waiting:
            return 0
        count = self._next_count()
        now, self._waiting = self._waiting[:count], self._waiting[count:]
        named = self._name(now)
        if not self._waiting and self._until is not None:
            self._database.writer.set_meta(TITLES_READ, str(self._until))
        return named

    def finish(self) -> None:
        """Look at all there are, at once. Raises StoreError."""
        self.turn(changed=True)
        while self._waiting:
            self.turn(changed=False)

    def _next_count(self) -> int:
        total = 0
        for count, (_, _, size) in enumerate(self._waiting[:FILES]):
            total += size
            if total > TURN_BYTES:
                return max(count, 1)
        return FILES

    def _ask(self) -> None:
        # A start that finds nothing new needs none of it.
        from tokentui.sources import titles
        from tokentui.store.titles import logs_read

        writer, now = self._database.writer, self._clock()
        noted = writer.meta(TITLES_READ)
        # A clock that was put back must not keep what is read from now on from being looked at.
        since = min(int(noted), now) if noted else 0
        changed_since = 0 if noted else now * 1000 - FIRST_DAYS * _DAY_NS
        logs = logs_read(writer.connection, titles.SOURCES, since, changed_since, self._most)
        self._waiting = [(log.source, log.path, log.size) for log in logs]
        self._until = now if logs else None

    def _name(self, logs: list[tuple[str, str, int]]) -> int:
        from tokentui.sources import titles

        paths = defaultdict(list)
        for source, path, _ in logs:
            paths[source].append(path)
        told = {source: titles.of(source, those) for source, those in paths.items()}
        return self._database.writer.put_titles({source: found for source, found in told.items() if found})
