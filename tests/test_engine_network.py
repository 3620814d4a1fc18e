"""On a network file system one program has the database for itself; all else works as elsewhere."""

from __future__ import annotations

import functools
import os
from pathlib import Path

import pytest

from tests.engine_watch import Watch, append, assert_stored, engine, log, requests
from tokentui.config import paths
from tokentui.engine import database
from tokentui.store.place import choose


@pytest.fixture
def network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything below the test's folder lies on NFS, as far as tokentui knows."""
    table = tmp_path / "mountinfo"
    table.write_text(f"1 0 0:1 / / rw - ext4 /dev/a rw\n2 1 0:2 / {tmp_path} rw - nfs4 server:/x rw\n")
    monkeypatch.setattr(database, "choose", functools.partial(choose, mountinfo=str(table)))


def only_figures(watch: Watch) -> None:
    """Wait until nothing but the notice of the network is left."""
    watch.wait(lambda: len(watch.last.notices) == 1 and "network file system" in watch.last.notices[0])


@pytest.mark.usefixtures("network")
def test_on_a_network_disk_one_program_has_it_and_the_others_say_so(home: Path) -> None:
    path = append(log(home), *requests(0, 10))
    with engine() as (_, first):
        first.records(10)
        only_figures(first)
        assert not Path(f"{paths(os.environ).database}-wal").exists()
        with engine() as (_, second):
            second.notice("another tokentui has the database open")
            append(path, *requests(10, 10))
            first.records(20)
            assert second.troubles == []
    with engine() as (_, watch):
        watch.records(20)
        only_figures(watch)
    assert_stored(20)


@pytest.mark.usefixtures("network")
def test_on_a_network_disk_the_first_import_is_shown_while_it_runs(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tokentui.engine.collector.FLUSH_RECORDS", 100)
    for part in range(20):
        append(log(home, f"a/{part}.jsonl"), *requests(part * 200, 200))
    with engine() as (_, watch):
        watch.records(4_000)
    assert any(0 < snapshot.record_count < 4_000 for snapshot in watch.snapshots)
    assert_stored(4_000)
