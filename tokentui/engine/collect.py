"""`tokentui collect`: one collection with its figures, or collecting until the process is told to end."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from tokentui.config import Paths, Settings
from tokentui.engine.collector import Collector, SourceResult
from tokentui.engine.database import Database, now
from tokentui.frozen import dataclass
from tokentui.sources import everything
from tokentui.store.errors import Corrupt
from tokentui.store.faults import explained

if TYPE_CHECKING:
    from tokentui.engine.poll_once import Asked
    from tokentui.store import Reader
    from tokentui.store.snapshot import ImportProgress


@dataclass(frozen=True, slots=True)
class Collected:
    """What one collection did, and what the database holds now."""

    sources: tuple[SourceResult, ...]
    records_before: int
    records_after: int
    total_tokens: int
    total_cost: int | None
    """Nano-dollars of all that is priced; None where nothing is."""
    unpriced: int
    seconds: float
    lease_held_elsewhere: bool = False
    valid: bool = True
    """The database passed SQLite's check (only looked at with `verify`)."""
    sample: str = ""
    """The newest record in words (only with `verify`)."""
    duplicate_times: int = 0
    """How many records share time, session and model with another one (only with `verify`)."""
    notices: tuple[str, ...] = ()
    asked: tuple[Asked, ...] = ()
    """How asking the accounts went (only with `poll`)."""
    billed: tuple[tuple[str, int], ...] = ()
    """(currency, nano-units) of what they were billed this month, in UTC: another book than the cost."""


def collect_once(
    paths: Paths,
    settings: Settings,
    *,
    sources: Sequence[str] | None = None,
    verify: bool = False,
    progress: Callable[[ImportProgress], None] | None = None,
    workers: int | None = None,
    poll: bool = False,
    services: Sequence[str] | None = None,
    since: int | None = None,
) -> Collected:
    """Read what is new into the database and say what came of it.

    With `poll` the accounts are asked as well: all, or those of `services`; with `since` (UTC epoch
    microseconds) also those that are not due, for their history back to there.

    Where another process collects, nothing is read: that one keeps the database up to date.
    Raises StoreError.
    """
    started = time.monotonic()
    wanted = None if sources is None else {*sources, *(["scripts"] if services else [])}
    chosen = [source for source in everything() if wanted is None or source.name in wanted]
    database = Database(paths, settings)
    collector = Collector(paths, settings, database, sources=chosen, workers=workers)
    elsewhere = not database.lead() and database.place.writable
    done = Collected((), 0, 0, 0, None, 0, 0.0, lease_held_elsewhere=elsewhere)
    try:
        with explained(database.place.path):
            if not elsewhere and database.place.writable:
                done = _repaired(database, lambda: _collected(database, collector, done, progress))
                if poll and database.leading:
                    from tokentui.engine.poll_once import billed_this_month, poll_once

                    done = replace(done, asked=poll_once(paths, database, services, since))
                    if done.asked:
                        done = replace(done, billed=billed_this_month(database))
                        collector.collect(everywhere=False)  # what scripts have printed now
            if database.ready():
                done = _summed_up(database, done, sources, verify)
            problem = collector.prices.overlay_problem
            notices = (*database.notices, f"{problem}: {problem.hint}") if problem else database.notices
            return replace(done, seconds=time.monotonic() - started, notices=notices)
    finally:
        collector.close()
        database.close_reader()
        database.close()


def _repaired(database: Database, collected: Callable[[], Collected]) -> Collected:
    """Collect; a database that turns out to be damaged is set aside, restored and collected into again."""
    try:
        with explained(database.place.path):
            return collected()
    except Corrupt:
        database.close_reader()
        database.suspect()
        if not database.lead():
            raise
        return collected()


def _name_sessions(database: Database, files_read: int) -> None:
    """Look for titles where few logs have changed: nobody waits for those of a first reading."""
    if files_read:  # a start that finds nothing new needs none of it
        from tokentui.engine.session_titles import FILES, SessionTitles

        if files_read <= FILES:
            # One more than a turn looks at: who waits for 7,500, to look at 64, waits for 30 ms.
            SessionTitles(database, now, time.monotonic, most=FILES + 1).turn(changed=True)


def _collected(
    database: Database, collector: Collector, done: Collected,
    progress: Callable[[ImportProgress], None] | None,
) -> Collected:  # fmt: skip
    """Collect with the lease held; nothing happens when a newer version made the database."""
    if not os.path.exists(database.place.path):
        collector.read_ahead()
    database.open()
    if not database.leading:
        return done
    before = database.reader().record_count()
    collector.open()
    results = collector.collect(progress=progress)
    collector.note_all_read()
    _name_sessions(database, sum(result.files_read for result in results))
    if before:  # what was just read for the first time needs no copy yet
        database.keep()
    return replace(done, sources=tuple(results), records_before=before)


def _summed_up(
    database: Database, done: Collected, sources: Sequence[str] | None, verify: bool
) -> Collected:
    from tokentui.store import UsageQuery, Where

    where = (Where("service", "eq", tuple(sources)),) if sources else ()
    reader = database.reader()
    totals = reader.usage(UsageQuery(zone=database.zone, where=where)).totals
    after = reader.record_count()
    valid, sample, twins = _verified(reader, database.place.path) if verify else (True, "", 0)
    return replace(
        done,
        records_before=done.records_before if done.sources else after,
        records_after=after,
        total_tokens=totals.total_tokens,
        total_cost=totals.known_cost if totals.request_count else 0,
        unpriced=totals.unpriced_request_count,
        valid=valid,
        sample=sample,
        duplicate_times=twins,
    )


def _verified(reader: Reader, path: str) -> tuple[bool, str, int]:
    """Whether the file is sound, a recent record in words, and how many records look like twins."""
    from tokentui.store import integrity

    return not integrity.problems(path, read_only=True), reader.newest_record(), reader.duplicate_times()


def collect_for_ever(paths: Paths, settings: Settings, *, report: Callable[[str], None]) -> int:
    """Collect until SIGTERM, SIGINT or SIGHUP; return the exit code."""
    from tokentui.engine.engine import Engine  # asyncio costs 40 ms; one collection needs none

    ended = threading.Event()
    codes = {signal.SIGTERM: 143, signal.SIGHUP: 129, signal.SIGINT: 130}
    received: list[int] = []

    def end(number: int, _frame: object) -> None:
        received.append(number)
        ended.set()

    for number in codes:
        signal.signal(number, end)
    engine = Engine(paths, settings)
    engine.start(
        lambda _snapshot: None,
        failed=report,
        collected=lambda results: report(_sentence(results)),
    )
    report("collecting; Ctrl-C ends it")
    while not ended.wait(0.5):
        if not engine.alive:
            return 1
    engine.stop(2.0)
    return codes.get(signal.Signals(received[0]), 0)


def _sentence(results: Sequence[SourceResult]) -> str:
    parts = [
        f"{result.title}: {result.records_added:,} new"
        + (f", {result.records_changed:,} updated" if result.records_changed else "")
        for result in results
        if result.records_added or result.records_changed
    ]
    return "; ".join(parts)
