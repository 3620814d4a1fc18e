"""Collecting: what changed on disk is read, priced and stored; nothing is counted twice."""

from __future__ import annotations

import gc
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, NamedTuple

from tokentui import sources as registry
from tokentui.config import Paths, Settings
from tokentui.engine.checkpoints import Checkpoints
from tokentui.engine.discovery import Discovery, LogFile, home_of, newest_first
from tokentui.engine.folder_memory import FolderMemory
from tokentui.engine.parsing import Job
from tokentui.engine.reading import BACKLOG_BYTES, Reading, unread
from tokentui.engine.workers import Failure
from tokentui.frozen import dataclass
from tokentui.packed import Packed
from tokentui.pricing import Prices

if TYPE_CHECKING:
    from tokentui.engine.database import Database
    from tokentui.store.snapshot import ImportProgress

FLUSH_RECORDS = 20_000
"""Records in one transaction at most; packed they take 3 MB until then."""
FLUSH_FILES = 2_000
"""Checkpoints in one transaction, where files hold few records."""
FLUSH_BESIDE = 6_000
"""Records in one transaction while workers read, whose parent has nothing else to do: with fewer,
transactions cost more than is won; with more, some are left to be stored when all workers are done."""
FLUSH_SHARE = 3
"""A third of what was read, if that is more, but no more than is to come: each transaction writes most
pages of the records anew. With an eighth at a time 250,000 requests take a quarter more CPU to store."""
MAX_WORKERS = 8
LISTED_EVERY = 10
"""One walk in so many lists every folder; the others rely on the times of folders at rest."""


@dataclass(frozen=True, slots=True)
class SourceResult:
    """What one collection did for one source."""

    name: str
    title: str
    files_found: int = 0
    files_read: int = 0
    records_added: int = 0
    records_changed: int = 0
    errors: tuple[str, ...] = ()


class Found(NamedTuple):
    """Where one tool's logs were looked for, and how many there are."""

    name: str
    title: str
    looked: tuple[str, ...]
    files: int


class _Tally:
    def __init__(self) -> None:
        self.files_read = self.added = self.changed = 0
        self.errors: list[str] = []


class Stopped(Exception):
    """The collection was asked to stop; what it had stored stays, the rest is read next time."""


class Collector:
    """Keeps one database in step with the logs on disk. For one thread; needs the writer lease."""

    def __init__(
        self,
        paths: Paths,
        settings: Settings,
        database: Database,
        *,
        sources: Sequence[registry.Source] | None = None,
        workers: int | None = None,
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        known = registry.everything()
        chosen = known if sources is None else sources
        self._all = len(chosen) == len(known)
        self.sources = [source for source in chosen if source.name not in settings.sources_off]
        self.prices = Prices.open(paths.price_overlay, paths.price_cache)
        self.discovery = Discovery(self.sources, home_of(environ), environ, settings.extra_roots)
        self._database = database
        count = workers if workers is not None else min(MAX_WORKERS, os.cpu_count() or 1)
        self._reading = Reading(self.discovery, self.prices, paths, count)
        self._memory = FolderMemory(paths.cache_dir / "folders")
        self._walks = 0
        self._checkpoints = Checkpoints({each.name: each.load().PARSER_VERSION for each in self.sources})
        self._tallies: dict[str, _Tally] = {}
        self._pending: dict[str, list[Packed]] = {}
        self._held = 0
        """Records in `_pending`."""
        self._failures: list[Failure] = []
        self._gone: set[str] | None = None
        self._on_disk: Counter[str] = Counter()
        """Files of each source at the last walk."""
        self._progress: Callable[[ImportProgress], None] | None = None
        self._stopping: Callable[[], bool] = lambda: False

    def read_ahead(self) -> None:
        """Let worker processes, if any, begin before a new database exists: making it takes 0.1 s."""
        if not self._reading.has_workers:
            return
        self._reading.make_ready()
        self.walk()
        self._reading.begin([self._job(file) for file in newest_first(list(self.discovery.files.values()))])

    def open(self) -> None:
        """Take up the checkpoints and bring prices up to date. Call once, in the thread that collects."""
        from tokentui.engine.repricing import catch_up  # with the store: not before workers have begun

        writer = self._database.writer
        self._checkpoints.open(writer)
        catch_up(writer, self.prices)

    def collect(
        self,
        *,
        everywhere: bool = True,
        progress: Callable[[ImportProgress], None] | None = None,
        stopping: Callable[[], bool] = lambda: False,
    ) -> list[SourceResult]:
        """Read what is new: after a full walk, or after a glance at the hot files only.

        Raises Stopped as soon as `stopping()` says so; StoreError when the database cannot take it.
        """
        self._progress, self._stopping = progress, stopping
        self._tallies = {source.name: _Tally() for source in self.sources}
        self._pending, self._held, self._failures = {}, 0, []
        if self._reading.began:
            found = list(self.discovery.files.values())
        elif everywhere:
            self.walk()
            found = list(self.discovery.files.values())
            if self._checkpoints.has_read(found):
                found = []
            else:
                self._note_vanished()
        else:
            found = self.discovery.glance()
        jobs = [self._job(file) for file in newest_first(found) if self._checkpoints.changed(file)]
        if jobs:
            try:
                self._read(jobs)
                if self._pending:
                    self._store()
            finally:
                self._reading.close()  # not before the rest is stored, while the workers vanish
        if everywhere or self._failures:
            errors = [(failure.source, failure.path, failure.error) for failure in self._failures]
            self._database.writer.file_errors(errors, _now(), complete=everywhere and self._all)
        return [self._result(source) for source in self.sources]

    def note_all_read(self) -> None:
        """After a collection from everywhere: let the next program see at once that nothing is new."""
        if self._all:
            self._checkpoints.note(self.discovery.files.values())

    def close(self) -> None:
        """End worker processes that began and were not waited for."""
        self._reading.close()

    def found(self) -> tuple[Found, ...]:
        """Return where each source's logs were looked for at the last walk, and how many there were."""
        return tuple(
            Found(source.name, source.title, tuple(self.discovery.roots(source)), self._on_disk[source.name])
            for source in self.sources
            if source.kind != "spool"
        )

    # ------------------------------------------------------------------ which files

    def walk(self) -> None:
        """Look everywhere, without reading anything."""
        first, self._walks = not self._walks, self._walks + 1
        if first:
            self._memory.load()
        else:
            self._memory.carry_on(trusting=self._walks % LISTED_EVERY != 0)
        self.discovery.memory = self._memory
        self.discovery.walk()
        self.discovery.memory = None
        if first and self._all:
            self._memory.save()
        self._on_disk = Counter(file.source for file in self.discovery.files.values())

    def _job(self, file: LogFile) -> Job:
        return Job(file.source, file.path, self._checkpoints.by_path.get(file.path), file.size)

    def _note_vanished(self) -> None:
        """Remember which logs are gone; their records stay, only the user's purge deletes."""
        gone = self._checkpoints.by_path.keys() - self.discovery.files.keys()
        gone = {path for path in gone if not os.path.lexists(path)}
        if gone != self._gone:
            self._database.writer.mark_gone(sorted(gone), _now())
            self._gone = gone

    # ------------------------------------------------------------------ reading

    def _read(self, jobs: list[Job]) -> None:
        total = sum(unread(job) for job in jobs)
        with _without_garbage_collector() if total >= BACKLOG_BYTES else nullcontext():
            self._read_all(jobs, total)

    def _read_all(self, jobs: list[Job], total: int) -> None:
        from tokentui.store.snapshot import ImportProgress

        files_done = bytes_done = records = 0
        for parsed in self._reading.results(jobs):
            for batch in parsed.batches:
                records += batch.count
                self._hold(batch)
            self._failures += parsed.failures
            for failure in parsed.failures:
                self._tallies[failure.source].errors.append(f"{failure.path}: {failure.error}")
            files_done += parsed.files_done
            bytes_done += parsed.bytes_done
            if self._reading.began and self._held >= FLUSH_BESIDE:
                to_come = records * max(total - bytes_done, 0) // max(bytes_done, 1)
                if self._held >= min(records // FLUSH_SHARE, to_come):
                    self._store()
            if self._stopping():
                raise Stopped
            if self._progress and (parsed.batches or parsed.files_done):
                self._progress(
                    ImportProgress(files_done, len(jobs), min(bytes_done, total), total, records)
                )

    # ------------------------------------------------------------------ storing

    def _hold(self, batch: Packed) -> None:
        """Keep a batch until there is enough for a transaction."""
        self._pending.setdefault(batch.source, []).append(batch)
        self._held += batch.count
        if self._held >= FLUSH_RECORDS or sum(map(len, self._pending.values())) >= FLUSH_FILES:
            self._store()

    def _store(self) -> None:
        """Store what is held, in one transaction."""
        pending, self._pending, self._held = self._pending, {}, 0
        stored = self._database.writer.ingest_each(pending.values(), _now())
        known = self._checkpoints.by_path
        for (source, batches), ingested in zip(pending.items(), stored, strict=True):
            tally = self._tallies[source]
            tally.added += ingested.records_added
            tally.changed += ingested.records_changed
            for batch in batches:
                before = known.get(batch.checkpoint.path)
                known[batch.checkpoint.path] = batch.checkpoint
                tally.files_read += before is None or before.mtime_ns != batch.checkpoint.mtime_ns

    def _result(self, source: registry.Source) -> SourceResult:
        tally = self._tallies[source.name]
        return SourceResult(
            source.name, source.title, self._on_disk[source.name], tally.files_read,
            tally.added, tally.changed, tuple(tally.errors),
        )  # fmt: skip


@contextmanager
def _without_garbage_collector() -> Iterator[None]:
    """Leave cycles alone during an import: there are none, and looking for them takes an eighth of it."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _now() -> int:
    return time.time_ns() // 1000
