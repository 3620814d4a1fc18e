"""What the dashboard sees of the engine: snapshots, progress, failures, where logs are, health."""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from tokentui.config import Paths, Settings
from tokentui.engine.asking import Asking
from tokentui.engine.collector import Found
from tokentui.engine.database import now
from tokentui.engine.engine import Engine
from tokentui.engine.health import Health, health
from tokentui.store import Reader, migrate
from tokentui.store.errors import StoreError
from tokentui.store.place import Place, choose
from tokentui.store.snapshot import ImportProgress, Snapshot

if TYPE_CHECKING:
    from tokentui.engine.accounts import Accounts

T = TypeVar("T")

PREPARING = "preparing the database for this version; ten million records take half a minute"

log = logging.getLogger("tokentui.engine")


class EngineFeed:
    """The engine, as the dashboard drives it."""

    def __init__(self, paths: Paths, settings: Settings) -> None:
        self._paths, self._settings = paths, settings
        self._engine = Engine(paths, settings)
        self._questions = Asking(paths, settings, self._engine.place)
        self._asking = threading.Lock()
        self._asked: tuple[Callable[[Health], None], Callable[[str], None]] | None = None
        """Who waits for the next look at everything's health."""
        self._looking = False
        self._doing = ""

    def start(
        self,
        listener: Callable[[Snapshot], None],
        progress: Callable[[ImportProgress | None], None],
        failed: Callable[[str], None],
    ) -> None:
        """Start collecting; the callbacks are called in the engine's thread."""
        if _is_behind(self._paths.database):
            self._doing = PREPARING
            progress(None)

        def troubled(reason: str) -> None:  # told by the notices of the snapshots, once there is one
            self._doing = reason
            progress(None)

        self._engine.start(listener, progress, failed, troubled=troubled)

    def stop(self, timeout: float) -> None:
        """End the engine's thread, or give up waiting for it."""
        self._questions.stop()
        self._engine.stop(timeout)

    def refresh(self) -> None:
        """Look everywhere now."""
        self._engine.refresh()

    def found(self) -> tuple[Found, ...]:
        """Return where each tool's logs were looked for at the last walk, and how many there were."""
        return self._engine.found

    def doing(self) -> str:
        """Return what the first snapshot waits for; empty while it only reads what is stored."""
        return self._doing

    def accounts(self) -> Accounts:
        """Return the use cases of accounts, on the database that this engine has open."""
        from tokentui.engine.accounts import Accounts  # with the vault 40 ms, for who sets accounts up

        return Accounts(self._paths, self._settings, place=self._engine.place)

    def place(self) -> Place:
        """Return where the database is that this engine has open. Raises StoreError."""
        return self._engine.place()

    def ask(
        self, topic: str, question: Callable[[Reader], T], listener: Callable[[T], None],
        failed: Callable[[str], None],
    ) -> None:  # fmt: skip
        """Have a question to the database answered in another thread, which calls one of the callbacks."""
        self._questions.ask(topic, question, listener, failed)

    def ask_health(self, listener: Callable[[Health], None], failed: Callable[[str], None]) -> None:
        """Check sources and database in a thread of its own; it calls `listener`, or `failed` with a reason.

        It takes up to 0.5 s with a million records. Who asks while a check goes on gets the next one; of
        several only the last.
        """
        with self._asking:
            self._asked = (listener, failed)
            if self._looking:
                return
            self._looking = True
        threading.Thread(target=self._look, name="tokentui-health", daemon=True).start()

    def _look(self) -> None:
        """Check until nobody waits any more."""
        while True:
            with self._asking:
                asked, self._asked = self._asked, None
                if asked is None:
                    self._looking = False
                    return
            listener, failed = asked
            try:
                found = self._health()
            except Exception as fault:  # one pane less, not the whole program
                log.exception("the health cannot be told")
                failed(f"{type(fault).__name__}: {fault}")
            else:
                listener(found)

    def _health(self) -> Health:
        try:
            place = self._engine.place()
        except StoreError:  # then nobody has the database open, and the check says why
            place = None
        return health(self._paths, self._settings, now(), place=place)


def _is_behind(path: Path) -> bool:
    """Whether the database must be migrated first; what cannot be read, the engine meets and tells."""
    try:
        place = choose(path)
        return not place.exclusive and migrate.is_behind(place.path)
    except (StoreError, sqlite3.Error, OSError):
        return False
