"""What lies where logs should be, and machines with little of everything."""

from __future__ import annotations

import json
import os
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.engine_watch import append, engine, log, request
from tokentui.config import Settings, paths
from tokentui.engine.collect import Collected, collect_once
from tokentui.engine.collector import BACKLOG_BYTES
from tokentui.engine.health import Health, health
from tokentui.sources.logs import claude_code

WORDS = "word " * 400
NOBODY = 65534

def here() -> Collected:
    """Collect once in this process."""
    return collect_once(paths(os.environ), Settings())


def doctor() -> Health:
    """What doctor finds."""
    return health(paths(os.environ), Settings(), 0)


def limited(limit: int, value: int, *arguments: str) -> tuple[int, str, int]:
    """Run the program with a limit; return its exit code, what it said, and its peak memory in bytes."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tokentui", *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        preexec_fn=lambda: resource.setrlimit(limit, (value, value)),
    )  # fmt: skip
    assert process.stdout is not None
    said = process.stdout.read().decode()
    process.stdout.close()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, said, used.ru_maxrss * 1024


def backlog(home: Path) -> int:
    """Write logs large enough for worker processes; return how many requests are in them."""
    first = append(log(home, "a/0.jsonl"), *(request(str(number), text=WORDS) for number in range(2_000)))
    for number in range(1, BACKLOG_BYTES // first.stat().st_size + 2):
        shutil.copy(first, first.with_name(f"{number}.jsonl"))
    return 2_000


# ---------------------------------------------------------------------- things that are no logs


def test_pipes_folders_and_sockets_with_a_log_s_name_are_passed_over(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = append(log(home), request("1"))
    os.mkfifo(path.with_name("fifo.jsonl"))
    path.with_name("folder.jsonl").mkdir()
    path.with_name("link.jsonl").symlink_to("/etc/passwd")
    with socket.socket(socket.AF_UNIX) as listening:
        monkeypatch.chdir(path.parent)  # a socket's address has at most 107 bytes
        listening.bind("s.jsonl")
        done = here()
    assert (done.records_after, done.sources[0].files_found, done.sources[0].errors) == (1, 1, ())


def test_a_working_directory_with_a_pipe_for_its_repository_does_not_hang(home: Path) -> None:
    folder = home / "shop"
    folder.mkdir()
    os.mkfifo(folder / ".git")
    append(log(home), request("1", cwd=str(folder)))
    assert here().records_after == 1


@pytest.mark.parametrize("workers", [1, 2], ids=["here", "in a worker"])
def test_a_reader_that_fails_for_one_log_reads_the_others(
    home: Path, monkeypatch: pytest.MonkeyPatch, workers: int
) -> None:
    count, read = backlog(home), claude_code.read
    broken = log(home, "a/1.jsonl")

    def failing(path: str, *rest: object, **named: object) -> object:
        if path == str(broken):
            raise ValueError("no such luck")
        return read(path, *rest, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(claude_code, "read", failing)
    done = collect_once(paths(os.environ), Settings(), workers=workers)
    assert done.records_after == count
    assert [str(broken) in error and "ValueError" in error for error in done.sources[0].errors] == [True]
    monkeypatch.setattr(claude_code, "read", read)
    assert here().sources[0].errors == ()  # alone it is no backlog: read in this process
    assert doctor().sources[0].state == "ok"


@pytest.mark.parametrize("backlogged", [False, True], ids=["few", "backlog"])
def test_a_log_whose_name_is_no_text_is_read_like_any_other(home: Path, backlogged: bool) -> None:
    count = backlog(home) if backlogged else 0
    odd = os.fsdecode(os.fsencode(log(home, "a/x.jsonl").parent) + b"/\xff\xfe.jsonl")
    append(Path(odd), request("odd"))
    assert here().records_after == count + 1
    assert doctor().sources[0].state == "ok"


def test_worker_processes_run_no_module_of_the_working_directory(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    count, repository = backlog(home), tmp_path / "somebody's"
    repository.mkdir()
    for name in ("msgspec", "json", "tokentui"):
        (repository / f"{name}.py").write_text("open('ran', 'w')")
    monkeypatch.chdir(repository)
    monkeypatch.delenv("PYTHONPATH", raising=False)
    with engine() as (_, watch):
        watch.records(count)
        watch.wait(lambda: None in watch.progress)
        assert watch.troubles == []
    assert not (repository / "ran").exists()
    assert doctor().sources[0].errors == ()


# ---------------------------------------------------------------------- rights


@pytest.fixture
def open_home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A home that somebody without rights can reach: the test's own folder is private."""
    folder = Path(tempfile.mkdtemp(prefix="tokentui-test-"))
    folder.chmod(0o755)
    home = folder / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    yield home
    shutil.rmtree(folder)


def as_nobody(home: Path, work: Callable[[], object]) -> object:
    """Do some work in a child without root's rights; return what it returns, by way of JSON."""
    if os.geteuid() == 0:
        for path in [home, *home.rglob("*")]:
            os.chown(path, NOBODY, NOBODY)
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            if os.geteuid() == 0:
                os.setgroups([])
                os.setresgid(NOBODY, NOBODY, NOBODY)
                os.setresuid(NOBODY, NOBODY, NOBODY)
            os.write(write, json.dumps(work()).encode())
        finally:
            os._exit(0)
    os.close(write)
    with os.fdopen(read) as result:
        said = result.read()
    os.waitpid(pid, 0)
    return json.loads(said)


def test_a_log_that_may_not_be_read_is_told_and_read_once_it_may(open_home: Path) -> None:
    paths_of = [append(log(open_home, f"a/{name}.jsonl"), request(name)) for name in "12"]
    append(log(open_home, "b/3.jsonl"), request("3"))
    here()  # brings in all modules, and the schema, while they can be read
    shutil.rmtree(paths(os.environ).data_dir)

    def without_and_with_rights() -> object:
        paths_of[0].chmod(0)
        (open_home / ".claude/projects/b").chmod(0)
        first, then = here(), doctor().sources[0]
        paths_of[0].chmod(0o600)
        (open_home / ".claude/projects/b").chmod(0o700)
        second, at_last = here(), doctor().sources[0]
        return [
            first.records_after, first.sources[0].errors, then.state, then.errors,
            second.records_after, second.sources[0].errors, at_last.state, at_last.errors,
        ]  # fmt: skip

    found = as_nobody(open_home, without_and_with_rights)
    assert isinstance(found, list)
    denied = f"{paths_of[0]}: Permission denied"
    assert found[:3] == [1, [denied], "error"]
    assert sorted(found[3]) == [denied, f"{open_home}/.claude/projects/b: Permission denied"]
    assert found[4:] == [3, [], "ok", []]


# ---------------------------------------------------------------------- little of everything


def test_a_hundred_megabytes_without_a_newline_cost_no_memory(home: Path) -> None:
    path = append(log(home), request("1"))
    code, _, usual = limited(resource.RLIMIT_CORE, 0, "collect", "--once")
    assert code == 0
    shutil.rmtree(paths(os.environ).data_dir)
    with path.open("ab") as file:
        for _ in range(100):
            file.write(b"x" * 1_000_000)
    append(path, b"\n", request("2"))
    code, said, peak = limited(resource.RLIMIT_CORE, 0, "collect", "--once")
    assert (code, "Total tokens: 220." in said) == (0, True), said
    assert peak < usual + (64 << 20)
    assert [(bad.line, bad.reason) for bad in doctor().sources[0].bad_lines] == [(2, "longer than 64 MB")]


@pytest.mark.parametrize(
    ("limit", "value"), [(resource.RLIMIT_NOFILE, 32), (resource.RLIMIT_AS, 400 << 20)],
    ids=["files", "memory"],
)  # fmt: skip
def test_few_open_files_or_little_memory_are_enough_for_a_backlog(
    home: Path, limit: int, value: int
) -> None:
    count = backlog(home)
    code, said, _ = limited(limit, value, "collect", "--once", "--workers", "2")
    assert (code, "1 source." in said) == (0, True), said
    assert "could not be read" not in said
    assert here().records_after == count


def test_workers_of_an_open_database_leave_it_sound(home: Path) -> None:
    append(log(home), request("before"))
    here()
    count = backlog(home)  # from here on workers are forked while a connection is open
    code, said, _ = limited(resource.RLIMIT_CORE, 0, "collect", "--once", "--workers", "2", "--verify")
    assert (code, "File valid: yes" in said) == (0, True), said
    assert here().records_after == count + 1


def test_memory_that_is_not_there_ends_with_a_sentence(home: Path) -> None:
    backlog(home)
    code, said, _ = limited(resource.RLIMIT_AS, 60 << 20, "collect", "--once")
    assert code in (0, 1), said
    assert "Traceback" not in said
    here()
    assert doctor().database.sound
