"""The database goes where it is safe, is opened as that place allows, and the user is told."""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.mounting import fill, read_only, small_disk
from tokentui.store import connection, place
from tokentui.store.errors import StoreError, Unsafe
from tokentui.store.mounts import file_system_of, is_network
from tokentui.store.place import choose

TABLE = """\
21 1 252:0 / / rw,relatime - ext4 /dev/vda rw
22 21 0:20 / /proc rw - proc proc rw
23 21 0:30 / /home rw,relatime shared:1 - nfs4 server:/export rw,vers=4.2
24 23 0:31 / /home/me/local rw - xfs /dev/vdb rw
25 21 0:32 / /mnt/with\\040space rw master:1 propagate_from:2 - fuse.sshfs me@box: rw
26 21 0:33 / /mnt/c rw - 9p drvfs rw
27 21 0:34 / /over rw - ext4 /dev/vdc rw
28 21 0:35 / /over rw - cifs //nas/x rw
29 21 0:36 / /data rw - fuse.gocryptfs /x rw
30 21 0:37 / /auto rw - autofs systemd-1 rw
31 30 0:38 / /auto/disk rw - btrfs /dev/vdd rw
broken line
"""


@pytest.fixture
def table(tmp_path: Path) -> Path:
    file = tmp_path / "mountinfo"
    file.write_text(TABLE)
    return file


@pytest.mark.parametrize(
    ("folder", "kind", "network"),
    [
        ("/", "ext4", False), ("/var/lib", "ext4", False), ("/home/me", "nfs4", True),
        ("/homes/me", "ext4", False),
        ("/home/me/local/x", "xfs", False), ("/mnt/with space/x", "fuse.sshfs", True),
        ("/mnt/c/Users", "9p", True),
        ("/over/x", "cifs", True), ("/data", "fuse.gocryptfs", False), ("/auto/disk/x", "btrfs", False),
        ("/auto/other", "autofs", True),
    ],
)
def test_the_longest_mount_point_counts(table: Path, folder: str, kind: str, network: bool) -> None:
    assert file_system_of(folder, str(table)) == kind
    assert is_network(kind) is network


def test_without_a_table_of_mounts_nothing_is_claimed(tmp_path: Path) -> None:
    assert file_system_of("/", str(tmp_path / "none")) == ""
    assert choose(tmp_path / "a" / "tokentui.db", mountinfo=str(tmp_path / "none")).options == {}


def test_this_machine_s_own_table_is_understood() -> None:
    if not os.path.exists("/proc/self/mountinfo"):
        pytest.skip("needs Linux's /proc")
    assert file_system_of("/proc") == "proc"


def test_a_local_disk_needs_nothing_special_and_is_private(tmp_path: Path) -> None:
    path = tmp_path / "new" / "data" / "tokentui.db"
    chosen = choose(path)
    assert (chosen.path, chosen.options, chosen.notices, chosen.writable) == (str(path), {}, (), True)
    for folder in (path.parent, path.parent.parent):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert not path.exists()
    with closing(connection.connect(chosen.path, **chosen.options)) as opened:
        opened.execute("CREATE TABLE t (x)")
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    assert modes == {"tokentui.db": 0o600, "tokentui.db-wal": 0o600, "tokentui.db-shm": 0o600}
    assert os.listdir(path.parent.parent) == ["data"]


def test_rights_of_others_on_the_database_are_taken_back(tmp_path: Path) -> None:
    path = tmp_path / "tokentui.db"
    path.touch()
    path.chmod(0o644)
    choose(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.fixture
def network(tmp_path: Path) -> Path:
    file = tmp_path / "mountinfo"
    file.write_text(f"1 0 0:1 / / rw - ext4 /dev/a rw\n2 1 0:2 / {tmp_path} rw - nfs4 server:/x rw\n")
    return file


def test_on_a_network_disk_there_is_no_write_ahead_log(tmp_path: Path, network: Path) -> None:
    chosen = choose(tmp_path / "data" / "tokentui.db", mountinfo=str(network))
    assert chosen.options == {"journal_mode": "TRUNCATE", "synchronous": "FULL", "locking_mode": "EXCLUSIVE"}
    assert chosen.writable
    assert chosen.exclusive
    assert "network file system (nfs4)" in chosen.notices[0]
    assert "TOKENTUI_HOME" in chosen.notices[0]
    with closing(connection.connect(chosen.path, **chosen.options)) as opened:
        opened.execute("CREATE TABLE t (x)")
        assert opened.execute("PRAGMA journal_mode").fetchone() == ("truncate",)
        assert opened.execute("PRAGMA locking_mode").fetchone() == ("exclusive",)
        assert not os.path.exists(chosen.path + "-wal")


def test_an_unknown_file_system_is_tried_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = tmp_path / "mountinfo"
    table.write_text("1 0 0:1 / / rw - newfs /dev/a rw\n")
    assert choose(tmp_path / "data" / "tokentui.db", mountinfo=str(table)).options == {}
    monkeypatch.setattr(place, "takes_wal", lambda _folder: False)
    chosen = choose(tmp_path / "data" / "tokentui.db", mountinfo=str(table))
    assert chosen.exclusive
    assert "cannot share memory" in chosen.notices[0]


def test_the_trial_leaves_nothing_behind(tmp_path: Path) -> None:
    assert place.takes_wal(str(tmp_path))
    assert list(tmp_path.iterdir()) == [tmp_path / "home"]


def test_a_disk_that_promises_a_log_and_fails_at_the_first_write_is_found_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Lying(sqlite3.Connection):
        def execute(self, sql: str, *parameters: Any) -> sqlite3.Cursor:
            if sql.startswith("CREATE"):
                raise sqlite3.OperationalError("locking protocol")
            return super().execute(sql, *parameters)

    real = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda *args, **options: real(*args, **options, factory=Lying))
    assert not place.takes_wal(str(tmp_path))


def test_a_full_disk_is_not_taken_for_one_without_logs(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        fill(disk)
        assert place.takes_wal(str(disk))


@pytest.fixture
def read_only_home(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "data"
    folder.mkdir()
    with closing(sqlite3.connect(folder / "tokentui.db", isolation_level=None)) as opened:
        opened.execute("PRAGMA journal_mode=WAL")
        opened.execute("CREATE TABLE t (x)")
        opened.execute("INSERT INTO t VALUES (42)")
    os.utime(folder / "tokentui.db", (1_795_000_000, 1_795_000_000))
    (folder / "empty").mkdir()
    with read_only(folder):
        yield folder


def test_a_read_only_home_shows_the_database_as_it_stood(read_only_home: Path) -> None:
    chosen = choose(read_only_home / "tokentui.db")
    assert not chosen.writable
    assert chosen.options == {"read_only": True, "immutable": True}
    assert "2026-11-18" in chosen.notices[0]
    assert "nothing new is recorded" in chosen.notices[0]
    with closing(connection.connect(chosen.path, **chosen.options)) as opened:
        assert opened.execute("SELECT x FROM t").fetchone() == (42,)


def test_what_a_log_out_of_reach_holds_is_said_to_be_missing(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    with closing(connection.connect(folder / "tokentui.db")) as opened:
        opened.execute("CREATE TABLE t (x)")
        opened.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        opened.execute("INSERT INTO t VALUES (42)")
        with read_only(folder):
            chosen = choose(folder / "tokentui.db")
    assert "may be missing" in chosen.notices[0]


def test_a_read_only_home_without_database_gets_one_in_memory(read_only_home: Path, tmp_path: Path) -> None:
    runtime = tmp_path / "runtime"
    runtime.mkdir(0o700)
    path = read_only_home / "empty" / "tokentui.db"
    chosen = choose(path, environ={"XDG_RUNTIME_DIR": str(runtime)})
    assert chosen.writable
    assert chosen.temporary
    assert "kept in memory" in chosen.notices[0]
    assert chosen.path.startswith(str(runtime))
    assert os.path.dirname(chosen.lease) == os.path.dirname(chosen.path)
    assert stat.S_IMODE(os.stat(os.path.dirname(chosen.path)).st_mode) == 0o700
    with closing(connection.connect(chosen.path, **chosen.options)) as opened:
        opened.execute("CREATE TABLE t (x)")
    assert choose(path, environ={"XDG_RUNTIME_DIR": str(runtime)}).path == chosen.path


def test_a_stranger_s_folder_in_memory_is_not_used(read_only_home: Path, tmp_path: Path) -> None:
    runtime, other = tmp_path / "runtime", tmp_path / "other"
    runtime.mkdir(0o700)
    other.mkdir(0o777)
    path = read_only_home / "empty" / "tokentui.db"
    folder = Path(choose(path, environ={"XDG_RUNTIME_DIR": str(runtime)}).path).parent
    folder.rmdir()
    folder.symlink_to(other)
    chosen = choose(path, environ={"XDG_RUNTIME_DIR": str(runtime)})
    assert not chosen.path.startswith(str(runtime))
    assert list(other.iterdir()) == []
    Path(chosen.path).parent.rmdir()


@pytest.mark.parametrize("ending", ["", "-wal", "-shm", "-journal"])
def test_a_link_in_place_of_the_database_is_refused(tmp_path: Path, ending: str) -> None:
    (tmp_path / "precious").write_text("keep me")
    (tmp_path / f"tokentui.db{ending}").symlink_to(tmp_path / "precious")
    with pytest.raises(Unsafe, match="symbolic link"):
        choose(tmp_path / "tokentui.db")
    assert (tmp_path / "precious").read_text() == "keep me"


def test_another_user_s_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "tokentui.db"
    path.touch()
    try:
        os.chown(path, 12_345, -1)
    except PermissionError:
        pytest.skip("only root can give a file away")
    with pytest.raises(Unsafe, match="belongs to another user") as caught:
        choose(path)
    assert "sudo" in caught.value.hint


def test_a_folder_or_a_pipe_in_place_of_the_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.db").mkdir()
    os.mkfifo(tmp_path / "b.db")
    for name in ("a.db", "b.db"):
        with pytest.raises(Unsafe, match="no plain file"):
            choose(tmp_path / name)


def test_a_file_in_place_of_the_folder_is_an_error_of_the_store(tmp_path: Path) -> None:
    (tmp_path / "data").touch()
    with pytest.raises(StoreError, match="data"):
        choose(tmp_path / "data" / "tokentui.db")
