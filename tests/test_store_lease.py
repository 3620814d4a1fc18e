"""One process writes; when it ends in whatever way, the next one takes over at once."""

from __future__ import annotations

import fcntl
import multiprocessing
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.mounting import read_only, small_disk
from tokentui.store.errors import ReadOnly, StoreError, Unsafe
from tokentui.store.lease import Lease, holder

# Python 3.12 and later warn of a fork beside other threads, which pytest-xdist has.
pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")

HOLD = """
import sys
from tokentui.store.lease import Lease
lease = Lease(sys.argv[1])
print("held" if lease.acquire() else "refused", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    return tmp_path / "writer.lock"


def test_only_one_of_two_gets_the_lease(lock: Path) -> None:
    first, second = Lease(lock), Lease(lock)
    assert first.acquire()
    assert first.acquire()
    assert not second.acquire()
    assert (first.held, second.held) == (True, False)
    first.release()
    assert not first.held
    assert second.acquire()


def test_giving_back_what_is_not_held_is_harmless(lock: Path) -> None:
    lease = Lease(lock)
    lease.release()
    with lease:
        assert lease.acquire()
    lease.release()
    assert Lease(lock).acquire()


def test_the_lock_file_is_private_and_names_its_holder(lock: Path) -> None:
    assert holder(lock) is None
    lease = Lease(lock)
    lease.acquire()
    assert stat.S_IMODE(lock.stat().st_mode) == 0o600
    assert holder(lock) == os.getpid()
    lease.release()
    assert holder(lock) is None
    assert lock.exists()


def test_a_killed_holder_is_replaced_at_once(lock: Path) -> None:
    program = [sys.executable, "-c", HOLD, str(lock)]
    with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        lease = Lease(lock)
        assert not lease.acquire()
        assert holder(lock) == other.pid
        other.send_signal(signal.SIGKILL)
        other.wait()
        assert holder(lock) is None  # the dead one's pid still stands in the file
        assert lock.read_text().strip() == str(other.pid)
        assert lease.acquire()
        assert holder(lock) == os.getpid()


def test_a_forked_child_neither_holds_nor_keeps_the_lease(lock: Path) -> None:
    lease = Lease(lock)
    assert lease.acquire()
    asked, answered = os.pipe()
    done, finish = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(finish)
        os.write(answered, b"1" if lease.held or lease.acquire() else b"0")
        os.read(done, 1)  # lives on after its parent gave the lease back
        os._exit(0)
    assert os.read(asked, 1) == b"0"
    lease.release()
    assert Lease(lock).acquire()
    for descriptor in (finish, done, asked, answered):
        os.close(descriptor)
    assert os.waitpid(child, 0)[1] == 0


def test_a_child_that_releases_does_not_release_its_parent(lock: Path) -> None:
    lease = Lease(lock)
    lease.acquire()
    child = os.fork()
    if child == 0:
        lease.release()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    assert lease.held
    assert holder(lock) == os.getpid()


def test_a_program_that_is_started_does_not_inherit_the_lease(lock: Path) -> None:
    lease = Lease(lock)
    lease.acquire()
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE, close_fds=False):
        lease.release()
        assert Lease(lock).acquire()


def test_of_many_starters_exactly_one_wins(lock: Path) -> None:
    context = multiprocessing.get_context("fork")
    results, start = context.Queue(), context.Barrier(6)
    others = [context.Process(target=_race, args=(str(lock), start, results)) for _ in range(6)]
    for other in others:
        other.start()
    assert sorted(results.get(timeout=20) for _ in others) == [False] * 5 + [True]
    for other in others:
        other.join()


def _race(lock: str, start: object, results: object) -> None:
    lease = Lease(lock)
    start.wait()  # type: ignore[attr-defined]
    won = lease.acquire()
    start.wait()  # type: ignore[attr-defined]
    results.put(won)  # type: ignore[attr-defined]


def test_asking_for_the_holder_does_not_keep_anyone_from_the_lease(lock: Path) -> None:
    lock.touch(0o600)
    asking = os.open(lock, os.O_RDONLY)
    fcntl.flock(asking, fcntl.LOCK_SH)
    lease = Lease(lock)
    assert not lease.acquire()  # somebody who asks for ever …
    fcntl.flock(asking, fcntl.LOCK_UN)
    assert lease.acquire()
    os.close(asking)


def test_a_removed_lock_file_is_noticed(lock: Path) -> None:
    lease = Lease(lock)
    lease.acquire()
    assert not lease.lost()
    lock.unlink()
    assert lease.lost()
    assert Lease(lock).acquire()
    assert lease.lost()


def test_a_link_in_place_of_the_lock_is_refused(lock: Path, tmp_path: Path) -> None:
    victim = tmp_path / "precious"
    victim.write_text("keep me")
    lock.symlink_to(victim)
    with pytest.raises(Unsafe, match="symbolic link"):
        Lease(lock).acquire()
    assert victim.read_text() == "keep me"
    assert holder(lock) is None


def test_a_pipe_in_place_of_the_lock_is_refused_without_waiting(lock: Path) -> None:
    os.mkfifo(lock)
    with pytest.raises(Unsafe, match="no file of yours"):
        Lease(lock).acquire()


def test_a_missing_folder_is_an_error_of_the_store(tmp_path: Path) -> None:
    with pytest.raises(StoreError):
        Lease(tmp_path / "none" / "writer.lock").acquire()


def test_a_full_disk_does_not_stop_the_lease(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "64k") as disk:
        (disk / "ballast").write_bytes(b"\0" * 65_536)
        lease = Lease(disk / "writer.lock")
        assert lease.acquire()
        assert not Lease(disk / "writer.lock").acquire()
        lease.release()


def test_a_read_only_folder_says_so(tmp_path: Path) -> None:
    with read_only(tmp_path / "home-ro") as folder, pytest.raises(ReadOnly) as caught:
        Lease(folder / "writer.lock").acquire()
    assert "cannot be written" in str(caught.value)
