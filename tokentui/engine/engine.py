"""The engine: one thread with its own event loop that keeps the database and the screen in step.

It has its own loop because a stalled terminal freezes Textual's. Database work runs in two lanes, a
writer's and a reader's, each a thread with its own connection. Exactly one engine a machine collects:
the one that holds the writer lease. The others follow: they notice changes by `PRAGMA data_version`
and take over when the lease falls free.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from tokentui.config import Paths, Settings
from tokentui.engine import price_data, projects
from tokentui.engine.accounts_watch import AccountsWatch
from tokentui.engine.alarm import Alarm
from tokentui.engine.collector import Collector, Found, SourceResult, Stopped
from tokentui.engine.database import Database, now
from tokentui.engine.lane import Lane
from tokentui.engine.pace import Pace
from tokentui.engine.session_titles import SessionTitles
from tokentui.engine.trouble import trouble_of
from tokentui.store.place import Place
from tokentui.store.snapshot import ImportProgress, Snapshot

PROGRESS_BYTES = 1_000_000
"""Imports of less are over before anybody can read how far they are."""
INTERRUPT_SECONDS = 0.1
"""Between two calls to SQLite to leave off, once the engine is to end."""

log = logging.getLogger("tokentui.engine")


class Engine:
    """Collects or follows until it is stopped; tells what changed through callbacks.

    The callbacks are called in threads of the engine, one at a time but for `progress`.
    """

    def __init__(
        self, paths: Paths, settings: Settings, *, clock: Callable[[], int] = now, pace: Pace | None = None
    ) -> None:
        """`clock` returns the time in UTC epoch microseconds: it decides which day it is."""
        self._paths = paths
        self._settings = settings
        self._pace = pace or Pace()
        self._clock = clock
        self._database = Database(paths, settings, clock=clock)
        self._titles = SessionTitles(self._database, clock, time.monotonic)
        self._collector: Collector | None = None
        self._thread: threading.Thread | None = None
        self._stopping = threading.Event()
        self._asked = threading.Event()
        self._wake: Callable[[], None] = lambda: None
        """Ends the pause between two turns, from any thread."""
        self._call: Callable[[Callable[[], object]], None] = lambda _: None
        """Calls something in the engine's own thread, from any other."""
        self._read: Snapshot | None = None
        """What the database said last; `_shown` adds what the engine has to say."""
        self._shown: Snapshot | None = None
        self._stored = self._read_of = (0, 0)
        """`Database.changes`: now, and when it was read last."""
        self._trouble = ""
        """Why the last pass failed; empty when it did not."""
        self._price_problem = ""
        self._price_files: tuple[object, ...] = ()
        self._price_task: asyncio.Task[None] | None = None
        self.found: tuple[Found, ...] = ()
        """Where logs were looked for at the last walk."""
        self._next_walk = self._last_progress = self._last_shown = 0.0

    def start(
        self,
        listener: Callable[[Snapshot], None],
        progress: Callable[[ImportProgress | None], None] = lambda _: None,
        failed: Callable[[str], None] = lambda _: None,
        collected: Callable[[list[SourceResult]], None] = lambda _: None,
        troubled: Callable[[str], None] | None = None,
    ) -> None:
        """Start the engine's thread.

        `failed` is told why the engine has ended; `troubled` (or `failed`, where that is None) why it
        waits and tries again, which the notices of the snapshots say as well.
        """
        self._on_snapshot, self._on_progress = listener, progress
        self._on_failure, self._on_collected = failed, collected
        self._on_trouble = troubled or failed
        self._thread = threading.Thread(target=self._run, name="tokentui-engine", daemon=True)
        self._thread.start()

    def stop(self, timeout: float = 2.0) -> bool:
        """Ask the engine to end and wait for it; return whether it did in time."""
        self._stopping.set()
        self._wake()
        deadline = time.monotonic() + timeout
        while self.alive and time.monotonic() < deadline:
            # More than once: a statement that begins a moment later would not have heard it.
            self._database.interrupt()
            if self._thread is not None:
                self._thread.join(max(0.0, min(INTERRUPT_SECONDS, deadline - time.monotonic())))
        return not self.alive

    def place(self) -> Place:
        """Where the database lies, for any thread. Raises StoreError."""
        return self._database.place

    @property
    def alive(self) -> bool:
        """Whether the engine's thread runs."""
        return self._thread is not None and self._thread.is_alive()

    def refresh(self) -> None:
        """Look everywhere now, also when a failed pass would be tried again later only."""
        self._asked.set()
        self._call(lambda: self._accounts.refresh())
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
        alarm = Alarm()

        def call(work: Callable[[], object]) -> None:
            with suppress(RuntimeError):  # the loop has ended meanwhile
                loop.call_soon_threadsafe(work)

        self._call = call
        self._wake = lambda: call(alarm.ring)
        self._writing, self._reading = Lane("tokentui-writer"), Lane("tokentui-reader")
        self._accounts = AccountsWatch(self._paths, self._database, self._writing, self._clock)
        try:
            with suppress(Exception):  # what is wrong is told by the first turn
                await self._show()  # at once what is known, before anything is looked at
            while not self._stopping.is_set():
                await alarm.rest(await self._turn())
        finally:
            if self._price_task is not None:
                self._price_task.cancel()
                await asyncio.wait({self._price_task})
            await self._accounts.close()
            await self._reading.run(self._database.close_reader)
            await self._writing.run(self._database.close)
            self._reading.close()
            self._writing.close()

    async def _turn(self) -> float:
        """Collect (or follow) once and show what changed; return the seconds until the next turn."""
        try:
            await self._work()
            if self._collector is None or self._stored != self._read_of or self._database.outdated:
                await self._show()
                self._read_of = self._stored
            if self._database.leading and not self._stopping.is_set():
                await self._accounts.turn()
            if self._database.leading and self._database.keep_due and not self._stopping.is_set():
                await self._writing.run(self._database.keep)
            self._trouble = ""
            self._deliver()
        except Stopped:
            pass
        except Exception as fault:
            if not self._stopping.is_set():  # what is told to end may break off anywhere
                return await self._cope(fault)
        return self._pause()

    def _pause(self) -> float:
        poll = self._settings.poll_seconds
        return poll if self._collector is not None else min(poll, self._pace.follow)

    async def _cope(self, fault: Exception) -> float:
        """Tell what went wrong, show what there is all the same; return the pause before the next try."""
        trouble = trouble_of(fault, str(self._paths.database))
        news = trouble.message != self._trouble
        self._trouble = trouble.message
        if news and trouble.message:
            log.warning("%s", trouble.message, exc_info=None if trouble.expected else fault)
            self._on_trouble(trouble.message)
        if trouble.damaged:
            await self._reading.run(self._database.close_reader)
            await self._writing.run(self._database.suspect)
        self._next_walk = 0.0  # what a glance had found changed is not stored
        if not self._database.leading:
            self._collector = None
        try:
            await self._show()
        except Exception:  # the same trouble, most likely
            self._deliver()
        soon = trouble.soon and (news or trouble.always_soon or not trouble.message)
        return self._pause() if soon else self._pace.retry

    # ------------------------------------------------------------------ collecting

    async def _work(self) -> None:
        if self._collector is not None and self._price_files != price_data.marks(self._paths):
            self._collector = None  # made anew below, with the new prices
        if self._collector is None and not await self._writing.run(self._lead):
            if not self.found:
                await self._reading.run(self._look_around)
            return
        if self._collector is not None:
            await self._collect(self._collector)
            if self._price_task is None:
                renewal = price_data.renew_if_stale(self._paths.price_cache, self._reading)
                self._price_task = asyncio.create_task(renewal)

    def _lead(self) -> bool:
        """Take the writer lease if it is free, and make ready to collect."""
        if not self._database.open_writer():
            return False
        self._price_files = price_data.marks(self._paths)
        collector = Collector(self._paths, self._settings, self._database)
        collector.open()
        self._price_problem = price_data.problem(collector.prices)
        self._collector, self._next_walk = collector, 0.0
        return True

    def _look_around(self) -> None:
        """Find out once what a follower can say of the logs."""
        collector = Collector(self._paths, self._settings, self._database)
        collector.walk()
        self.found = collector.found()
        self._price_problem = price_data.problem(collector.prices)

    async def _collect(self, collector: Collector) -> None:
        started = time.monotonic()
        everywhere = self._asked.is_set() or started >= self._next_walk
        self._asked.clear()

        def once() -> list[SourceResult]:
            self._database.require_ours()
            results = collector.collect(
                everywhere=everywhere, progress=self._report, stopping=self._stopping.is_set
            )
            # All that a turn must know, at once: each trip to this thread wakes two.
            self._accounts.look()
            self._titles.turn(changed=any(result.files_read for result in results))
            self._stored = self._database.changes()
            return results

        work = self._writing.begin(once)
        try:
            # During a long import the screen shows what is stored already, newest days first.
            while not (await asyncio.wait({work}, timeout=self._pace.shown))[0]:
                if not self._database.exclusive:
                    await self._show()
        finally:
            if not work.done():
                await asyncio.wait({work})
            failed = work.exception()  # asked for in any case: asyncio would print it otherwise
            if self._last_progress:
                self._last_progress = 0.0
                self._on_progress(None)
        if failed:
            raise failed
        if everywhere:
            self.found = await self._writing.run(collector.found)
            slow = self._pace.walk_share * collector.discovery.seconds
            self._next_walk = started + max(self._pace.walk, slow)
            projects.forget()
        results = work.result()
        if any(result.records_added or result.records_changed for result in results):
            self._on_collected(results)

    def _report(self, progress: ImportProgress) -> None:
        """Pass progress on, but only of imports that take a while. Called in the writer's thread."""
        at = time.monotonic()
        if self._database.exclusive and at - self._last_shown >= self._pace.shown:
            self._last_shown = at
            self._read = self._database.snapshot() or self._read
            self._call(self._deliver)
        if progress.bytes_total > PROGRESS_BYTES and at - self._last_progress >= self._pace.progress:
            self._last_progress = at
            self._on_progress(progress)

    # ------------------------------------------------------------------ showing

    async def _show(self) -> None:
        """Hand on a new snapshot if the database, or the day, has changed."""
        # On a network file system only the writer's connection may have the database open.
        lane = self._writing if self._database.exclusive else self._reading
        self._read = await lane.run(self._database.snapshot) or self._read
        self._deliver()

    def _deliver(self) -> None:
        """Hand on what was read last with the notices of now, unless that is on the screen already."""
        reasons = (self._trouble, *self._database.notices, self._price_problem, *self._accounts.problems)
        notices = tuple(reason for reason in reasons if reason)
        if self._read is None and not notices:
            return
        shown = replace(self._read or self._database.empty_snapshot(), notices=notices)
        if shown != self._shown:
            self._shown = shown
            self._on_snapshot(shown)
