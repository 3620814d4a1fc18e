"""What the dashboard sees of the engine: snapshots, progress, failures, and where logs were looked for."""

from __future__ import annotations

from collections.abc import Callable

from tokentui.config import Paths, Settings
from tokentui.engine.collector import Found
from tokentui.engine.engine import Engine
from tokentui.store.snapshot import ImportProgress, Snapshot


class EngineFeed:
    """The engine, as the dashboard drives it."""

    def __init__(self, paths: Paths, settings: Settings) -> None:
        self._engine = Engine(paths, settings)

    def start(
        self,
        listener: Callable[[Snapshot], None],
        progress: Callable[[ImportProgress | None], None],
        failed: Callable[[str], None],
    ) -> None:
        """Start collecting; the callbacks are called in the engine's thread."""
        # What the engine waits for is told by the notices of the snapshots.
        self._engine.start(listener, progress, failed, troubled=lambda _: None)

    def stop(self, timeout: float) -> None:
        """End the engine's thread, or give up waiting for it."""
        self._engine.stop(timeout)

    def refresh(self) -> None:
        """Look everywhere now."""
        self._engine.refresh()

    def found(self) -> tuple[Found, ...]:
        """Return where each tool's logs were looked for at the last walk, and how many there were."""
        return self._engine.found
