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
        self.began = False
        """Whether workers are reading, whatever the caller does meanwhile."""

    @property
    def has_workers(self) -> bool:
        """Whether a backlog would be read by worker processes."""
        return self._workers > 1

    def make_ready(self) -> None:
        """Start workers for what is likely to be a backlog."""
        hello = Hello(str(self._paths.price_overlay), str(self._paths.price_cache))
        self._pool = Pool(self._workers, self._prices.of, hello)

    def begin(self, jobs: Sequence[Job]) -> None:
        """Let workers begin with a backlog; `results`, with the same jobs, has what comes of it."""
        if self._worth_workers(jobs):
            self._start(jobs)
        else:
            self.close()

    def results(self, jobs: Sequence[Job]) -> Iterator[Parsed]:
        """Yield what the jobs say, in about their order; empty ones too, so that a caller can stop.

        Whatever comes of it, `close` must follow.
        """
        if not self.began and not self._worth_workers(jobs):
            yield from self._here(jobs)
            return
        try:
            if not self.began:
                self._start(jobs)
            assert self._pool is not None
            yield from self._pool.results()
        finally:
            self.began = False
            if self._pool is not None:
                self._pool.end()
        # A name that is no UTF-8 cannot travel between processes.
        yield from self._here([job for job in jobs if not _travels(job)])

    def close(self) -> None:
        """End the workers, if there are any, and wait until they are gone."""
        pool, self._pool, self.began = self._pool, None, False
        if pool is not None:
            pool.close()

    def _worth_workers(self, jobs: Sequence[Job]) -> bool:
        return self.has_workers and sum(unread(job) for job in jobs) >= BACKLOG_BYTES

    def _start(self, jobs: Sequence[Job]) -> None:
        if self._pool is None:
            self.make_ready()
        assert self._pool is not None
        self._pool.start([job for job in jobs if _travels(job)], self._discovery.paths())
        self.began = True

    def _here(self, jobs: Sequence[Job]) -> Iterator[Parsed]:
        siblings = self._discovery.siblings() if jobs else {}
        for job in jobs:
            yield from self._one(job, siblings)

    def _one(self, job: Job, siblings: dict[str, Siblings]) -> Iterator[Parsed]:
        failures = []
        try:
            for batch in parse(job, siblings, self._prices.of):
                yield Parsed([batch], [], 0, 0)
        except OSError as error:
            failures.append(Failure(job.source, job.path, explain(error)))
        except Exception as error:  # one file must not end the reading of the others
            import logging  # 2 ms, for what hardly ever happens

            logging.getLogger("tokentui.engine").exception("%s failed", job.source)
            failures.append(Failure(job.source, job.path, f"reader failed: {error!r:.200}"))
        yield Parsed([], failures, 1, unread(job))


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
