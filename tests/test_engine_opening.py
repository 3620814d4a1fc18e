"""How the dashboard opens: what is stored at once, and the engine after it."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.ui_still_program import NOW, still_database
from tokentui import config
from tokentui.engine.feed import PREPARING
from tokentui.engine.opening import FirstLook, LateFeed
from tokentui.store.connection import connect
from tokentui.store.errors import StoreError
from tokentui.store.snapshot import Snapshot

MICROS = int(NOW.timestamp() * 1e6)


@pytest.fixture
def paths(tmp_path: Path) -> config.Paths:
    return config.paths({"HOME": str(tmp_path), "TOKENTUI_HOME": str(tmp_path)})


def until(ready: Callable[[], object]) -> bool:
    """Wait for something that another thread does."""
    done = threading.Event()
    for _ in range(2_000):
        if ready():
            return True
        done.wait(0.01)
    return False


def test_the_first_look_brings_what_is_stored_from_its_own_process(
    tmp_path: Path, paths: config.Paths
) -> None:
    still_database(tmp_path, days=3)
    found = FirstLook(paths, config.Settings(time_zone="UTC"), MICROS).snapshot()
    assert found is not None
    assert found.record_count > 0
    assert found.zone == "UTC"
    with pytest.raises(ChildProcessError):  # it left no process behind
        os.waitpid(-1, os.WNOHANG)


@pytest.mark.parametrize("content", [None, b"", b"this is no database" * 100])
def test_where_nothing_can_be_read_there_is_nothing(paths: config.Paths, content: bytes | None) -> None:
    if content is not None:
        paths.database.write_bytes(content)
    assert FirstLook(paths, config.Settings(), MICROS).snapshot() is None


def test_questions_wait_for_the_engine_and_are_answered(tmp_path: Path, paths: config.Paths) -> None:
    still_database(tmp_path, days=3)
    settings = config.Settings(time_zone="UTC", sources_off=("claude-code", "codex", "gemini-cli"))
    feed = LateFeed(paths, settings)
    snapshots: list[Snapshot] = []
    answers: list[int] = []
    failures: list[str] = []
    feed.ask("test", lambda reader: reader.schema_version(), answers.append, failures.append)
    assert feed.found() == ()
    feed.refresh()
    assert answers == []
    feed.start(snapshots.append, lambda _: None, failures.append)
    assert until(lambda: answers and snapshots)
    feed.stop(5.0)
    assert failures == []


def test_an_engine_that_was_stopped_before_it_started_does_not_start(paths: config.Paths) -> None:
    feed = LateFeed(paths, config.Settings())
    feed.stop(1.0)
    snapshots: list[Snapshot] = []
    feed.start(snapshots.append, lambda _: None, lambda _: None)
    assert until(lambda: "tokentui-opening" not in {thread.name for thread in threading.enumerate()})
    assert snapshots == []
    assert not paths.database.exists()


@pytest.mark.parametrize("behind", [True, False])
def test_it_says_that_an_older_database_is_prepared_first(
    tmp_path: Path, paths: config.Paths, behind: bool
) -> None:
    still_database(tmp_path, days=1)
    if behind:
        with closing(connect(paths.database)) as connection:
            connection.execute("PRAGMA user_version=1")
    feed = LateFeed(paths, config.Settings())
    said: list[str] = []
    snapshots: list[Snapshot] = []
    feed.start(snapshots.append, lambda _: said.append(feed.doing()), lambda _: None)
    assert until(lambda: snapshots)
    feed.stop(2.0)
    assert (PREPARING in said) == behind


def test_an_engine_that_cannot_start_says_so(paths: config.Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("no engine")

    monkeypatch.setattr("tokentui.engine.feed.EngineFeed.__init__", fail)
    failures: list[str] = []
    LateFeed(paths, config.Settings()).start(lambda _: None, lambda _: None, failures.append)
    assert until(lambda: failures)
    assert failures == ["the collector did not start: RuntimeError: no engine"]


def test_accounts_wait_for_the_engine_only_when_they_are_asked(
    paths: config.Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed = LateFeed(paths, config.Settings())
    accounts = feed.accounts()  # at once: the loop of a screen makes them
    feed.start(lambda _: None, lambda _: None, lambda _: None)
    assert accounts.listed() == []
    feed.stop(5.0)
    monkeypatch.setattr("tokentui.engine.opening.OPENING_SECONDS", 0.01)
    with pytest.raises(StoreError, match="has not started"):
        LateFeed(paths, config.Settings()).accounts().listed()
