"""How the dashboard opens: what is stored is read at once, and the engine comes after the first paint.

Importing and starting the engine takes 90 ms, reading what is stored 15. So the first screen is drawn
from one look at the database, and the engine takes over from there.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar, cast

from tokentui.config import Paths, Settings

if TYPE_CHECKING:
    from tokentui.engine.accounts import Accounts
    from tokentui.engine.collector import Found
    from tokentui.engine.feed import EngineFeed
    from tokentui.engine.health import Health
    from tokentui.store import Reader
    from tokentui.store.place import Place
    from tokentui.store.snapshot import ImportProgress, Snapshot

T = TypeVar("T")

LOOK_SECONDS = 0.3
"""How long the first paint waits for a slow disk."""

OPENING_SECONDS = 10.0
"""How long who needs the engine waits for it to be imported and started: 0.1 s, more on a slow disk."""

log = logging.getLogger("tokentui.engine")


class FirstLook:
    """What is stored, read by a process of its own that is forked at once: before there are threads.

    A thread would take turns with the import of Textual, and only one of two processors would be used.
    """

    def __init__(self, paths: Paths, settings: Settings, now: int) -> None:
        """`now` in UTC epoch microseconds."""
        self._pipe, writing = os.pipe()
        self._child = os.fork()
        if self._child == 0:
            try:
                _answer(writing, paths, settings, now)
            finally:
                os._exit(0)
        os.close(writing)

    def snapshot(self) -> Snapshot | None:
        """Return what is stored; None when that is nothing, or it takes too long, or it cannot be read."""
        import pickle
        import select

        answer = bytearray()
        try:
            while select.select([self._pipe], [], [], LOOK_SECONDS)[0]:
                part = os.read(self._pipe, 1 << 16)
                if not part:
                    break
                answer += part
            else:
                os.kill(self._child, 9)
                answer.clear()
            os.waitpid(self._child, 0)
        except OSError:  # somebody else has waited for it
            pass
        finally:
            os.close(self._pipe)
        try:
            return cast("Snapshot | None", pickle.loads(answer)) if answer else None
        except Exception:  # it was ended in the middle of its answer
            return None


def _answer(pipe: int, paths: Paths, settings: Settings, now: int) -> None:
    """Write what is stored into a pipe; nothing when it cannot be read: the engine meets that again."""
    import pickle
    import signal

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    try:
        found = _stored(paths, settings, now)
        with open(pipe, "wb") as file:
            file.write(pickle.dumps(found, pickle.HIGHEST_PROTOCOL))
    except Exception:
        os._exit(1)


def _stored(paths: Paths, settings: Settings, now: int) -> Snapshot | None:
    from tokentui import store
    from tokentui.periods import local_zone_name
    from tokentui.store.place import choose

    if not os.path.exists(paths.database):
        return None
    place = choose(paths.database)
    if place.exclusive or place.notices:
        return None  # one connection alone can have it open, or there is more to say of it
    reader = store.open_reader(place.path)
    try:
        if not reader.schema_version():
            return None
        zone = settings.time_zone or local_zone_name(os.environ)
        found = reader.snapshot(now, zone, settings.billing_day)
    finally:
        reader.close()
    return found if found.record_count else None


class LateFeed:
    """The engine as the dashboard drives it, imported and started by a thread once the dashboard asks."""

    def __init__(self, paths: Paths, settings: Settings) -> None:
        self._paths, self._settings = paths, settings
        self._lock = threading.Lock()
        self._feed: EngineFeed | None = None
        self._stopped = False
        self._opened = threading.Event()
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

        feed = EngineFeed(self._paths, self._settings)
        with self._lock:
            if self._stopped:
                return
            self._feed = feed  # it is asked what it does while it starts
            feed.start(listener, progress, failed)
        self._opened.set()
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

    def doing(self) -> str:
        """Return what the first snapshot waits for; empty while it only reads what is stored."""
        return self._feed.doing() if self._feed is not None else ""

    def accounts(self) -> Accounts:
        """Return the use cases of accounts, at once; each waits for the engine and where its database is."""
        from tokentui.engine.accounts import Accounts

        return Accounts(self._paths, self._settings, place=self._place)

    def _place(self) -> Place:
        """Wait for the engine; return where its database is. Raises StoreError when it does not start."""
        self._opened.wait(OPENING_SECONDS)
        if self._feed is None:
            from tokentui.store.errors import StoreError

            raise StoreError("the collector has not started", "tokentui doctor may say why")
        return self._feed.place()

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
