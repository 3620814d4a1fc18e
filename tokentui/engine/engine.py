"""The engine: one thread with its own event loop that keeps the database and the screen in step.

It has its own loop because a stalled terminal freezes Textual's. Database work runs in two
single-thread executors, a writer's and a reader's, each with its own connection. Exactly one engine
a machine collects: the one that holds the writer lease. The others follow: they notice changes by
`PRAGMA data_version` and take over when the lease falls free.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from tokentui.config import Paths, Settings
from tokentui.engine.collector import Collector, Found, SourceResult, Stopped
from tokentui.engine.database import Database
from tokentui.store import StoreError
from tokentui.store.errors import Corrupt
from tokentui.store.faults import classify
from tokentui.store.snapshot import ImportProgress, Snapshot

T = TypeVar("T")

WALK_SECONDS = 60.0
"""How often everything is looked at; the hot files are every `poll_seconds`."""
WALK_SHARE = 300
"""A walk may take a 300th of the time between two: a slow disk is asked less often."""
RETRY_SECONDS = 30.0
"""After a failed pass (disk full, locked): the logs are the buffer, nothing is lost meanwhile."""
PROGRESS_SECONDS = 0.25
"""The least time between two reports of an import."""

log = logging.getLogger("tokentui.engine")


class Engine:
    """Collects or follows until it is stopped; tells what changed through callbacks.

    The callbacks are called in the engine's thread.
    """

    def __init__(self, paths: Paths, settings: Settings) -> None:
        self._paths = paths
        self._settings = settings
        self._database = Database(paths, settings)
        self._collector: Collector | None = None
        self._thread: threading.Thread | None = None
        self._stopping = threading.Event()
        self._asked = threading.Event()
        self._wake: Callable[[], None] = lambda: None
        self._snapshot: Snapshot | None = None
        self.found: tuple[Found, ...] = ()
        """Where logs were looked for at the last walk."""
        self._next_walk = 0.0
        self._last_progress = 0.0
        self._on_snapshot: Callable[[Snapshot], None] = lambda _: None
        self._on_progress: Callable[[ImportProgress | None], None] = lambda _: None
        self._on_failure: Callable[[str], None] = lambda _: None
        self._on_collected: Callable[[list[SourceResult]], None] = lambda _: None

    def start(
        self,
        listener: Callable[[Snapshot], None],
        progress: Callable[[ImportProgress | None], None] = lambda _: None,
        failed: Callable[[str], None] = lambda _: None,
        collected: Callable[[list[SourceResult]], None] = lambda _: None,
    ) -> None:
        """Start the engine's thread."""
        self._on_snapshot, self._on_progress = listener, progress
        self._on_failure, self._on_collected = failed, collected
        self._thread = threading.Thread(target=self._run, name="tokentui-engine", daemon=True)
        self._thread.start()

    def stop(self, timeout: float = 2.0) -> bool:
        """Ask the engine to end and wait for it; return whether it did in time."""
        self._stopping.set()
        self._wake()
        if self._thread is not None:
            self._thread.join(timeout)
            return not self._thread.is_alive()
        return True

    @property
    def alive(self) -> bool:
        """Whether the engine's thread runs."""
        return self._thread is not None and self._thread.is_alive()

    def refresh(self) -> None:
        """Look everywhere now."""
        self._asked.set()
        self._wake()

    # ------------------------------------------------------------------ the engine's own thread

    def _run(self) -> None:
        try:
            asyncio.run(self._main())
        except Exception:
            log.exception("the engine ended")
            self._on_failure("The collector stopped unexpectedly; the log file says why. Restart tokentui.")

    async def _main(self) -> None:
        loop = asyncio.get_running_loop()
        wake = asyncio.Event()

        def wake_up() -> None:
            loop.call_soon_threadsafe(wake.set)

        self._wake = wake_up
        with (
            ThreadPoolExecutor(1, "tokentui-writer") as self._writing,
            ThreadPoolExecutor(1, "tokentui-reader") as self._reading,
        ):
            while not self._stopping.is_set():
                pause = await self._turn()
                try:
                    async with asyncio.timeout(pause):
                        await wake.wait()
                except TimeoutError:
                    pass
                wake.clear()
            self._wake = lambda: None
            await self._in(self._reading, self._database.close_reader)
            await self._in(self._writing, self._database.close)

    async def _turn(self) -> float:
        """Collect (or follow) once and show what changed; return the pause until the next turn."""
        pause = self._settings.poll_seconds
        try:
            if self._collector is None and await self._in(self._writing, self._lead):
                self._next_walk = 0.0
            if self._collector is not None:
                await self._collect(self._collector)
            await self._show()
        except Stopped:
            pass
        except (StoreError, sqlite3.Error) as fault:
            error = fault if isinstance(fault, StoreError) else classify(fault, str(self._paths.database))
            log.warning("%s", error)
            self._next_walk = 0.0  # what a glance had found changed is not stored
            self._on_failure(f"{error} ({error.hint})" if error.hint else str(error))
            if isinstance(error, Corrupt):
                await self._in(self._reading, self._database.close_reader)
                await self._in(self._writing, self._database.suspect)
            if not self._database.leading:  # removed or damaged: it is opened, or made, anew at once
                self._collector = None
            else:
                pause = RETRY_SECONDS
        return pause

    async def _in(self, executor: ThreadPoolExecutor, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(executor, work)

    def _lead(self) -> bool:
        """Take the writer lease if it is free, and make ready to collect."""
        if not self._database.open_writer():
            return False
        collector = Collector(self._paths, self._settings, self._database)
        collector.open()
        self._collector = collector
        return True

    async def _collect(self, collector: Collector) -> None:
        now = time.monotonic()
        everywhere = self._asked.is_set() or now >= self._next_walk
        self._asked.clear()
        work = asyncio.ensure_future(
            self._in(
                self._writing,
                lambda: collector.collect(
                    everywhere=everywhere, progress=self._report, stopping=self._stopping.is_set
                ),
            )
        )
        try:
            # During a long import the screen shows what is stored already, newest days first.
            while not (await asyncio.wait({work}, timeout=1.0))[0]:
                await self._show()
        finally:
            results = await work
        if everywhere:
            self.found = await self._in(self._writing, collector.found)
            self._next_walk = now + max(WALK_SECONDS, WALK_SHARE * collector.discovery.seconds)
        if self._last_progress:
            self._last_progress = 0.0
            self._on_progress(None)
        if any(result.records_added or result.records_changed for result in results):
            self._on_collected(results)
        await self._in(self._writing, self._database.keep)

    def _report(self, progress: ImportProgress) -> None:
        """Pass progress on, but only of imports that take a while. Called in the writer's thread."""
        now = time.monotonic()
        if progress.bytes_total > 1_000_000 and now - self._last_progress >= PROGRESS_SECONDS:
            self._last_progress = now
            self._on_progress(progress)

    async def _show(self) -> None:
        """Hand on a new snapshot if the database, or the day, has changed."""
        # On a network file system only the writer's connection may have the database open.
        executor = self._writing if self._database.exclusive else self._reading
        snapshot = await self._in(executor, self._database.snapshot)
        if snapshot is not None and snapshot != self._snapshot:
            self._snapshot = snapshot
            self._on_snapshot(snapshot)
