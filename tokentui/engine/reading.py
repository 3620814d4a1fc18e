"""A list of jobs becomes batches: in this process, or in worker processes when there is a backlog."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tokentui.config import Paths
from tokentui.engine.discovery import Discovery, Siblings
from tokentui.engine.parsing import Job, parse
from tokentui.engine.workers import Failure, Hello, Parsed, Pool, explain
from tokentui.pricing import Prices

BACKLOG_BYTES = 32_000_000
"""From here on worker processes parse; below it their start costs more than they save."""


class Reading:
    """How one collector reads its files."""

    def __init__(self, discovery: Discovery, prices: Prices, paths: Paths, workers: int) -> None:
        self._discovery = discovery
        self._prices = prices
        self._paths = paths
        self._workers = workers
        self._pool: Pool | None = None
        """Workers that began before the database was open."""
        self.is_beside = False
        """Whether workers are reading while the caller does something with their results."""

    @property
    def has_workers(self) -> bool:
        """Whether a backlog would be read by worker processes."""
        return self._workers > 1

    @property
    def began(self) -> bool:
        """Whether workers are at it already."""
        return self._pool is not None

    def begin(self, jobs: Sequence[Job]) -> None:
        """Let workers begin with a backlog; `results`, with the same jobs, has what comes of it."""
        if self._worth_workers(jobs):
            self._pool = self._started(jobs)

    def results(self, jobs: Sequence[Job]) -> Iterator[Parsed]:
        """Yield what the jobs say, in about their order; empty ones too, so that a caller can stop."""
        if self._pool is None and not self._worth_workers(jobs):
            yield from self._here(jobs)
            return
        pool, self._pool = self._pool or self._started(jobs), None
        self.is_beside = True
        try:
            yield from pool.results()
        finally:
            self.is_beside = False
            pool.close()
        # A name that is no UTF-8 cannot travel between processes.
        yield from self._here([job for job in jobs if not _travels(job)])

    def close(self) -> None:
        """End workers that began and were not waited for."""
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.close()

    def _worth_workers(self, jobs: Sequence[Job]) -> bool:
        return self.has_workers and sum(unread(job) for job in jobs) >= BACKLOG_BYTES

    def _started(self, jobs: Sequence[Job]) -> Pool:
        pool = Pool(self._workers, self._discovery.siblings(), self._prices.cost_of, self._hello)
        try:
            pool.start([job for job in jobs if _travels(job)])
        except BaseException:
            pool.close()
            raise
        return pool

    def _here(self, jobs: Sequence[Job]) -> Iterator[Parsed]:
        siblings = self._discovery.siblings() if jobs else {}
        for job in jobs:
            yield from self._one(job, siblings)

    def _one(self, job: Job, siblings: dict[str, Siblings]) -> Iterator[Parsed]:
        failures = []
        try:
            for batch in parse(job, siblings, self._prices.cost_of):
                yield Parsed([batch], [], 0, 0)
        except OSError as error:
            failures.append(Failure(job.source, job.path, explain(error)))
        except Exception as error:  # one file must not end the reading of the others
            import logging  # 2 ms, for what hardly ever happens

            logging.getLogger("tokentui.engine").exception("%s failed", job.source)
            failures.append(Failure(job.source, job.path, f"reader failed: {error!r:.200}"))
        yield Parsed([], failures, 1, unread(job))

    def _hello(self) -> Hello:
        paths: dict[str, list[str]] = {}
        for file in self._discovery.files.values():
            if _encodable(file.path):
                paths.setdefault(file.source, []).append(file.path)
        return Hello(paths, str(self._paths.price_overlay), str(self._paths.price_cache))


def unread(job: Job) -> int:
    """About how many bytes reading a file will take."""
    if job.checkpoint is None or job.size < job.checkpoint.offset:
        return job.size
    return job.size - job.checkpoint.offset


def _travels(job: Job) -> bool:
    return _encodable(job.path)


def _encodable(path: str) -> bool:
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True
