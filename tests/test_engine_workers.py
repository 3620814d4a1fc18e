"""A backlog is parsed by worker processes, and one that dies takes nothing with it."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unpacked import Asked, unpacked
from tokentui.engine.frames import HELD_BYTES, PIPE_BYTES, Inbox, Outbox
from tokentui.engine.parsing import Job
from tokentui.engine.workers import LIST_BYTES, MOST_LISTS, Hello, Parsed, Pool, _lists
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


def pool(count: int = 2) -> Pool:
    """Worker processes that ask a dollar a request."""
    return Pool(count, lambda _: Asked(price), Hello("", ""))


def records(parsed: list[Parsed]) -> list[UsageRecord]:
    """All records that came back."""
    return [record for part in parsed for batch in part.batches for record in unpacked(batch)]


@pytest.fixture
def jobs(tmp_path: Path) -> list[Job]:
    """Forty logs."""
    return [log(tmp_path, f"s{number:03d}") for number in range(40)]


def test_every_record_comes_back_once_and_priced(jobs: list[Job]) -> None:
    workers = pool()
    try:
        workers.start(jobs, {})
        parsed = list(workers.results())
    finally:
        workers.close()
    found = records(parsed)
    assert len(found) == len({record.key for record in found}) == len(jobs) * REQUESTS
    assert {record.cost for record in found} <= {1_000_000_000, None}
    assert sum(part.bytes_done for part in parsed) == sum(job.size for job in jobs)


def test_a_file_that_cannot_be_read_is_told_and_the_others_are_read(jobs: list[Job], tmp_path: Path) -> None:
    (tmp_path / "folder.jsonl").mkdir()
    broken = Job("claude-code", str(tmp_path / "folder.jsonl"), None, 10)
    workers = pool()
    try:
        workers.start([*jobs[:3], broken, *jobs[3:]], {})
        parsed = list(workers.results())
    finally:
        workers.close()
    assert [failure.path for part in parsed for failure in part.failures] == [broken.path]
    assert len(records(parsed)) == len(jobs) * REQUESTS


def test_a_worker_that_dies_is_told_of_and_the_others_go_on(jobs: list[Job]) -> None:
    workers = pool()
    parsed = []
    try:
        workers.start(jobs, {})
        for part in workers.results():
            parsed.append(part)
            if len(parsed) == 1:
                os.kill(workers.pids[0], signal.SIGKILL)
    finally:
        workers.close()
    lost = {failure.path for part in parsed for failure in part.failures}
    whole = {batch.checkpoint.path for part in parsed for batch in part.batches}
    assert lost | whole == {job.path for job in jobs}


def test_no_worker_outlives_its_parent() -> None:
    program = (
        "import os, sys, threading\n"
        "from tokentui.engine.workers import Hello, Pool\n"
        "threading.Thread(target=threading.Event().wait, daemon=True).start()\n"  # so: fresh interpreters
        "pool = Pool(2, None, Hello('', ''))\n"
        "print(*pool.pids, flush=True)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    for pid in map(int, done.stdout.split()):
        try:
            handle = os.pidfd_open(pid)
        except ProcessLookupError:
            continue
        try:
            assert select.select([handle], [], [], 5)[0], "the worker is still there"
        finally:
            os.close(handle)
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
