"""How the dashboard opens: what is stored is read at once, and the engine comes after the first paint.

Importing and starting the engine takes 90 ms, reading what is stored 15. So the first screen is drawn
from one look at the database, read while Textual is imported, and the engine takes over from there.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from tokentui.config import Paths, Settings

if TYPE_CHECKING:
    from tokentui.engine.collector import Found
    from tokentui.engine.feed import EngineFeed
    from tokentui.engine.health import Health
    from tokentui.store import Reader
    from tokentui.store.snapshot import ImportProgress, Snapshot

T = TypeVar("T")

LOOK_SECONDS = 0.3
"""How long the first paint waits for a slow disk."""

log = logging.getLogger("tokentui.engine")


class FirstLook:
    """What is stored, read by a thread that starts at once."""

    def __init__(self, paths: Paths, settings: Settings, clock: Callable[[], int]) -> None:
        """`clock` returns the time in UTC epoch microseconds."""
        self._paths, self._settings, self._clock = paths, settings, clock
        self._found: Snapshot | None = None
        self._thread = threading.Thread(target=self._look, name="tokentui-look", daemon=True)
        self._thread.start()

    def snapshot(self) -> Snapshot | None:
        """Return what is stored; None when that is nothing, or it takes too long, or it cannot be read."""
        self._thread.join(LOOK_SECONDS)
        return self._found

    def ended(self) -> None:
        """Wait until the database is closed: where one thread closes it, others lose their locks on it."""
        self._thread.join()

    def _look(self) -> None:
        try:
            self._found = self._read()
        except Exception as fault:  # the engine meets it again, and tells it
            log.info("the first look at the database failed: %s", fault)

    def _read(self) -> Snapshot | None:
        from tokentui import store
        from tokentui.periods import local_zone_name
        from tokentui.store.place import choose

        if not os.path.exists(self._paths.database):
            return None
        place = choose(self._paths.database)
        if place.exclusive or place.notices:
            return None  # one connection alone can have it open, or there is more to say of it
        reader = store.open_reader(place.path)
        try:
            if not reader.schema_version():
                return None
            found = reader.snapshot(self._clock(), self._settings.time_zone or local_zone_name(os.environ))
        finally:
            reader.close()
        return found if found.record_count else None


class LateFeed:
    """The engine as the dashboard drives it, imported and started by a thread once the dashboard asks."""

    def __init__(self, paths: Paths, settings: Settings, ready: Callable[[], None]) -> None:
        """`ready` is waited for in that thread before the engine opens the database."""
        self._paths, self._settings, self._ready = paths, settings, ready
        self._lock = threading.Lock()
        self._feed: EngineFeed | None = None
        self._stopped = False
        self._waiting: list[Callable[[EngineFeed], None]] = []
        """Questions that came before there was an engine."""

    def start(
        self,
        listener: Callable[[Snapshot], None],
        progress: Callable[[ImportProgress | None], None],
        failed: Callable[[str], None],
    ) -> None:
        """Start the engine, in a thread; the callbacks are called in the engine's."""

        def open_engine() -> None:
            try:
                self._open(listener, progress, failed)
            except Exception as fault:
                log.exception("the engine did not start")
                failed(f"the collector did not start: {type(fault).__name__}: {fault}")

        threading.Thread(target=open_engine, name="tokentui-opening", daemon=True).start()

    def _open(
        self,
        listener: Callable[[Snapshot], None],
        progress: Callable[[ImportProgress | None], None],
        failed: Callable[[str], None],
    ) -> None:
        from tokentui.engine.journal import open_journal

        open_journal(self._paths.log_file)
        from tokentui.engine.feed import EngineFeed

        self._ready()
        feed = EngineFeed(self._paths, self._settings)
        with self._lock:
            if self._stopped:
                return
            feed.start(listener, progress, failed)
            self._feed = feed
        for question in self._waiting:
            question(feed)
        self._waiting.clear()

    def stop(self, timeout: float) -> None:
        """End the engine, waiting at most `timeout` seconds."""
        with self._lock:
            self._stopped = True
            feed = self._feed
        if feed is not None:
            feed.stop(timeout)

    def refresh(self) -> None:
        """Look everywhere now; an engine that is about to start does so anyway."""
        if self._feed is not None:
            self._feed.refresh()

    def found(self) -> tuple[Found, ...]:
        """Return where each tool's logs were looked for at the last walk, and how many there were."""
        return self._feed.found() if self._feed is not None else ()

    def ask(
        self, topic: str, question: Callable[[Reader], T], listener: Callable[[T], None],
        failed: Callable[[str], None],
    ) -> None:  # fmt: skip
        """Have a question to the database answered in another thread, which calls one of the callbacks."""
        self._when_open(lambda feed: feed.ask(topic, question, listener, failed))

    def ask_health(self, listener: Callable[[Health], None], failed: Callable[[str], None]) -> None:
        """Check sources and database in a thread, which calls `listener`, or `failed` with a reason."""
        self._when_open(lambda feed: feed.ask_health(listener, failed))

    def _when_open(self, question: Callable[[EngineFeed], None]) -> None:
        with self._lock:
            if self._feed is None:
                self._waiting.append(question)
                return
        question(self._feed)
