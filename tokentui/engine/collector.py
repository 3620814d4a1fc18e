"""Collecting: what changed on disk is read, priced and stored; nothing is counted twice."""

from __future__ import annotations

import gc
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import NamedTuple

from tokentui import sources as registry
from tokentui.batch import Batch, Checkpoint
from tokentui.config import Paths, Settings
from tokentui.engine.database import Database
from tokentui.engine.discovery import Discovery, LogFile, Siblings, home_of, newest_first
from tokentui.engine.parsing import Job, parse
from tokentui.engine.workers import Failure, Hello, Parsed, Pool, explain
from tokentui.pricing import Prices
from tokentui.store.snapshot import ImportProgress
from tokentui.usage import UsageRecord

BACKLOG_BYTES = 32_000_000
"""From here on worker processes parse; below it their start costs more than they save."""
FLUSH_RECORDS = 10_000
"""Records in one transaction: 20,000 store no faster, 2,000 a third slower."""
FLUSH_FILES = 500
"""Checkpoints in one transaction, where files hold few records."""
MAX_WORKERS = 8


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


@dataclass(slots=True)
class _Tally:
    files_read: int = 0
    added: int = 0
    changed: int = 0
    errors: list[str] = field(default_factory=list)


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
        chosen = registry.SOURCES if sources is None else sources
        self.sources = [source for source in chosen if source.name not in settings.sources_off]
        self.prices = Prices.open(paths.price_overlay, paths.price_cache)
        self.discovery = Discovery(self.sources, home_of(environ), environ, settings.extra_roots)
        self._paths = paths
        self._database = database
        self._workers = workers if workers is not None else min(MAX_WORKERS, os.cpu_count() or 1)
        self._versions = {source.name: source.load().PARSER_VERSION for source in self.sources}
        self._checkpoints: dict[str, Checkpoint] = {}
        self._tallies: dict[str, _Tally] = {}
        self._pending: dict[str, list[Batch]] = {}
        self._held: Counter[str] = Counter()
        """Records in `_pending`, by source."""
        self._failures: list[Failure] = []
        self._pool: Pool | None = None
        """Workers that began before the database was open."""
        self._progress: Callable[[ImportProgress], None] | None = None
        self._stopping: Callable[[], bool] = lambda: False

    def read_ahead(self) -> None:
        """Let worker processes begin before a new database exists: making it takes 0.1 s."""
        self.discovery.walk()
        jobs = [self._job(file) for file in newest_first(list(self.discovery.files.values()))]
        if self._worth_workers(sum(job.size for job in jobs)):
            self._pool = self._started(jobs)

    def open(self) -> None:
        """Read the checkpoints and bring prices up to date. Call once, in the thread that collects."""
        writer = self._database.writer
        self._checkpoints = writer.checkpoints()
        self._reprice()

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
        self._pending, self._held, self._failures = {}, Counter(), []
        if self._pool is not None:
            found = list(self.discovery.files.values())
        elif everywhere:
            found = list(self.discovery.walk().values())
            self._note_vanished()
        else:
            found = self.discovery.glance()
        jobs = [self._job(file) for file in newest_first(found) if self._changed(file)]
        if jobs:
            self._read(jobs)
            self._flush()
        if self._failures:
            self._database.writer.file_errors(
                [(failure.source, failure.path, failure.error) for failure in self._failures], _now()
            )
        return [self._result(source) for source in self.sources]

    def close(self) -> None:
        """End worker processes that began and were not waited for."""
        if self._pool is not None:
            self._pool.close()
            self._pool = None

    def found(self) -> tuple[Found, ...]:
        """Return where each source's logs were looked for at the last walk, and how many there were."""
        counts = Counter(file.source for file in self.discovery.files.values())
        return tuple(
            Found(source.name, source.title, tuple(self.discovery.roots(source)), counts[source.name])
            for source in self.sources
        )

    # ------------------------------------------------------------------ which files

    def _changed(self, file: LogFile) -> bool:
        known = self._checkpoints.get(file.path)
        return known is None or (
            known.size != file.size
            or known.mtime_ns != file.mtime_ns
            or known.inode != file.inode
            or known.parser_version != self._versions[file.source]
        )

    def _job(self, file: LogFile) -> Job:
        return Job(file.source, file.path, self._checkpoints.get(file.path), file.size)

    def _note_vanished(self) -> None:
        """Remember which logs are gone; their records stay, only the user's purge deletes."""
        gone = self._checkpoints.keys() - self.discovery.files.keys()
        gone = {path for path in gone if not os.path.lexists(path)}
        if gone:
            self._database.writer.mark_gone(sorted(gone), _now())

    # ------------------------------------------------------------------ reading

    def _read(self, jobs: list[Job]) -> None:
        total = sum(_unread(job) for job in jobs)
        with _without_garbage_collector() if total >= BACKLOG_BYTES else nullcontext():
            self._read_all(jobs, total)

    def _read_all(self, jobs: list[Job], total: int) -> None:
        files_done = bytes_done = records = 0
        for parsed in self._parse(jobs, total):
            for batch in parsed.batches:
                records += len(batch.records)
                self._hold(batch)
            self._failures += parsed.failures
            for failure in parsed.failures:
                self._tallies[failure.source].errors.append(f"{failure.path}: {failure.error}")
            bytes_done += parsed.bytes_done
            files_done = sum(tally.files_read for tally in self._tallies.values())
            if self._stopping():
                raise Stopped
            if self._progress:
                self._progress(
                    ImportProgress(files_done, len(jobs), min(bytes_done, total), total, records)
                )

    def _parse(self, jobs: list[Job], total: int) -> Iterator[Parsed]:
        if self._pool is None and not self._worth_workers(total):
            siblings = self.discovery.siblings()
            for job in jobs:
                yield from self._parse_here(job, siblings)
            return
        pool = self._pool or self._started(jobs)
        try:
            yield from pool.results()
        finally:
            self._pool = None
            pool.close()

    def _worth_workers(self, size: int) -> bool:
        return size >= BACKLOG_BYTES and self._workers > 1

    def _started(self, jobs: list[Job]) -> Pool:
        pool = Pool(self._workers, self.discovery.siblings(), self.prices.cost, self._hello)
        pool.start(jobs)
        return pool

    def _parse_here(self, job: Job, siblings: dict[str, Siblings]) -> Iterator[Parsed]:
        try:
            for batch in parse(job, siblings, self.prices.cost):
                yield Parsed([batch], [], 0)
        except OSError as error:
            yield Parsed([], [Failure(job.source, job.path, explain(error))], 0)
        yield Parsed([], [], _unread(job))

    def _hello(self) -> Hello:
        paths: dict[str, list[str]] = {}
        for file in self.discovery.files.values():
            paths.setdefault(file.source, []).append(file.path)
        return Hello(paths, str(self._paths.price_overlay), str(self._paths.price_cache))

    # ------------------------------------------------------------------ storing

    def _hold(self, batch: Batch) -> None:
        """Keep a batch until there is enough for a transaction."""
        held = self._pending.setdefault(batch.source, [])
        held.append(batch)
        self._held[batch.source] += len(batch.records)
        if len(held) >= FLUSH_FILES or self._held[batch.source] >= FLUSH_RECORDS:
            self._store(batch.source)

    def _flush(self) -> None:
        for source in list(self._pending):
            self._store(source)

    def _store(self, source: str) -> None:
        batches = self._pending.pop(source)
        self._held[source] = 0
        ingested = self._database.writer.ingest(batches, _now())
        tally = self._tallies[source]
        tally.added += ingested.records_added
        tally.changed += ingested.records_changed
        for batch in batches:
            before = self._checkpoints.get(batch.checkpoint.path)
            self._checkpoints[batch.checkpoint.path] = batch.checkpoint
            tally.files_read += before is None or before.mtime_ns != batch.checkpoint.mtime_ns

    def _result(self, source: registry.Source) -> SourceResult:
        tally = self._tallies[source.name]
        found = sum(file.source == source.name for file in self.discovery.files.values())
        return SourceResult(
            source.name, source.title, found, tally.files_read, tally.added, tally.changed,
            tuple(tally.errors),
        )  # fmt: skip

    # ------------------------------------------------------------------ prices

    def _reprice(self) -> None:
        """Price again what a change of the price data touches.

        A changed overlay is the user's word and reprices everything; newer price data only fills in
        what had no price. Both at each record's own date.
        """
        if self.prices.overlay_problem:  # a price file with a mistake in it changes nothing
            return
        writer = self._database.writer
        overlay, data = self.prices.overlay_identity, self.prices.version
        known_overlay, known_data = writer.meta("price_overlay"), writer.meta("price_data")
        if known_overlay not in (None, overlay):
            writer.reprice(self._price)
        elif known_data not in (None, data) and (unpriced := writer.unpriced()):
            writer.reprice(self._price, only_models={model for _, model, _ in unpriced})
        if (known_overlay, known_data) != (overlay, data):
            writer.set_meta("price_overlay", overlay)
            writer.set_meta("price_data", data)


    def _price(self, record: UsageRecord, _service: str) -> tuple[int | None, str]:
        return self.prices.cost(record)


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


def _unread(job: Job) -> int:
    """About how many bytes reading a file will take."""
    if job.checkpoint is None or job.size < job.checkpoint.offset:
        return job.size
    return job.size - job.checkpoint.offset


def _now() -> int:
    return time.time_ns() // 1000
