"""A backlog is parsed by worker processes, and one that dies takes nothing with it."""

from __future__ import annotations

import gc
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.processes import is_gone
from tests.unpacked import Asked, unpacked
from tokentui.engine import frames, parsing, workers
from tokentui.engine.frames import HELD_BYTES, PIPE_BYTES, Inbox, Outbox, framed
from tokentui.engine.parsing import Job
from tokentui.engine.workers import LIST_BYTES, MOST_LISTS, Hello, Parsed, Pool, Work, _lists
from tokentui.packed import Packed
from tokentui.usage import UsageRecord

REQUESTS = 30


def log(folder: Path, name: str) -> Job:
    """A small Claude Code log of `REQUESTS` requests."""
    path = folder / f"{name}.jsonl"
    lines = []
    for number in range(REQUESTS):
        usage = {"input_tokens": 10, "output_tokens": number + 1}
        key, stamp = f"msg_{name}_{number:012d}", f"2026-09-14T10:00:{number:02d}.000Z"
        message = {"id": key, "role": "assistant", "model": "claude-sonnet-4-5", "usage": usage}
        line = {"type": "assistant", "timestamp": stamp, "sessionId": name, "message": message}
        lines.append(json.dumps(line))
    path.write_text("\n".join(lines) + "\n")
    return Job("claude-code", str(path), None, path.stat().st_size)


def price(record: UsageRecord) -> tuple[int | None, str]:
    """A dollar a request."""
    return 1_000_000_000, f"test/{record.model}"


@pytest.fixture(params=["forked", "fresh"])
def pool(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Pool]:
    """Two worker processes that ask a dollar a request; fresh interpreters ask the list price."""
    threads = 1 if request.param == "forked" else 2
    monkeypatch.setattr(workers.threading, "active_count", lambda: threads)
    made = Pool(2, lambda _: Asked(price), Hello("", ""))
    yield made
    made.close()


def records(parsed: list[Parsed]) -> list[UsageRecord]:
    """All records that came back."""
    return [record for part in parsed for batch in part.batches for record in unpacked(batch)]


@pytest.fixture
def jobs(tmp_path: Path) -> list[Job]:
    """Forty logs."""
    return [log(tmp_path, f"s{number:03d}") for number in range(40)]


def test_every_record_comes_back_once_and_priced(pool: Pool, jobs: list[Job]) -> None:
    pool.start(jobs, {})
    parsed = list(pool.results())
    found = records(parsed)
    assert len(found) == len({record.key for record in found}) == len(jobs) * REQUESTS
    assert all(record.cost and record.price for record in found)
    assert sum(part.files_done for part in parsed) == len(jobs)
    assert sum(part.bytes_done for part in parsed) == sum(job.size for job in jobs)


def test_a_worker_without_further_work_ends_by_itself(pool: Pool, jobs: list[Job]) -> None:
    pool.start(jobs, {})
    assert len(records(list(pool.results()))) == len(jobs) * REQUESTS
    assert all(map(is_gone, pool.pids)), "one waits for something"


def test_a_file_that_cannot_be_read_is_told_and_the_others_are_read(
    pool: Pool, jobs: list[Job], tmp_path: Path
) -> None:
    (tmp_path / "folder.jsonl").mkdir()
    broken = Job("claude-code", str(tmp_path / "folder.jsonl"), None, 10)
    pool.start([*jobs[:3], broken, *jobs[3:]], {})
    parsed = list(pool.results())
    assert [failure.path for part in parsed for failure in part.failures] == [broken.path]
    assert len(records(parsed)) == len(jobs) * REQUESTS


@pytest.mark.parametrize("dead", [1, 2])
@pytest.mark.parametrize("when", ["before", "then"])
def test_workers_that_die_are_told_of_and_the_others_go_on(
    pool: Pool, jobs: list[Job], dead: int, when: str
) -> None:
    for pid in pool.pids:
        os.kill(pid, signal.SIGSTOP)
    if when == "then":
        pool.start(jobs, {})
    for pid in pool.pids[:dead]:
        os.kill(pid, signal.SIGKILL)
        assert is_gone(pid)
    if when == "before":
        pool.start(jobs, {})
    for pid in pool.pids[dead:]:
        os.kill(pid, signal.SIGCONT)
    parsed = list(pool.results())
    lost = [failure.path for part in parsed for failure in part.failures]
    whole = [batch.checkpoint.path for part in parsed for batch in part.batches]
    assert sorted(lost + whole) == sorted(job.path for job in jobs)
    assert len(lost) == (len(jobs) if dead == 2 else 0)
    assert sum(part.files_done for part in parsed) == len(jobs)


def test_a_worker_that_dies_over_a_list_is_told_of(pool: Pool, jobs: list[Job]) -> None:
    pool.start(jobs, {})
    parsed = []
    for part in pool.results():
        parsed.append(part)
        for pid in pool.pids:
            os.kill(pid, signal.SIGKILL)
    lost = {failure.path for part in parsed for failure in part.failures}
    whole = {batch.checkpoint.path for part in parsed for batch in part.batches}
    assert lost | whole == {job.path for job in jobs}
    assert sum(part.files_done for part in parsed) == len(jobs)


@pytest.mark.parametrize("threads", [1, 2])  # of which workers are copies, or fresh interpreters
def test_no_worker_outlives_its_parent(threads: int) -> None:
    program = (
        "import os, sys, threading\n"
        "from tokentui.engine.workers import Hello, Pool\n"
        f"threading.active_count = lambda: {threads}\n"
        "pool = Pool(2, None, Hello('', ''))\n"
        "print(*pool.pids, flush=True)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    for pid in map(int, done.stdout.split()):
        assert is_gone(pid)
    assert len(done.stdout.split()) == 2


def test_a_message_larger_than_the_pipe_arrives_whole_among_small_ones() -> None:
    read, write = os.pipe()
    said = [b"small", b"x" * (3 * PIPE_BYTES), "\udc80", b"", [1, 2]]

    def say() -> None:
        outbox = Outbox(write)
        for message in said:
            with suppress(UnicodeEncodeError):  # what cannot be said takes nothing with it
                outbox.put(b"K", message)
        outbox.flush()
        os.close(write)

    speaker = threading.Thread(target=say)
    speaker.start()
    inbox, heard = Inbox(read), list[object]()
    while (messages := inbox.receive()) is not None:
        heard += [(kind, msgspec.msgpack.decode(message)) for kind, message in messages]
    speaker.join()
    os.close(read)
    assert heard == [(b"K", b"small"), (b"K", b"x" * (3 * PIPE_BYTES)), (b"K", b""), (b"K", [1, 2])]


def told_work(jobs: list[Job]) -> tuple[int, int]:
    """The pipes of a worker that was told to read one list of jobs: its work and its ticket."""
    work, tickets = os.pipe(), os.pipe()
    os.write(work[1], framed(msgspec.msgpack.encode(Work([jobs], {}))))
    os.write(tickets[1], bytes(4))
    os.close(work[1])
    os.close(tickets[1])
    return work[0], tickets[0]


@pytest.fixture
def serving() -> Iterator[Callable[[list[Job], int], None]]:
    """Does a worker's work in this process, which leaves garbage alone then."""

    def serve(jobs: list[Job], results: int) -> None:
        work, tickets = told_work(jobs)
        try:
            workers.serve(work, tickets, results, lambda _: Asked(price))
        finally:
            os.close(work)
            os.close(tickets)

    yield serve
    gc.enable()


def test_a_worker_leaves_nothing_unsaid(
    serving: Callable[[list[Job], int], None], jobs: list[Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full(Outbox):
        """Of a pipe that has no room until the work is done."""

        flushing = False

        def send(self) -> None:
            if self.flushing:
                super().send()

        def flush(self) -> None:
            self.flushing = True
            super().flush()

    monkeypatch.setattr(workers, "Outbox", Full)
    read, write = os.pipe()
    serving(jobs[:3], write)
    os.close(write)
    inbox, kinds = Inbox(read), list[bytes]()
    while (messages := inbox.receive()) is not None:
        kinds += [kind for kind, _ in messages]
    os.close(read)
    assert kinds == [b"B", b"B", b"B", b"D"]


def test_a_worker_whose_parent_left_reads_no_further(
    serving: Callable[[list[Job], int], None], jobs: list[Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[Job] = []

    def parse(job: Job, *more: Any) -> Iterator[Packed]:
        read.append(job)
        return parsing.parse(job, *more)

    monkeypatch.setattr(workers, "parse", parse)
    results, write = os.pipe()
    os.close(results)
    with pytest.raises(BrokenPipeError):
        serving(jobs, write)
    os.close(write)
    assert 0 < len(read) < len(jobs)


def test_a_worker_holds_only_so_much(monkeypatch: pytest.MonkeyPatch) -> None:
    read, write = os.pipe()
    outbox, waits = Outbox(write), list[int]()

    def waited(_: Any, to_write: list[int], __: Any) -> None:
        waits.append(to_write[0])
        os.read(read, PIPE_BYTES)

    monkeypatch.setattr(frames.select, "select", waited)
    for _ in range(HELD_BYTES // 100_000):
        outbox.put(b"K", b"x" * 100_000)
    assert not waits
    for _ in range(20):
        outbox.put(b"K", b"x" * 100_000)
    assert len(waits) >= 20
    os.close(read)
    os.close(write)


@pytest.mark.parametrize("closed", [[0], [0, 1, 2]])
def test_no_pipe_is_taken_for_a_standard_stream(closed: list[int]) -> None:
    program = (
        f"import os\nfor fd in {closed}: os.close(fd)\n"
        "from tokentui.engine.worker_process import pipe\nends = [*pipe(), *pipe()]\n"
        "os._exit(0 if min(ends) > 2 and len({*ends}) == 4 else 1)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_a_worker_goes_on_while_its_parent_takes_nothing() -> None:
    read, write = os.pipe()
    outbox, message = Outbox(write), b"x" * 100_000
    try:
        for _ in range(HELD_BYTES // len(message)):  # would wait for ever if it waited for the pipe
            outbox.put(b"K", message)
        os.close(read)
        with pytest.raises(BrokenPipeError):
            outbox.flush()
    finally:
        os.close(write)


@settings(max_examples=200)
@given(st.lists(st.integers(0, 30_000_000) | st.just(10**12), max_size=2_500), st.integers(1, 8))
def test_each_file_is_in_one_list_and_every_list_has_its_ticket(sizes: list[int], workers: int) -> None:
    jobs = [Job("codex", str(number), None, size) for number, size in enumerate(sizes)]
    lists = list(_lists(jobs, workers))
    assert [job for each in lists for job in each.jobs] == jobs
    assert [each.size for each in lists] == [sum(job.size for job in each.jobs) for each in lists]
    assert len(lists) <= MOST_LISTS + 1


def test_the_last_lists_are_short_so_that_workers_end_together() -> None:
    jobs = [Job("codex", str(number), None, 1_000_000) for number in range(500)]
    sizes = [each.size for each in _lists(jobs, 2)]
    assert max(sizes) <= 2 * LIST_BYTES
    assert sizes[-1] == 1_000_000
    assert sizes == sorted(sizes, reverse=True)
