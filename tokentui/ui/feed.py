"""What the screens need from whatever feeds them: the engine, the demo, or a test."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from tokentui.engine.accounts import Accounts
    from tokentui.engine.health import Health
    from tokentui.store import Reader
    from tokentui.store.snapshot import ImportProgress, Snapshot

T = TypeVar("T")


class Found(Protocol):
    """What was found of one source on this machine."""

    @property
    def name(self) -> str:
        """The service it feeds: `claude-code`."""

    @property
    def title(self) -> str:
        """What a person calls it: `Claude Code`."""

    @property
    def looked(self) -> tuple[str, ...]:
        """The folders that were looked into, whether they exist or not."""

    @property
    def files(self) -> int:
        """How many of its logs were found; 0 when there are none."""


class Feed(Protocol):
    """Delivers snapshots from a thread of its own, because a stalled terminal stops the screen's loop."""

    def start(
        self,
        listener: Callable[[Snapshot], None],
        progress: Callable[[ImportProgress | None], None],
        failed: Callable[[str], None],
    ) -> None:
        """Start the thread and return at once. The callbacks are called from that thread and never block.

        `progress` gets None when the import it told of has ended; `failed` gets the reason why there
        will be no more snapshots.
        """

    def stop(self, timeout: float) -> None:
        """End the thread, waiting at most `timeout` seconds. Called once, from a thread of its own."""

    def refresh(self) -> None:
        """Ask for a pass over all sources now; returns at once."""

    def found(self) -> tuple[Found, ...]:
        """Return what is known of each source so far; called often, by the thread of the screen."""

    def doing(self) -> str:
        """Return what the first snapshot waits for, where that is known: `preparing the database`.

        Every call of `progress` is a moment to ask anew.
        """

    def accounts(self) -> Accounts:
        """Return the use cases of accounts. They block: not for the loop of a screen."""

    def ask(
        self, topic: str, question: Callable[[Reader], T], listener: Callable[[T], None],
        failed: Callable[[str], None],
    ) -> None:  # fmt: skip
        """Have `question` asked of the database, in another thread; returns at once.

        One of the callbacks is called later, from that thread: `failed` gets the reason. Neither is when a
        newer question of the same topic (`explore`, `trends`) has come meanwhile.
        """

    def ask_health(self, listener: Callable[[Health], None], failed: Callable[[str], None]) -> None:
        """Ask how well sources are read and whether the database is sound; returns at once.

        One of the callbacks is called later, from another thread: `failed` gets the reason why that
        cannot be told.
        """


class Inbox:
    """The newest of what the feed said. It holds one of each, so a stalled screen piles nothing up."""

    def __init__(self, announce: Callable[[], object]) -> None:
        self._announce = announce
        self._lock = threading.Lock()
        self._announced = False
        self._progressed = 0.0
        self.snapshot: Snapshot | None = None
        self.progress: ImportProgress | None = None
        self.failure = ""

    def put_snapshot(self, snapshot: Snapshot) -> None:
        """Keep a new snapshot."""
        self.snapshot = snapshot
        self._tell()

    def put_progress(self, progress: ImportProgress | None) -> None:
        """Keep how far an import has come; looked at five times a second at most."""
        now = time.monotonic()
        if progress is not None and self.progress is not None and now - self._progressed < 0.2:
            return
        self.progress, self._progressed = progress, now
        self._tell()

    def put_failure(self, reason: str) -> None:
        """Keep why there will be no more snapshots."""
        self.failure = reason
        self._tell()

    def opened(self) -> None:
        """The screen reads now; what comes from here on is announced again."""
        with self._lock:
            self._announced = False

    def _tell(self) -> None:
        with self._lock:
            if self._announced:
                return
            self._announced = True
        self._announce()
