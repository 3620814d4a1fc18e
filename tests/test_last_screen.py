"""The last screen before everything else: shown where it was drawn, and never anything but a screen."""

from __future__ import annotations

import ast
import os
import re
import signal
import stat
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ui_terminal import Terminal
from tokentui import config, demo, last_screen
from tokentui.ui.keeping import KEPT, Keeper, dimmed
from tokentui.ui.pen import Cell, Look

NOW = 1_795_312_920
"""2026-11-22 02:02 UTC."""

ENVIRON = {"HOME": "/home/me", "TERM": "xterm-256color", "COLORTERM": "truecolor"}
SHOWN = b"as of "
ENTER, LEAVE = b"\x1b[?1049h", b"\x1b[?1049l"


def row(text: str, look: Look = Look()) -> list[Cell]:  # noqa: B008
    return [(character, look) for character in text]


def kept(environ: Mapping[str, str], *rows: str, at: float = NOW) -> Path:
    """Keep a screen of plain rows; return its file."""
    keeper = Keeper(environ, lambda: at)
    keeper.see([row(text) for text in rows], timezone(timedelta(hours=1)))
    keeper.keep("reading…", leaving=True)
    return Path(last_screen.path(environ, len(rows[0]), len(rows)))


def unpacked(file: Path, environ: Mapping[str, str], size: tuple[int, int], now: int = NOW) -> object:
    return last_screen.unpacked(file.read_bytes(), last_screen.key(environ, *size), now)


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {**ENVIRON, "HOME": str(tmp_path)}


def test_a_screen_is_kept_for_its_owner_only_and_comes_back_with_its_age(environ: dict[str, str]) -> None:
    file = kept(environ, "cost $1.20", "today     ")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(file.parent.parent.stat().st_mode) == 0o700
    found = last_screen.unpacked(file.read_bytes(), last_screen.key(environ, 10, 2), NOW + 3_600)
    assert found is not None
    painted, age = found
    assert age == " as of 03:02, reading… "
    assert "cost" in re.sub(r"\x1b\[[0-9;]*[mHCK]", "", painted)


def test_after_a_day_its_age_has_a_date(environ: dict[str, str]) -> None:
    file = kept(environ, "x")
    found = last_screen.unpacked(file.read_bytes(), last_screen.key(environ, 1, 1), NOW + 100_000)
    assert found is not None
    assert found[1] == " as of 2026-11-22 03:02, reading… "


@pytest.mark.parametrize(
    ("columns", "rows", "others"),
    [
        (11, 2, {}),
        (10, 3, {}),
        (10, 2, {"TERM": "xterm"}),
        (10, 2, {"COLORTERM": ""}),
        (10, 2, {"NO_COLOR": "1"}),
        (10, 2, {"TERM_PROGRAM": "vscode"}),
    ],
)
def test_another_size_or_terminal_does_not_get_it(
    environ: dict[str, str], columns: int, rows: int, others: dict[str, str]
) -> None:
    file = kept(environ, "cost $1.20", "today     ")
    assert unpacked(file, environ, (10, 2)) is not None
    other = {**environ, **others}
    assert last_screen.path(other, columns, rows) != str(file)
    assert unpacked(file, other, (columns, rows)) is None


@pytest.mark.parametrize("name", ["LC_ALL", "LC_CTYPE", "LANG"])
def test_another_locale_does_not_get_it(environ: dict[str, str], name: str) -> None:
    file = kept(environ, "╭─")
    assert unpacked(file, {**environ, name: "C"}, (2, 1)) is None


def test_what_was_seen_with_other_settings_is_not_kept(environ: dict[str, str]) -> None:
    keeper = Keeper(environ, lambda: NOW)
    keeper.see([row("─")], UTC)
    keeper.unsee()
    keeper.keep("reading...", leaving=True)
    file = Path(last_screen.path(environ, 1, 1))
    assert not file.exists()
    keeper.see([row("-")], UTC)
    keeper.keep("reading...", leaving=True)
    assert b"-" in file.read_bytes()


def test_other_settings_or_another_database_do_not_get_it(environ: dict[str, str]) -> None:
    file = kept(environ, "x")
    paths = config.paths(environ)
    for changed in (paths.config_file, paths.database):
        changed.parent.mkdir(parents=True)
        changed.write_text("privacy = true")
        assert unpacked(file, environ, (1, 1)) is None
        changed.unlink()
        assert unpacked(file, environ, (1, 1)) is not None


@pytest.mark.parametrize(
    "own",
    [
        {},
        {"TOKENTUI_HOME": "/somewhere/own"},
        {"TOKENTUI_HOME": "~/own"},
        {"TOKENTUI_HOME": "relative"},
        {"XDG_CACHE_HOME": "/cache", "XDG_CONFIG_HOME": "/config", "XDG_DATA_HOME": "/data"},
        {"XDG_CACHE_HOME": "relative"},
    ],
)
def test_its_places_are_those_of_the_settings(own: dict[str, str]) -> None:
    environ = {"HOME": "/home/me", **own}
    paths = config.paths(environ)
    expected = (paths.cache_dir / "screens", paths.config_file, paths.database)
    assert last_screen.places(environ) == tuple(map(str, expected))


def test_a_torn_file_shows_nothing(environ: dict[str, str]) -> None:
    file = kept(environ, "cost $1.20", "today     ")
    raw = file.read_bytes()
    key = last_screen.key(environ, 10, 2)
    assert last_screen.unpacked(raw, key, NOW) is not None
    for length in range(len(raw)):
        assert last_screen.unpacked(raw[:length], key, NOW) is None


@pytest.mark.parametrize(
    "painted",
    [
        "\x1b]52;c;aGFjaw==\x07", "\x1b]0;title\x07", "\x07", "a\nb", "\r", "\x1b[2J", "\x1b[?1049l",
        "\x1b[6n",
        "\x9b2J", "\x1b", "\x1b[", "\x1b[1", "\x1b[>1u", "\x1b[1 q", "\x1bc", "\x1b\x1b[m", "\x1b[31m\x1bP",
        "\u202eevil", "\u200b", "\x1b[" + "1;" * 60 + "m", "\x1b[3\u0661m",
    ],
)  # fmt: skip
def test_a_tampered_file_shows_nothing(painted: str) -> None:
    assert not last_screen.harmless(painted)
    raw = last_screen.packed("key", NOW, 0, "reading…", f"fine {painted} fine")
    assert last_screen.unpacked(raw, "key", NOW) is None
    assert last_screen.unpacked(last_screen.packed("key", NOW, 0, "reading…", "fine"), "key", NOW)


@pytest.mark.parametrize("words", ["a\x1b[2J", "x" * 41, "two\nlines"])
def test_its_words_are_checked_as_well(words: str) -> None:
    assert last_screen.unpacked(last_screen.packed("key", NOW, 0, words, "fine"), "key", NOW) is None


@given(st.text())
def test_what_is_harmless_has_no_control_but_colours_and_moves(painted: str) -> None:
    if last_screen.harmless(painted):
        rest = re.sub(r"\x1b\[[0-9;]*[mHCK]", "", painted)
        assert rest.isprintable()


@given(st.binary(max_size=200))
def test_any_bytes_are_read_without_a_crash(raw: bytes) -> None:
    assert last_screen.unpacked(raw, "key", NOW) is None


def test_a_screen_that_is_not_known_whole_is_not_kept(environ: dict[str, str]) -> None:
    keeper = Keeper(environ, lambda: NOW)
    for rows in ([row("ab"), row("c")], [row("a\0")]):
        keeper.see(rows, UTC)
        keeper.keep("reading…", leaving=True)
    assert not Path(last_screen.places(environ)[0]).exists()


def test_it_is_written_once_a_minute_and_only_when_it_differs(environ: dict[str, str]) -> None:
    now = float(NOW)
    keeper = Keeper(environ, lambda: now)
    file = Path(last_screen.path(environ, 1, 1))

    def later(seconds: float, text: str, *, leaving: bool = False) -> bool:
        nonlocal now
        now += seconds
        file.unlink(missing_ok=True)
        keeper.see([row(text)], UTC)
        keeper.keep("reading…", leaving=leaving)
        return file.exists()

    assert later(0, "a")
    assert not later(30, "b")
    assert later(31, "c")
    assert not later(61, "c")
    assert later(1, "d", leaving=True)


def test_hiding_removes_what_was_kept(environ: dict[str, str]) -> None:
    file = kept(environ, "secret")
    Keeper(environ, lambda: NOW).forget()
    assert not file.exists()


def test_only_so_many_screens_are_kept(environ: dict[str, str]) -> None:
    for columns in range(1, KEPT + 4):
        kept(environ, "x" * columns)
    assert len(os.listdir(last_screen.places(environ)[0])) == KEPT


def test_a_folder_that_cannot_be_written_costs_nothing(environ: dict[str, str]) -> None:
    Path(environ["HOME"], ".cache").write_text("a file in the way")
    assert not kept(environ, "x").exists()


def test_it_is_dimmed() -> None:
    rgb = Look(("1",), "38;2;200;100;50", "48;2;0;0;0")


    assert dimmed(("x", rgb)) == ("x", Look((), "38;2;100;50;25", "48;2;0;0;0"))
    assert dimmed(("x", Look(("1", "4"), "31", ""))) == ("x", Look(("4", "2"), "31", ""))
    assert dimmed((" ", Look())) == (" ", Look())


def test_nothing_is_imported_before_it() -> None:
    """Its own file and zlib, and what every interpreter has loaded by then."""
    program = (
        "import sys; before = set(sys.modules); import tokentui.last_screen;"
        "print(set(sys.modules) - before)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ast.literal_eval(done.stdout) <= {"tokentui", "tokentui.last_screen", "zlib", "__future__", "stat"}


# ------------------------------------------------------------------ the program


def open_and_leave(home: Path, **environ: str) -> bytes:
    """Open the dashboard on the test's own database and leave it; return what crossed the line."""
    with Terminal("tokentui", HOME=str(home), TOKENTUI_HOME=str(home / "own"), **environ) as terminal:
        terminal.wait("What drove it")
        terminal.quiet()
        terminal.press("q")
        assert terminal.ended(reading=True) == 0
        return bytes(terminal.raw)


@pytest.fixture(scope="module")
def used(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with some logs, a database of them, and a kept screen."""



    home = tmp_path_factory.mktemp("used")
    demo.write_history(home, seed=1, now=datetime.now(UTC), days=3)
    environ = {**os.environ, "HOME": str(home), "TOKENTUI_HOME": str(home / "own"), "TZ": "UTC"}
    subprocess.run(
        [sys.executable, "-m", "tokentui", "collect", "--once"], env=environ, check=True, capture_output=True
    )
    first = open_and_leave(home)
    assert SHOWN not in first
    return home


def test_the_next_start_shows_it_and_the_live_screen_takes_its_place(used: Path) -> None:
    raw = open_and_leave(used)
    assert raw.count(ENTER) == raw.count(LEAVE) == 1
    shown, live = raw.index(SHOWN), raw.rindex(b"What drove it")
    assert raw.index(ENTER) < raw.index(b"What drove it") < shown < live < raw.index(LEAVE)
    assert b"\x1b[2J" not in raw
    assert len(raw) < 40_000


def test_another_size_starts_without_it(used: Path) -> None:
    with Terminal("tokentui", HOME=str(used), TOKENTUI_HOME=str(used / "own"), size=(100, 30)) as terminal:
        terminal.wait("What drove it")
        assert SHOWN not in terminal.raw


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_during_the_start_gives_the_screen_back(used: Path, number: int) -> None:
    with Terminal("tokentui", HOME=str(used), TOKENTUI_HOME=str(used / "own")) as terminal:
        while SHOWN not in terminal.raw:
            assert terminal.read(5.0), bytes(terminal.raw)
        os.kill(terminal.pid, number)
        assert terminal.ended(reading=True) == 128 + number
        assert terminal.raw.count(ENTER) == 1
        assert LEAVE in terminal.raw
        assert b"Traceback" not in terminal.raw


def test_a_start_that_fails_gives_the_screen_back_and_says_why(used: Path) -> None:
    broken = used / "broken"
    broken.mkdir(exist_ok=True)
    (broken / "sitecustomize.py").write_text(
        "import sys\nclass No:\n    def find_spec(self, name, *rest):\n"
        "        if name == 'textual.app': raise ImportError('no textual here')\n"
        "sys.meta_path.insert(0, No())\n"
    )
    path = os.pathsep.join([str(broken), str(Path(__file__).parent.parent)])
    with Terminal("tokentui", HOME=str(used), TOKENTUI_HOME=str(used / "own"), PYTHONPATH=path) as terminal:
        assert terminal.ended(reading=True) == 1
        raw = bytes(terminal.raw)
    assert raw.count(ENTER) == raw.count(LEAVE) == 1
    assert raw.index(LEAVE) < raw.index(b"this is a bug")


def test_a_pipe_gets_no_screen(used: Path) -> None:
    environ = {**os.environ, **ENVIRON, "HOME": str(used), "TOKENTUI_HOME": str(used / "own")}
    done = subprocess.run([sys.executable, "-m", "tokentui"], env=environ, capture_output=True, check=False)
    assert done.returncode == 2
    assert b"\x1b" not in done.stdout


def test_a_hidden_screen_is_not_kept(used: Path) -> None:
    own = used / "own"
    with Terminal("tokentui", HOME=str(used), TOKENTUI_HOME=str(own)) as terminal:
        terminal.wait("What drove it")
        terminal.quiet()
        assert list((own / "cache" / "screens").iterdir())
        terminal.press("H")
        terminal.wait("•••")
        assert not list((own / "cache" / "screens").iterdir())
        terminal.press("q")
        assert terminal.ended(reading=True) == 0
    assert not list((own / "cache" / "screens").iterdir())
