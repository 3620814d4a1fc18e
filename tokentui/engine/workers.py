"""Worker processes that parse a backlog while the parent stores it.

Each worker is a child with a pipe either way (see `frames`): the parent sends the names of all files
and then lists of jobs, the worker sends batches and, after each list, what failed. A child is forked
while this process has one thread only (no start-up cost: 0.58 s against 0.70 to 0.75 for 500 MB); in
the dashboard, which has several, it is a fresh interpreter. A worker whose pipe closes ends, so a killed
parent leaves no orphan.
"""

from __future__ import annotations

import fcntl
import gc
import os
import select
import signal
import sys
import threading
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import msgspec

from tokentui.batch import Batch
from tokentui.engine.discovery import Siblings
from tokentui.engine.frames import PIPE_BYTES, Inbox, Outbox, framed, read_frame
from tokentui.engine.parsing import Job, PriceOf, parse, prepare

JOB_BYTES = 8_000_000
"""Log bytes in one list of jobs at most."""
AHEAD = 12
"""Lists of jobs a worker has at hand: enough for the 60 ms in which the parent stores and hands out none."""
ANSWER_SECONDS = 0.2
"""How long workers are waited for before the caller may say that it wants to stop."""
_ENVIRONMENT = (
    "COVERAGE_PROCESS_START", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "LD_LIBRARY_PATH", "PATH", "PYTHONHOME",
    "PYTHONPATH", "TMPDIR", "TZ",
)  # fmt: skip
"""All that a fresh interpreter gets to know: the user's variables may hold keys."""

ROOT = str(Path(__file__).parents[2])
"""The folder tokentui lies in."""

# Without the working directory, which may hold anybody's `msgspec.py`: what `-m` would put first.
PROGRAM = (
    "import sys; sys.path.append(sys.argv[1])\n"
    "from tokentui.engine.parse_worker import main; main()"
)

_BATCH, _DONE = b"B", b"D"


class Failure(msgspec.Struct, frozen=True, array_like=True):
    """A file that could not be read."""

    source: str
    path: str
    error: str


class Hello(msgspec.Struct, frozen=True, array_like=True):
    """What a fresh interpreter needs to know before its first job."""

    overlay: str
    price_cache: str


class Parsed(NamedTuple):
    """What comes back: batches as they are ready, then what failed of the files that are done."""

    batches: list[Batch]
    failures: list[Failure]
    files_done: int
    bytes_done: int


def serve(jobs_fd: int, results_fd: int, price_of: PriceOf) -> None:
    """Parse what comes down one pipe and send it up the other, until the first one closes."""
    gc.disable()  # records hold no cycles
    prepare()  # while the parent looks for files
    names = read_frame(jobs_fd)
    if names is None:
        return
    paths = msgspec.msgpack.decode(names, type=dict[str, list[bytes]])
    siblings = {source: Siblings([*map(os.fsdecode, found)]) for source, found in paths.items()}
    decode = msgspec.msgpack.Decoder(list[Job]).decode
    outbox = Outbox(results_fd)
    while (frame := read_frame(jobs_fd)) is not None:
        failures = []
        for job in decode(frame):
            try:
                for batch in parse(job, siblings, price_of):
                    outbox.put(_BATCH, batch)
            except OSError as error:
                failures.append(Failure(job.source, job.path, explain(error)))
            except Exception as error:  # one file must not end the import of the others
                failures.append(Failure(job.source, job.path, f"reader failed: {error!r:.200}"))
        outbox.put(_DONE, failures)
        outbox.send()


def lost(jobs: Sequence[Job]) -> list[Failure]:
    """Return what is told of files whose worker died; they are read again next time."""
    return [Failure(job.source, job.path, "the worker process reading it died") for job in jobs]


def explain(error: OSError) -> str:
    """Return what the system says of a file, without its path."""
    return error.strerror or error.__class__.__name__


class Pool:
    """Some worker processes, for one backlog. They get ready until `start` says what to read."""

    _decode_batch = staticmethod(msgspec.msgpack.Decoder(Batch).decode)
    _decode_failures = staticmethod(msgspec.msgpack.Decoder(list[Failure]).decode)

    def __init__(self, count: int, price_of: PriceOf, hello: Hello) -> None:
        self._lists: deque[_List] = deque()
        forked = threading.active_count() == 1
        message = msgspec.msgpack.encode(hello)
        self._workers = [
            _fork(price_of) if forked else _spawn(message) for _ in range(count)
        ]

    @property
    def pids(self) -> list[int]:
        """The process ids of the workers."""
        return [worker.pid for worker in self._workers]

    def start(self, jobs: Sequence[Job], paths: Mapping[str, Sequence[str]]) -> None:
        """Let the workers begin; `results` has what comes of it. `paths` are all files, by source."""
        names = {source: [*map(os.fsencode, found)] for source, found in paths.items()}
        for worker in self._workers:
            worker.unsent += framed(msgspec.msgpack.encode(names))
        self._lists = deque(_lists(jobs, len(self._workers)))
        for _ in range(AHEAD):
            for worker in self._workers:
                worker.hand(self._lists)

    def results(self) -> Iterator[Parsed]:
        """Yield what comes back, in about the order of the jobs, until all are done."""
        while busy := [worker for worker in self._workers if worker.pending]:
            waiting = [worker.jobs for worker in busy if worker.unsent]
            results = [worker.results for worker in busy]
            readable, writable, _ = select.select(results, waiting, [], ANSWER_SECONDS)
            if not readable:
                yield Parsed([], [], 0, 0)
            for worker in busy:
                if worker.jobs in writable:
                    worker.send()
                if worker.results in readable:
                    yield self._take(worker)
        left = [job for jobs, _ in self._lists for job in jobs]  # all workers died
        if left:
            yield Parsed([], lost(left), len(left), sum(job.size for job in left))

    def _take(self, worker: _Worker) -> Parsed:
        messages = worker.inbox.receive()
        if messages is None:
            failures = worker.lost()
            return Parsed([], failures, len(failures), 0)
        batches, failures = [], []
        files_done = bytes_done = 0
        for kind, message in messages:
            if kind == _BATCH:
                batches.append(self._decode_batch(message))
            else:
                failures += self._decode_failures(message)
                done = worker.pending.popleft()
                files_done += len(done.jobs)
                bytes_done += done.size
                worker.hand(self._lists)
        return Parsed(batches, failures, files_done, bytes_done)

    def end(self) -> None:
        """End the workers, whatever they are doing; `close` waits until they are gone, which takes 4 ms."""
        for worker in self._workers:
            worker.end()

    def close(self) -> None:
        """End the workers and wait until they are gone."""
        self.end()
        for worker in self._workers:
            worker.collect()


class _List(NamedTuple):
    jobs: list[Job]
    size: int


def _lists(jobs: Sequence[Job], workers: int) -> Iterator[_List]:
    """Cut the jobs into lists of `JOB_BYTES`, shorter and shorter, so that all workers end together."""
    left = sum(job.size for job in jobs)
    jobs_now: list[Job] = []
    size = 0
    for job in jobs:
        jobs_now.append(job)
        size += job.size
        if size >= min(JOB_BYTES, left // (workers * AHEAD)):
            yield _List(jobs_now, size)
            left -= size
            jobs_now, size = [], 0
    if jobs_now:
        yield _List(jobs_now, size)


class _Worker:
    """The parent's end of one worker."""

    def __init__(self, pid: int, jobs: int, results: int) -> None:
        self.pid = pid
        self.jobs = jobs
        self.results = results
        self.pending: deque[_List] = deque()
        self.unsent = bytearray()
        """Jobs that did not fit into the pipe yet; a blocking write could wait for a worker that
        waits for us to read its results."""
        self.inbox = Inbox(results)
        self._ended = False
        os.set_blocking(jobs, False)

    def hand(self, lists: deque[_List]) -> None:
        """Give the worker the next list of jobs, if there is one."""
        if lists:
            self.pending.append(lists.popleft())
            self.unsent += framed(msgspec.msgpack.encode(self.pending[-1].jobs))
            self.send()

    def send(self) -> None:
        """Push what fits of the unsent jobs into the pipe."""
        try:
            del self.unsent[: os.write(self.jobs, self.unsent)]
        except BlockingIOError:
            pass
        except BrokenPipeError:  # it died; its results pipe says so next
            self.unsent.clear()

    def lost(self) -> list[Failure]:
        """Give up what a worker that died had not finished; it is read again next time."""
        jobs = [job for jobs, _ in self.pending for job in jobs]
        self.pending.clear()
        return lost(jobs)

    def end(self) -> None:
        """End the process; the second time nothing happens."""
        if not self._ended:
            self._ended = True
            os.close(self.jobs)
            os.close(self.results)
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)

    def collect(self) -> None:
        """Wait until the process, which was ended, is gone."""
        with suppress(ChildProcessError):
            os.waitpid(self.pid, 0)


def _pipes() -> tuple[int, int, int, int]:
    jobs_read, jobs_write = os.pipe()
    results_read, results_write = os.pipe()
    for fd in (jobs_write, results_write):
        with suppress(AttributeError, OSError):  # not Linux, or the user's pipe budget is used up
            fcntl.fcntl(fd, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
    return jobs_read, jobs_write, results_read, results_write


def _fork(price_of: PriceOf) -> _Worker:
    jobs_read, jobs_write, results_read, results_write = _pipes()
    gc.freeze()  # or the child's first collection would copy every page it shares with the parent
    pid = os.fork()
    if pid == 0:
        try:
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, signal.SIG_DFL)
            _close_all_but(jobs_read, results_write)
            serve(jobs_read, results_write, price_of)
        except BrokenPipeError:
            pass  # the parent left
        finally:
            os._exit(0)
    os.close(jobs_read)
    os.close(results_write)
    return _Worker(pid, jobs_write, results_read)


def _close_all_but(*keep: int) -> None:
    """Close what a fork inherited: another worker's pipe, held open here, would never end."""
    start = 3
    for fd in sorted(keep):
        os.closerange(start, fd)
        start = fd + 1
    os.closerange(start, os.sysconf("SC_OPEN_MAX") if start > 4096 else 4096)


def _spawn(message: bytes) -> _Worker:
    import subprocess  # the command line, which forks, has no use for it

    jobs_read, jobs_write, results_read, results_write = _pipes()
    process = subprocess.Popen(
        [sys.executable, "-P", "-c", PROGRAM, ROOT],
        stdin=jobs_read,
        stdout=results_write,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # a Ctrl-C in the terminal is the dashboard's to handle
        env={name: os.environ[name] for name in _ENVIRONMENT if name in os.environ},
    )
    os.close(jobs_read)
    os.close(results_write)
    process.returncode = 0  # collected by `_Worker.collect`, not by Popen
    worker = _Worker(process.pid, jobs_write, results_read)
    worker.unsent += framed(message)
    return worker
