"""Questions to the database from the screen, answered in a thread and on a connection of their own.

So neither a slow question nor an import keeps the other waiting. A topic (`explore`, `trends`) has one
question at a time: a newer one takes the place of one that waits, and breaks off one that is being
answered, so that a held key piles nothing up.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NamedTuple, TypeVar

from tokentui.config import Paths, Settings
from tokentui.engine.database import Database
from tokentui.store import Reader
from tokentui.store.errors import StoreError
from tokentui.store.place import Place

T = TypeVar("T")

LOOK_STEPS = 20_000
"""Steps of SQLite's machine, about 1 ms, between two looks whether the answer is still wanted."""

log = logging.getLogger("tokentui.engine")


class _Question(NamedTuple):
    topic: str
    ask: Callable[[Reader], Any]
    listener: Callable[[Any], None]
    failed: Callable[[str], None]


class Asking:
    """Answers questions one after the other, the oldest topic first."""

    def __init__(self, paths: Paths, settings: Settings, place: Callable[[], Place]) -> None:
        """`place` returns where the database lies; it raises StoreError where that cannot be told."""
        self._paths, self._settings, self._place = paths, settings, place
        self._lock = threading.Condition()
        self._waiting: dict[str, _Question] = {}
        self._ended = False
        self._thread: threading.Thread | None = None

    def ask(
        self, topic: str, question: Callable[[Reader], T], listener: Callable[[T], None],
        failed: Callable[[str], None],
    ) -> None:  # fmt: skip
        """Have a question answered; returns at once.

        One of the callbacks is called later, in another thread: `failed` with the reason. Neither is when
        a newer question of the same topic has come meanwhile.
        """
        with self._lock:
            if self._ended:
                return
            self._waiting[topic] = _Question(topic, question, listener, failed)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="tokentui-asking", daemon=True)
                self._thread.start()
            self._lock.notify()

    def stop(self) -> None:
        """Break off what is being answered and take no more questions."""
        with self._lock:
            self._ended = True
            self._waiting.clear()
            self._lock.notify()

    # ------------------------------------------------------------------ its own thread

    def _run(self) -> None:
        database: Database | None = None
        try:
            while (question := self._next()) is not None:
                tell: Callable[[], None] | None = None
                try:
                    if database is None:
                        database = Database(self._paths, self._settings, place=self._place())
                    answer = self._answer(question, database)
                except Exception as fault:
                    tell = self._failure(question, fault)
                    with suppress(Exception):
                        if database is not None:
                            database.close_reader()
                    database = None  # it is looked for anew
                else:
                    tell = _told(question.listener, answer)
                if not self._outdated(question):
                    tell()
        finally:
            if database is not None:
                database.close_reader()

    def _next(self) -> _Question | None:
        with self._lock:
            while not self._waiting and not self._ended:
                self._lock.wait()
            if self._ended:
                return None
            return self._waiting.pop(next(iter(self._waiting)))

    def _answer(self, question: _Question, database: Database) -> Any:
        if database.place.exclusive:
            raise StoreError(
                "the database is on a network file system, where one connection alone can have it open",
                "tokentui show answers the same once the dashboard is closed",
            )
        if not database.ready():
            raise StoreError("nothing is stored yet", "the first import is about to begin")
        reader = database.reader()
        # Not `interrupt`: between two statements nobody would hear it.
        reader.connection.set_progress_handler(lambda: self._outdated(question), LOOK_STEPS)
        try:
            return question.ask(reader)
        finally:
            reader.connection.set_progress_handler(None, 0)

    def _outdated(self, question: _Question) -> bool:
        return self._ended or question.topic in self._waiting

    def _failure(self, question: _Question, fault: Exception) -> Callable[[], None]:
        if isinstance(fault, StoreError):
            return _told(question.failed, f"{fault}: {fault.hint}" if fault.hint else str(fault))
        if not self._outdated(question):
            log.warning("a question about %s failed", question.topic, exc_info=fault)
        return _told(question.failed, f"{type(fault).__name__}: {fault}")


def _told(listener: Callable[[T], None], answer: T) -> Callable[[], None]:
    return lambda: listener(answer)
