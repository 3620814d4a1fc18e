"""Claude Code's status line: the limits are noted exactly once, the line is printed whatever comes."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.processes import is_gone
from tokentui import config, folders, statusline
from tokentui.billing import Account
from tokentui.config import Settings
from tokentui.engine.accounts import Accounts
from tokentui.engine.collect import collect_once
from tokentui.sources.logs import status_line, status_line_parser
from tokentui.store import open_writer

NOW = 1_795_219_200.0
"""2026-11-21 00:00 UTC."""
TOLD = {
    "session_id": "s1",
    "model": {"id": "claude-opus-4-5", "display_name": "Opus 4.5"},
    "cost": {"total_cost_usd": 1.234},
    "rate_limits": {
        "five_hour": {"used_percentage": 42.5, "resets_at": 1_795_226_700},
        "seven_day": {"used_percentage": 81, "resets_at": 1_795_478_400},
    },
}


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    """A folder for spools."""
    (tmp_path / "spool").mkdir()
    return tmp_path / "spool"


def called(given: bytes, *arguments: str, **environ: str) -> subprocess.CompletedProcess[bytes]:
    """Run the command as Claude Code does."""
    command = [sys.executable, "-m", "tokentui", "statusline", *arguments]
    environ = {**os.environ, **environ}
    return subprocess.run(command, input=given, capture_output=True, env=environ, timeout=60)


def entries(home: Path) -> list[dict[str, object]]:
    """What is in the spool."""
    found = sorted((home / ".local/state/tokentui/status-line").glob("*.jsonl"))
    return [json.loads(line) for path in found for line in path.read_bytes().splitlines()]


def stored() -> list[tuple[object, ...]]:
    """Collect, and return the readings of Claude Code."""
    paths = config.paths(os.environ)
    collect_once(paths, Settings())
    writer = open_writer(paths.database, "UTC")
    try:
        return writer.connection.execute(
            "SELECT s.limit_id, r.used_percent, r.origin, r.resets_at FROM limit_readings AS r"
            " JOIN limit_series AS s ON s.id = r.series_id ORDER BY r.observed_at, s.limit_id"
        ).fetchall()
    finally:
        writer.close()


def test_claude_code_gets_one_line_and_the_limits_are_noted(home: Path) -> None:
    done = called(json.dumps(TOLD).encode(), NO_COLOR="1")
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.decode().startswith("Opus 4.5 · $1.23 · 5h 42%")
    assert done.stdout.count(b"\n") == 1
    (entry,) = entries(home)
    assert set(entry) == {"v", "at", "limits"}, "nothing of the session is kept"
    assert entry["limits"] == {"five_hour": [42.5, 1_795_226_700], "seven_day": [81, 1_795_478_400]}
    (path,) = (home / ".local/state/tokentui/status-line").iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_the_engine_takes_each_entry_in_once() -> None:
    where = statusline.folder(os.environ)
    limits = statusline.limits_of(TOLD)
    statusline.note(where, limits, NOW)
    expected = [
        ("five_hour", 42.5, "status-line", 1_795_226_700_000_000),
        ("seven_day", 81.0, "status-line", 1_795_478_400_000_000),
    ]
    assert stored() == expected
    assert stored() == expected
    statusline.note(where, {"five_hour": [50, None]}, NOW + 1_000)
    assert stored() == [*expected, ("five_hour", 50.0, "status-line", None)]


def test_removing_an_account_of_claude_code_leaves_what_the_status_line_told() -> None:
    statusline.note(statusline.folder(os.environ), statusline.limits_of(TOLD), NOW)
    before = stored()
    accounts = Accounts(config.paths(os.environ), Settings())
    accounts.add(Account("claude-code", options={"opt_in": "limits"}))
    accounts.remove("claude-code")
    assert stored() == before


def test_what_says_nothing_new_is_not_noted_again_within_a_minute(spool: Path) -> None:
    limits = statusline.limits_of(TOLD)
    told = [statusline.note(str(spool), limits, NOW + late) for late in (0, 1, 59, 61, 62)]
    assert told == [True, False, False, True, False]
    assert statusline.note(str(spool), {"five_hour": [43, None]}, NOW + 63)


def test_a_torn_entry_costs_itself_only(spool: Path) -> None:
    limits = statusline.limits_of(TOLD)
    statusline.note(str(spool), limits, NOW)
    (path,) = spool.iterdir()
    path.write_bytes(path.read_bytes() + b'{"v":1,"at":17952')
    statusline.note(str(spool), {"five_hour": [60, None]}, NOW + 5)
    batches = list(status_line.read(str(path), None))
    assert [reading.used_percent for each in batches for reading in each.limits] == [42.5, 81.0, 60.0]
    assert [bad.line for each in batches for bad in each.bad_lines] == [2]


def test_sessions_that_write_at_once_lose_nothing(home: Path) -> None:
    def one(number: int) -> int:
        told = {"rate_limits": {"five_hour": {"used_percentage": number}}}
        return called(json.dumps(told).encode()).returncode

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(one, range(12))) == {0}
    assert sorted(entry["limits"]["five_hour"][0] for entry in entries(home)) == list(range(12))  # type: ignore[index]


def test_threads_that_append_at_once_never_mix_their_entries(spool: Path) -> None:
    def one(number: int) -> bool:
        return statusline.note(str(spool), {"w": [number, None]}, NOW + number / 10)

    with ThreadPoolExecutor(8) as pool:
        wrote = list(pool.map(one, range(800)))
    (path,) = spool.iterdir()
    batches = list(status_line.read(str(path), None))
    assert all(wrote)
    assert sorted(each.used_percent for batch in batches for each in batch.limits) == list(range(800))
    assert not [bad for batch in batches for bad in batch.bad_lines]


@pytest.mark.parametrize(
    "given",
    [
        b"", b"null", b"[]", b"{", b"\xff\xfe\x00", b'{"rate_limits": 3}', b"[" * 100_000,
        b'{"rate_limits":{"five_hour":{"used_percentage":NaN}}}', b'{"model":{"display_name":["x"]}}',
        b'{"rate_limits":{"five_hour":{"used_percentage":1e400,"resets_at":-1}},"cost":{"total_cost_usd":"x"}}',
        b'{"rate_limits":{"../../x":{"used_percentage":5}}}',
    ],
    ids=range(11),
)  # fmt: skip
def test_whatever_comes_a_line_is_printed_and_nothing_is_noted(
    given: bytes, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statusline, "_given", lambda: given)
    statusline.answer("", {"TOKENTUI_HOME": str(tmp_path)})
    printed = capfd.readouterr()
    assert printed.out == "tokentui\n"
    assert printed.err == ""
    assert list(tmp_path.rglob("*.jsonl")) == []


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda below: st.lists(below) | st.dictionaries(st.text(), below), max_leaves=8,
)  # fmt: skip


WINDOW = st.fixed_dictionaries({}, optional={"used_percentage": ANYTHING, "resets_at": ANYTHING}) | ANYTHING
DOCUMENT = st.fixed_dictionaries(
    {},
    optional={
        "rate_limits": st.dictionaries(st.sampled_from(["five_hour", "x", "../y"]), WINDOW) | ANYTHING,
        "model": st.fixed_dictionaries({"display_name": ANYTHING}) | ANYTHING,
        "cost": st.fixed_dictionaries({"total_cost_usd": ANYTHING}) | ANYTHING,
    },
)


@settings(suppress_health_check=[HealthCheck.too_slow])  # the first text takes seconds on a busy machine
@given(DOCUMENT)
def test_the_line_and_the_spool_take_any_document(told: dict[str, object]) -> None:
    limits = statusline.limits_of(told)
    assert "\n" not in statusline.line(told, limits, NOW, colour=False)
    entry = json.dumps({"v": 1, "at": 1, "limits": limits}, allow_nan=False).encode()
    assert len(status_line_parser.readings(entry)) == len(limits)


def test_a_full_disk_costs_the_note_and_not_the_line(tmp_path: Path) -> None:
    (tmp_path / "status-line").write_text("in the way")
    done = called(json.dumps(TOLD).encode(), TOKENTUI_HOME=str(tmp_path))
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.decode().startswith("Opus 4.5")


def test_a_link_in_the_spools_place_is_not_followed(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("mine")
    day = time.strftime("%Y-%m-%d", time.gmtime(NOW))
    (tmp_path / "spool").mkdir()
    (tmp_path / "spool" / f"{day}.jsonl").symlink_to(victim)
    with pytest.raises(OSError, match="symbolic"):
        statusline.note(str(tmp_path / "spool"), statusline.limits_of(TOLD), NOW)
    assert victim.read_text() == "mine"


def test_spools_of_long_ago_go_and_others_stay(spool: Path) -> None:
    for name in ("2026-10-01.jsonl", "2026-10-25.jsonl", "notes.txt"):
        (spool / name).write_text("{}\n")
    statusline.note(str(spool), statusline.limits_of(TOLD), NOW)
    left = sorted(path.name for path in spool.iterdir())
    assert left == ["2026-10-25.jsonl", "2026-11-21.jsonl", "notes.txt"]


def test_ones_own_status_line_gets_the_same_json_and_is_shown_below() -> None:
    told = json.dumps(TOLD).encode()
    done = called(told, "--chain", "wc -c; echo mine", NO_COLOR="1")
    assert done.returncode == 0
    ours, count, mine = done.stdout.splitlines()
    assert ours.decode().startswith("Opus 4.5")
    assert (int(count), mine) == (len(told), b"mine")


@pytest.mark.parametrize("command", ["exit 7", "no-such-program-here", "kill -9 $$"])
def test_ones_own_status_line_that_fails_costs_nothing(command: str) -> None:
    done = called(json.dumps(TOLD).encode(), "--chain", command)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.count(b"\n") == 1


def test_ones_own_status_line_that_hangs_is_killed_with_its_children(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statusline, "CHAIN_SECONDS", 2.0)
    pid = tmp_path / "pid"
    assert statusline.chained(f"echo early; sleep 60 & echo $! > {pid}; wait", b"{}") == b"early\n"
    assert is_gone(int(pid.read_text()))


def test_the_line_shows_what_is_nearly_full_in_colour_unless_told_otherwise() -> None:
    limits = statusline.limits_of(TOLD)
    assert "\x1b[33m81%\x1b[0m (3d 0h)" in statusline.line(TOLD, limits, NOW, colour=True)
    plain = statusline.line(TOLD, limits, NOW, colour=False)
    assert plain == "Opus 4.5 · $1.23 · 5h 42% (2h 5m) · week 81% (3d 0h)"


def test_control_bytes_of_a_model_reach_no_terminal() -> None:
    told = {"model": {"display_name": "Op\x1b]52;c;aGFjaw==\x07us\u202e"}}
    assert statusline.line(told, {}, NOW, colour=False) == "Op]52;c;aGFjaw==us"


def test_the_hint_says_what_goes_into_the_settings() -> None:
    done = called(b"", "--install-hint")
    assert done.returncode == 0
    assert b'"statusLine": {' in done.stdout
    assert b"--chain" in done.stdout


def test_the_status_line_loads_neither_click_nor_a_database() -> None:
    program = (
        "import sys; sys.argv[1:] = ['statusline']; from tokentui.__main__ import main; main()\n"
        "print(*sorted({'click', 'sqlite3', 'msgspec', 'asyncio', 'typing'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], input=b"{}", capture_output=True, check=True)
    assert done.stdout == b"tokentui\n\n"


@pytest.mark.parametrize(
    "environ",
    [
        {"HOME": "/h"}, {"HOME": "/h", "TOKENTUI_HOME": "~/x"}, {"HOME": "/h", "TOKENTUI_HOME": "/t"},
        {"HOME": "/h", "XDG_STATE_HOME": "/s", "XDG_CONFIG_HOME": "/c"},
        {"HOME": "/h", "XDG_STATE_HOME": "s"},
    ],
)  # fmt: skip
def test_the_folders_are_those_of_the_settings(environ: dict[str, str]) -> None:
    paths = config.paths(environ)
    assert folders.state(environ) == str(paths.state_dir)
    assert folders.config(environ) == str(paths.config_dir)
