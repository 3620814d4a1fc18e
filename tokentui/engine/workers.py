"""Worker processes that parse a backlog while the parent stores it.

The parent tells each worker all there is to read, in lists of files, and lays a ticket for each list into
one pipe. A worker takes the next ticket whenever it is done with a list, so none waits for a parent that
is busy storing (half a second at a time), and all end together. What they find comes back in a pipe each
(see `frames`).
"""

from __future__ import annotations

import gc
import os
import select
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from struct import Struct
from typing import NamedTuple

import msgspec

from tokentui.engine import worker_process
from tokentui.engine.discovery import Siblings
from tokentui.engine.frames import Outbox, framed, read_frame
from tokentui.engine.parsing import Job, PriceOf, parse, prepare
from tokentui.packed import Packed

LIST_BYTES = 8_000_000
"""Log bytes in one list of jobs, about."""
SHARES = 12
"""Towards the end a list is a twelfth of what is left for a worker, so that all workers end together."""
MOST_LISTS = 1_000
"""So many tickets of four bytes fit into any pipe: a user with many gets but a page each."""
ANSWER_SECONDS = 0.2
"""How long workers are waited for before the caller may say that it wants to stop."""
START_SECONDS = 0.05
"""How long it may take to tell workers what to read; what is left is told between their results."""

_TICKET = Struct("=i")
_BATCH, _DONE = b"B", b"D"


class Failure(msgspec.Struct, frozen=True, array_like=True):
    """A file that could not be read."""

    source: str
    path: str
    error: str


class Hello(msgspec.Struct, frozen=True, array_like=True):
    """What a fresh interpreter needs to know before its work."""

    overlay: str
    price_cache: str


class Work(msgspec.Struct, frozen=True, array_like=True):
    """All there is to read, the same for each worker, and the paths of all files, by source."""

    lists: list[list[Job]]
    paths: dict[str, list[bytes]]


class Done(msgspec.Struct, frozen=True, array_like=True):
    """The list of this number was read, but for some of its files."""

    number: int
    failures: list[Failure]


class Parsed(NamedTuple):
    """What comes back: batches as they are ready, then what failed of the files that are done."""

    batches: list[Packed]
    failures: list[Failure]
    files_done: int
    bytes_done: int


def serve(work_fd: int, tickets_fd: int, results_fd: int, price_of: PriceOf) -> None:
    """Do the work that one pipe tells, list by list as tickets come out of another."""
    gc.disable()  # records hold no cycles
    prepare()  # while the parent looks for files
    frame = read_frame(work_fd)
    if frame is None:
        return
    work = msgspec.msgpack.decode(frame, type=Work)
    siblings = {source: Siblings([*map(os.fsdecode, found)]) for source, found in work.paths.items()}
    outbox = Outbox(results_fd)
    while ticket := os.read(tickets_fd, _TICKET.size):
        (number,) = _TICKET.unpack(ticket)
        failures = []
        for job in work.lists[number]:
            try:
                for batch in parse(job, siblings, price_of):
                    outbox.put(_BATCH, batch)
            except BrokenPipeError:
                raise  # the parent left
            except OSError as error:
                failures.append(Failure(job.source, job.path, explain(error)))
            except Exception as error:  # one file must not end the import of the others
                failures.append(Failure(job.source, job.path, f"reader failed: {error!r:.200}"))
        outbox.put(_DONE, Done(number, failures))
        outbox.send()
    outbox.flush()


def explain(error: OSError) -> str:
    """Return what the system says of a file, without its path."""
    return error.strerror or error.__class__.__name__


class Pool:
    """Some worker processes, for one backlog. They get ready until `start` says what to read."""

    _decode_batch = staticmethod(msgspec.msgpack.Decoder(Packed).decode)
    _decode_done = staticmethod(msgspec.msgpack.Decoder(Done).decode)

    def __init__(self, count: int, price_of: PriceOf, hello: Hello) -> None:
        self._undone: dict[int, _List] = {}
        tickets, self._tickets = worker_process.pipe()
        if threading.active_count() == 1:
            forked = partial(serve, price_of=price_of)
            self._workers = [worker_process.fork(forked, tickets) for _ in range(count)]
        else:
            message = framed(msgspec.msgpack.encode(hello))
            self._workers = [worker_process.spawn(message, tickets) for _ in range(count)]
        os.close(tickets)

    @property
    def pids(self) -> list[int]:
        """The process ids of the workers."""
        return [worker.pid for worker in self._workers]

    def start(self, jobs: Sequence[Job], paths: Mapping[str, Sequence[str]]) -> None:
        """Let the workers begin; `results` has what comes of it. `paths` are all files, by source."""
        lists = list(_lists(jobs, len(self._workers)))
        self._undone = dict(enumerate(lists))
        with suppress(BrokenPipeError):  # all workers died: `results` says so
            os.write(self._tickets, b"".join(map(_TICKET.pack, range(len(lists)))))
        self._close_tickets()
        names = {source: [*map(os.fsencode, found)] for source, found in paths.items()}
        message = framed(msgspec.msgpack.encode(Work([each.jobs for each in lists], names)))
        for worker in self._workers:
            worker.unsent += message
            worker.send()
        while waiting := [worker.work for worker in self._workers if worker.unsent]:
            _, writable, _ = select.select([], waiting, [], START_SECONDS)
            if not writable:
                break
            self._send(writable)

    def results(self) -> Iterator[Parsed]:
        """Yield what comes back, in about the order of the jobs, until all are done."""
        busy = list(self._workers)
        while busy and self._undone:
            waiting = [worker.work for worker in busy if worker.unsent]
            readable, writable, _ = select.select(
                [worker.results for worker in busy], waiting, [], ANSWER_SECONDS
            )
            if not readable:
                yield Parsed([], [], 0, 0)
            self._send(writable)
            for worker in [worker for worker in busy if worker.results in readable]:
                messages = worker.inbox.receive()
                if messages is None:  # it has nothing more to do, or died
                    busy.remove(worker)
                else:
                    yield self._parsed(messages)
        for left in self._undone.values():
            yield Parsed([], lost(left.jobs), len(left.jobs), left.size)

    def _send(self, writable: Sequence[int]) -> None:
        for worker in self._workers:
            if worker.work in writable:
                worker.send()

    def _parsed(self, messages: list[tuple[bytes, memoryview]]) -> Parsed:
        batches, failures = [], []
        files_done = bytes_done = 0
        for kind, message in messages:
            if kind == _BATCH:
                batches.append(self._decode_batch(message))
            else:
                done = self._decode_done(message)
                failures += done.failures
                files = self._undone.pop(done.number)
                files_done += len(files.jobs)
                bytes_done += files.size
        return Parsed(batches, failures, files_done, bytes_done)

    def end(self) -> None:
        """End the workers, whatever they are doing; `close` waits until they are gone, which takes 4 ms."""
        self._close_tickets()
        for worker in self._workers:
            worker.end()

    def close(self) -> None:
        """End the workers and wait until they are gone."""
        self.end()
        for worker in self._workers:
            worker.collect()

    def _close_tickets(self) -> None:
        if self._tickets >= 0:
            os.close(self._tickets)
            self._tickets = -1


class _List(NamedTuple):
    jobs: list[Job]
    size: int


def lost(jobs: Sequence[Job]) -> list[Failure]:
    """Return what is told of files whose worker died; they are read again next time."""
    return [Failure(job.source, job.path, "the worker process reading it died") for job in jobs]


def _lists(jobs: Sequence[Job], workers: int) -> Iterator[_List]:
    """Cut the jobs into lists, shorter and shorter in the end."""
    left = sum(job.size for job in jobs)
    least = left // MOST_LISTS + 1
    jobs_now: list[Job] = []
    size = 0
    for job in jobs:
        jobs_now.append(job)
        size += job.size
        if size >= max(min(LIST_BYTES, left // (workers * SHARES)), least):
            yield _List(jobs_now, size)
            left -= size
            jobs_now, size = [], 0
    if jobs_now:
        yield _List(jobs_now, size)
