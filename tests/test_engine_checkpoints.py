"""Where nothing is new, a command sees it at once; and it never overlooks what is."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.claude_transcripts import assistant, encoded, usage
from tokentui import config
from tokentui.engine.collect import Collected, collect_once
from tokentui.engine.collector import Collector
from tokentui.engine.database import Database
from tokentui.sources.logs import claude_code
from tokentui.store import log_files

loaded: list[object] = []
"""Each time the checkpoints were loaded."""


@pytest.fixture(autouse=True)
def _counted(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded.clear()
    right = log_files.checkpoints

    def counting(*arguments: object) -> object:
        loaded.append(1)
        return right(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(log_files, "checkpoints", counting)


def write(path: Path, name: str, mode: str = "wb") -> Path:
    """Write a session with one request."""
    with path.open(mode) as file:
        file.write(encoded([assistant(name, usage(1, 2, 3, 4))]))
    return path


@pytest.fixture
def logs(home: Path) -> list[Path]:
    """Three sessions."""
    folder = home / ".claude" / "projects" / "-work-shop"
    folder.mkdir(parents=True)
    return [write(folder / f"{number}.jsonl", f"m{number}") for number in range(3)]


def collect(**options: object) -> Collected:
    """Collect as a command does."""
    loaded.clear()
    return collect_once(config.paths(os.environ), config.Settings(), **options)  # type: ignore[arg-type]


def read(done: Collected) -> int:
    """How many files were read."""
    return sum(source.files_read for source in done.sources)


def test_what_was_read_is_not_even_compared_with_its_checkpoints(logs: list[Path]) -> None:
    assert read(collect()) == len(logs)
    done = collect()
    assert (read(done), done.records_after, loaded) == (0, 3, [])
    assert [source.files_found for source in done.sources if source.files_found] == [3]


@pytest.mark.parametrize("change", ["grown", "touched", "new", "moved", "gone", "edited"])
def test_whatever_changed_is_seen_and_after_that_nothing_is_new(logs: list[Path], change: str) -> None:
    collect()
    last, records = logs[-1], 3
    if change == "grown":
        write(last, "m9", "ab")
        records = 4
    elif change == "touched":
        os.utime(last, (1, 1))
    elif change == "new":
        write(last.with_name("9.jsonl"), "m9")
        records = 4
    elif change == "moved":
        last.rename(last.with_name("9.jsonl"))
    elif change == "gone":
        last.unlink()
    else:  # as many bytes, at the same time, in another file of the same name
        before = last.stat()
        other = write(last.with_name("other"), "m9")
        other.replace(last)
        os.utime(last, ns=(before.st_atime_ns, before.st_mtime_ns))
        records = 4
    done = collect()
    assert loaded
    assert done.records_after == records
    assert read(done) == (change not in ("gone", "edited"))  # counted by its time
    assert collect().records_after == records
    assert not loaded


@pytest.mark.usefixtures("logs")
def test_a_reader_of_another_version_reads_all_again(monkeypatch: pytest.MonkeyPatch) -> None:
    collect()
    monkeypatch.setattr(claude_code, "PARSER_VERSION", claude_code.PARSER_VERSION + 1)
    collect()
    assert loaded
    collect()
    assert not loaded


def test_what_could_not_be_read_is_tried_again(logs: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    right = claude_code.read

    def failing(path: str, *arguments: object, **named: object) -> object:
        if path == str(logs[0]):
            raise OSError("no")
        return right(path, *arguments, **named)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(claude_code, "read", failing)
        collect(workers=1)
        assert collect(workers=1).records_after == 2
        assert loaded
    assert collect().records_after == 3


def test_what_changes_while_it_is_read_is_read_again(
    logs: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    right = Collector.walk

    def walk(self: Collector) -> None:
        right(self)
        write(logs[0], "m9", "ab")

    with monkeypatch.context() as patch:
        patch.setattr(Collector, "walk", walk)
        collect()
    assert collect().records_after == 4
    assert loaded


@pytest.mark.usefixtures("logs")
def test_of_some_sources_only_nothing_is_noted() -> None:
    collect(sources=["claude-code"])
    collect()
    assert loaded
    collect(sources=["claude-code"])
    collect()
    assert not loaded


def test_files_that_are_to_be_read_anew_are(logs: list[Path]) -> None:
    collect()
    database = Database(config.paths(os.environ), config.Settings())
    assert database.open_writer()
    database.writer.forget_files()
    database.close()
    assert read(collect()) == len(logs)


def test_a_file_whose_name_is_no_text_is_read_all_the_same(logs: list[Path]) -> None:
    odd = os.fsdecode(os.fsencode(logs[0].parent) + b"/\xff.jsonl")
    Path(odd).write_bytes(logs[0].read_bytes().replace(b"m0", b"m9"))
    assert collect().records_after == 4
    assert collect().records_after == 4
    assert loaded
