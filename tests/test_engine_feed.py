"""What the dashboard asks the engine for: how well sources are read, and whether the database is sound."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from tests.engine_watch import DEADLINE, SETTINGS, Watch, append, log, request
from tokentui.config import paths
from tokentui.engine.feed import EngineFeed
from tokentui.engine.health import Health, health


def test_the_feed_tells_the_health_of_all_from_a_thread_of_its_own(home: Path) -> None:
    append(log(home), request("1"), b"no JSON\n")
    watch, feed = Watch(), EngineFeed(paths(os.environ), SETTINGS)
    told: list[Health] = []
    threads: list[threading.Thread] = []

    def listener(found: Health) -> None:
        threads.append(threading.current_thread())
        watch.told(told)(found)

    feed.start(watch.told(watch.snapshots), watch.told(watch.progress), watch.told(watch.failures))
    watch.records(1)
    feed.ask_health(listener, watch.told(watch.failures))
    watch.wait(lambda: told)
    source, database = told[0].sources[0], told[0].database
    assert (source.state, source.files, source.records, source.bad_line_count) == ("ok", 1, 1, 1)
    assert (database.integrity, database.records, database.notices) == ("ok", 1, ())
    assert told[0].price_data
    assert threads[0] not in (threading.main_thread(), feed._engine._thread)
    feed.stop(DEADLINE)
    assert watch.failures == []


def test_of_those_who_ask_while_it_is_checked_the_last_gets_the_next_check(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found, watch = health(paths(os.environ), SETTINGS, 0), Watch()
    begun, go_on = threading.Event(), threading.Event()

    def slow(*_: object, **__: object) -> Health:
        begun.set()
        assert go_on.wait(DEADLINE)
        return found

    monkeypatch.setattr("tokentui.engine.feed.health", slow)
    feed = EngineFeed(paths(os.environ), SETTINGS)
    told: list[str] = []
    feed.ask_health(lambda _: watch.told(told)("first"), watch.told(watch.failures))
    assert begun.wait(DEADLINE)
    for name in ("second", "third"):
        feed.ask_health(lambda _, name=name: watch.told(told)(name), watch.told(watch.failures))  # type: ignore[misc]
    go_on.set()
    watch.wait(lambda: told == ["first", "third"])
    monkeypatch.setattr("tokentui.engine.feed.health", lambda *_, **__: 1 / 0)
    feed.ask_health(lambda _: watch.told(told)("never"), watch.told(watch.failures))
    watch.wait(lambda: watch.failures == ["ZeroDivisionError: division by zero"])
    assert told == ["first", "third"]


@pytest.mark.skipif(not Path("/proc/locks").exists(), reason="only Linux tells who holds which lock")
def test_a_look_at_the_health_leaves_the_locks_of_the_writer_alone(home: Path) -> None:
    append(log(home), request("1"))
    told: list[Health] = []
    watch, feed = Watch(), EngineFeed(paths(os.environ), SETTINGS)
    feed.start(watch.told(watch.snapshots), watch.told(watch.progress), watch.told(watch.failures))
    watch.records(1)
    database = paths(os.environ).database
    assert locked(database)
    feed.ask_health(watch.told(told), watch.told(watch.failures))
    watch.wait(lambda: told)
    assert locked(database), "SQLite's lock on the database is gone: a file of it was opened and closed"
    feed.stop(DEADLINE)


def locked(path: Path) -> bool:
    """Whether this process holds a POSIX lock on a file."""
    inode = f":{path.stat().st_ino} "
    rows = Path("/proc/locks").read_text().splitlines()
    return any("POSIX" in row and inode in row for row in rows)
