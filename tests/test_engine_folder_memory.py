"""What an earlier program saw of the folders saves looking, and never hides a file."""

from __future__ import annotations

import itertools
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tokentui.config import Settings, paths
from tokentui.engine import folder_memory
from tokentui.engine.collector import LISTED_EVERY, Collector
from tokentui.engine.database import Database
from tokentui.engine.discovery import Discovery
from tokentui.engine.folder_memory import FolderMemory
from tokentui.sources import SOURCES

CLAUDE = [source for source in SOURCES if source.name == "claude-code"]
_ticks = itertools.count(1_700_000_000, 10)


def rest(folder: Path) -> None:
    """Let a folder look as if it had changed long ago: each time a moment of its own."""
    tick = next(_ticks)
    os.utime(folder, (tick, tick))


def log(home: Path, project: str, name: str, text: str = "{}\n") -> Path:
    """Write a log; its folder is at rest afterwards."""
    path = home / ".claude" / "projects" / project / f"{name}.jsonl"
    new = not path.parent.exists()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    rest(path.parent)
    if new:
        for folder in (path.parent.parent, path.parent.parent.parent, home):
            rest(folder)
    return path


@contextmanager
def counting() -> Iterator[list[str]]:
    """Note which folders are listed meanwhile."""
    listed: list[str] = []
    original = os.scandir

    def noted(folder: str) -> object:
        listed.append(folder)
        return original(folder)

    os.scandir = noted  # type: ignore[assignment]
    try:
        yield listed
    finally:
        os.scandir = original


def walk(home: Path, memory: Path | None) -> tuple[dict[str, tuple[int, int]], int]:
    """Walk as a program that begins; return size and time of each file, and how many folders were listed."""
    discovery = Discovery(CLAUDE, home, {"HOME": str(home)})
    if memory is not None:
        discovery.memory = FolderMemory(memory)
        discovery.memory.load()
    with counting() as listed:
        files = discovery.walk()
    if discovery.memory is not None:
        discovery.memory.save()
    return {path: (file.size, file.mtime_ns) for path, file in files.items()}, len(listed)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with two projects."""
    found = tmp_path / "somebody"
    found.mkdir()
    log(found, "-work-shop", "a")
    log(found, "-work-shop", "b")
    log(found, "-work-infra", "c")
    return found


@pytest.fixture
def memory(tmp_path: Path) -> Path:
    """Where the listings are kept."""
    return tmp_path / "cache" / "folders"


def test_folders_at_rest_are_not_listed_again(home: Path, memory: Path) -> None:
    first, listed = walk(home, memory)
    again, after = walk(home, memory)
    assert first == again
    assert len(first) == 3
    assert (listed > 2, after) == (True, 0)


def test_a_log_that_grew_is_seen(home: Path, memory: Path) -> None:
    walk(home, memory)
    path = home / ".claude" / "projects" / "-work-shop" / "a.jsonl"
    with path.open("a") as file:
        file.write("more\n")
    found, _ = walk(home, memory)
    assert found[str(path)][0] == 8


def test_new_and_removed_logs_and_folders_are_seen(home: Path, memory: Path) -> None:
    walk(home, memory)
    projects = home / ".claude" / "projects"
    new = log(home, "-work-shop", "new")
    shutil.rmtree(projects / "-work-infra")
    (projects / "-work-shop").rename(projects / "-work-store")
    rest(projects)
    found, _ = walk(home, memory)
    assert found == walk(home, None)[0]
    assert str(projects / "-work-store" / new.name) in found
    assert len(found) == 3


def test_a_folder_that_has_just_changed_is_listed_each_time(home: Path, memory: Path) -> None:
    folder = home / ".claude" / "projects" / "-work-shop"
    now = time.time()
    os.utime(folder, (now, now))
    walk(home, memory)
    late = folder / "late.jsonl"
    late.write_text("{}\n")
    os.utime(folder, (now, now))  # a file system with coarse times
    assert str(late) in walk(home, memory)[0]


def test_a_program_lists_folders_at_rest_once_in_ten_walks_and_misses_nothing(home: Path) -> None:
    places = paths(os.environ)
    collector = Collector(
        places, Settings(), Database(places, Settings()),
        sources=CLAUDE, workers=1, environ={"HOME": str(home)},
    )  # fmt: skip
    folders = 0
    for number in range(1, 2 * LISTED_EVERY + 1):
        if number % 4 == 0:
            log(home, "-work-shop", "a", "{}\n" * number)
        new = {str(log(home, "-work-infra", f"new-{number}"))} if number % 7 == 0 else set()
        with counting() as listed:
            collector.walk()
        assert {path: file.size for path, file in collector.discovery.files.items()} == {
            path: size for path, (size, _) in walk(home, None)[0].items()
        }
        assert new <= collector.discovery.files.keys()
        folders = folders or len(listed)
        if number == 1 or number % LISTED_EVERY == 0:
            assert len(listed) == folders >= 3
        else:
            assert len(listed) <= 2, "only what has changed is listed"


@pytest.mark.parametrize("damage", [b"", b"\x00" * 40, b"\xc1", b"\x93\xa1x"])
def test_a_damaged_memory_is_passed_over(home: Path, memory: Path, damage: bytes) -> None:
    first, _ = walk(home, memory)
    memory.write_bytes(damage)
    assert walk(home, memory)[0] == first


def test_an_old_memory_is_passed_over(home: Path, memory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    walk(home, memory)
    monkeypatch.setattr(folder_memory, "BEST_BEFORE_SECONDS", 0.0)
    assert walk(home, memory)[1] > 2


def test_folders_on_a_file_system_that_may_not_keep_their_times_are_listed(
    home: Path, memory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folder_memory, "file_system_of", lambda _: "fuse.sshfs")
    walk(home, memory)
    assert walk(home, memory)[1] > 2


def test_where_nothing_can_be_kept_nothing_is_missing(home: Path) -> None:
    nowhere = Path("/proc/nowhere/folders")
    assert walk(home, nowhere)[0] == walk(home, None)[0]


def test_the_memory_is_for_its_owner_only(home: Path, memory: Path) -> None:
    walk(home, memory)
    assert memory.stat().st_mode & 0o777 == 0o600


steps = st.lists(
    st.tuples(
        st.sampled_from(["write", "append", "remove", "move", "walk"]), st.integers(0, 3), st.integers(0, 3)
    ),
    max_size=25,
)


@settings(max_examples=40, deadline=None)
@given(steps)
def test_whatever_happens_between_two_walks_both_find_the_same(
    tmp_path_factory: pytest.TempPathFactory, happened: list[tuple[str, int, int]]
) -> None:
    base = tmp_path_factory.mktemp("memory")
    home, memory = base / "somebody", base / "folders"
    home.mkdir()
    projects = home / ".claude" / "projects"
    for what, project, name in happened:
        folder = projects / f"p{project}"
        path = folder / f"{name}.jsonl"
        if what == "write":
            log(home, f"p{project}", str(name))
        elif what == "append" and path.exists():
            with path.open("a") as file:
                file.write("x\n")
        elif what == "remove" and path.exists():
            path.unlink()
            rest(folder)
        elif what == "move" and folder.exists() and not (projects / f"p{name}").exists():
            folder.rename(projects / f"p{name}")
            rest(projects)
        elif what == "walk":
            assert walk(home, memory)[0] == walk(home, None)[0]
    assert walk(home, memory)[0] == walk(home, None)[0]
