"""The dashboard in a real pseudo-terminal: what crosses the line, and how it ends."""

from __future__ import annotations

import io
import os
import re
import signal
import stat
import time
from pathlib import Path

import pytest

from tests.ui_terminal import Terminal
from tokentui.text import clean
from tokentui.ui.terminal import Guard, unfit

PROGRAM = "tests.ui_program"
SWITCH_BYTES = 12_000
HEALTH_BYTES = 8_000
FIGURE_BYTES = 300
OURS = re.compile(
    rb"\x1b\[[0-9;]*[mHCK]|\x1b\[\?(?:25|7|1004|1049|2004|2026|2048|1000|1003|1006|1015)[hl]"
    rb"|\x1b\[\?[0-9]+\$p|\x1b\[>[0-9]+u|\x1b\[<u|\x1b\]22;[a-z]+\x07"
)
LEFT = b"\x1b[?1049l"

BUSY_SECONDS = 9
"""It leaves within 3 seconds; a machine that runs other tests beside this one gets three times that."""


@pytest.fixture
def folder(tmp_path: Path) -> str:
    return str(tmp_path / "state")


def test_what_changes_crosses_the_line_and_nothing_else(folder: str) -> None:
    with Terminal(PROGRAM, "plain", folder) as terminal:
        terminal.wait("What drove it")
        first = terminal.quiet()
        assert first < 40_000
        assert terminal.read(1.0) is False, "something is written while nothing changes"
        terminal.press("r")  # an equal snapshot
        terminal.press("r")  # one figure of it differs
        terminal.wait("7.7M")
        changed = terminal.quiet()
        assert 0 < changed - first < FIGURE_BYTES
        terminal.press("2")
        terminal.wait("Cost a day")
        switched = terminal.quiet()
        assert 0 < switched - changed < SWITCH_BYTES
        assert "21 Nov" in terminal.text()
        terminal.press("7")
        terminal.wait("bad lines")
        healthy = terminal.quiet()
        assert 0 < healthy - switched < HEALTH_BYTES
        terminal.press("7")
        assert terminal.read(1.0) is False, "something is written while nothing changes"
        terminal.press("q")
        assert terminal.ended(reading=True) == 0
        assert LEFT in terminal.raw
        assert b"stopped 1" in terminal.raw


def test_heavy_modules_are_not_imported_before_they_are_needed(folder: str) -> None:
    with Terminal(PROGRAM, "plain", folder) as terminal:
        terminal.wait("What drove it")
        terminal.press("q")
        assert terminal.ended(reading=True) == 0
        assert b"heavy []" in terminal.raw


@pytest.mark.parametrize("mode", ["hostile", "empty"])
def test_hostile_strings_reach_the_terminal_as_harmless_text(mode: str, folder: str) -> None:
    with Terminal(PROGRAM, mode, folder, size=(200, 50)) as terminal:
        terminal.wait("tokentui")
        terminal.wait("[@click" if mode == "hostile" else "not found")
        for keys in ("2", "M", "7", "?", "\x1b", "\x10", "\x1b", "1"):
            terminal.press(keys)
            terminal.quiet(0.15)
        terminal.press("q")
        assert terminal.ended(reading=True) == 0
        text = OURS.sub(b"", bytes(terminal.raw)).decode()
        assert {
            character for character in text if character not in "\r\n" and clean(character) != character
        } == set()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_ends_it_and_the_terminal_is_restored(number: int, code: int, folder: str) -> None:
    with Terminal(PROGRAM, "plain", folder) as terminal:
        terminal.wait("What drove it")
        started = time.monotonic()
        os.kill(terminal.pid, number)
        assert terminal.ended(reading=True) == code
        assert time.monotonic() - started < BUSY_SECONDS
        assert LEFT in terminal.raw
        assert b"\x1b[?25h" in terminal.raw


@pytest.mark.parametrize("number", [signal.SIGTERM, None])
def test_a_terminal_nobody_reads_does_not_keep_it(number: int | None, folder: str) -> None:
    with Terminal(PROGRAM, "plain", folder) as terminal:
        terminal.wait("What drove it")
        until = time.monotonic() + 5
        while terminal.unread() < 4_000 and time.monotonic() < until:
            terminal.press("\x0c" * 20)  # each repaints the screen
        started = time.monotonic()
        if number is None:
            terminal.hang_up()
        else:
            os.kill(terminal.pid, number)
        assert terminal.ended() == (143 if number else 129)
        assert time.monotonic() - started < BUSY_SECONDS


def test_a_vanished_terminal_ends_it(folder: str) -> None:
    with Terminal(PROGRAM, "plain", folder) as terminal:
        terminal.wait("What drove it")
        started = time.monotonic()
        terminal.hang_up()
        assert terminal.ended() == 129
        assert time.monotonic() - started < BUSY_SECONDS


def test_it_can_be_suspended_and_comes_back_whole(folder: str) -> None:
    with Terminal(PROGRAM, "plain", folder) as terminal:
        terminal.wait("What drove it")
        terminal.quiet()
        terminal.press("\x1a")
        terminal.stopped()
        assert LEFT in terminal.raw
        terminal.raw.clear()
        os.kill(terminal.pid, signal.SIGCONT)
        until = time.monotonic() + BUSY_SECONDS
        while b"What drove it" not in terminal.raw and time.monotonic() < until:
            terminal.read(0.1)
        assert b"What drove it" in terminal.raw, "the screen is painted anew"
        terminal.press("q")
        assert terminal.ended(reading=True) == 0


def test_stopped_from_outside_it_comes_back_with_one_thread_that_reads_keys(folder: str) -> None:
    with Terminal(PROGRAM, "plain", folder) as terminal:
        terminal.wait("What drove it")
        terminal.quiet()
        threads = Path(f"/proc/{terminal.pid}/task")
        before = len(list(threads.iterdir()))
        for _ in range(3):
            os.kill(terminal.pid, signal.SIGSTOP)
            terminal.stopped()
            terminal.raw.clear()
            os.kill(terminal.pid, signal.SIGCONT)
            until = time.monotonic() + BUSY_SECONDS
            while b"What drove it" not in terminal.raw and time.monotonic() < until:
                terminal.read(0.1)
        # Nobody can wait for the thread that writes: the terminal may be stalled.
        assert len(list(threads.iterdir())) <= before + 3
        for keys, wanted in (("2", "Cost a day"), ("7", "bad lines"), ("1", "What drove it")):
            terminal.press(keys)
            terminal.wait(wanted)
        terminal.press("q")
        assert terminal.ended(reading=True) == 0


def test_a_crash_shows_no_variables_and_writes_a_private_report(folder: str) -> None:
    with Terminal(PROGRAM, "crash", folder, CANARY="sk-canary-value") as terminal:
        terminal.wait("What drove it")
        terminal.press("r")
        assert terminal.ended(reading=True) == 1
        said = bytes(terminal.raw)
        assert LEFT in said
        report = Path(folder, "crash.txt")
        assert b"tokentui stopped: RuntimeError: boom" in said
        assert str(report).encode() in said.replace(b"\r\n", b"")
        assert b"sk-canary-value" not in said
        assert b"PWNED" not in said
        assert stat.S_IMODE(report.stat().st_mode) == 0o600
        written = report.read_text()
        assert "ui_program.py" in written
        assert "sk-canary-value" not in written
        assert "\x1b" not in written


def test_no_color_paints_no_colour(folder: str) -> None:
    with Terminal(PROGRAM, "plain", folder, NO_COLOR="1") as terminal:
        terminal.wait("WARN")
        terminal.press("2")
        terminal.wait("Cost a day")
        terminal.quiet()
        terminal.press("q")
        assert terminal.ended(reading=True) == 0
        assert not re.search(
            rb"\x1b\[[0-9;]*\b(?:[34]8;[25]|3[0-7]|4[0-7]|9[0-7]|10[0-7])\b[0-9;]*m", terminal.raw
        )


def test_a_terminal_with_16_colours_gets_no_others(folder: str) -> None:
    with Terminal(PROGRAM, "plain", folder, TERM="xterm", COLORTERM="") as terminal:
        terminal.wait("WARN")
        terminal.quiet()
        assert not re.search(rb"\x1b\[[0-9;]*[34]8;[25]", terminal.raw)


def test_a_dumb_terminal_is_refused_in_plain_words(folder: str) -> None:
    with Terminal(PROGRAM, "plain", folder, TERM="dumb") as terminal:
        assert terminal.ended(reading=True) == 2
        assert b"unfit: " in terminal.raw
        assert b"\x1b" not in terminal.raw


class _Tty(io.TextIOWrapper):
    def isatty(self) -> bool:
        return True


def _tty(encoding: str = "utf-8") -> _Tty:
    return _Tty(io.BytesIO(), encoding=encoding)


@pytest.mark.parametrize(
    ("environ", "stdin", "stdout", "reason"),
    [
        ({"TERM": "xterm"}, _tty(), _tty(), None),
        ({"TERM": "xterm"}, io.StringIO(), _tty(), "standard input"),
        ({"TERM": "xterm"}, None, _tty(), "standard input"),
        ({"TERM": "xterm"}, _tty(), io.StringIO(), "standard output"),
        ({"TERM": ""}, _tty(), _tty(), "not set"),
        ({}, _tty(), _tty(), "not set"),
        ({"TERM": "dumb"}, _tty(), _tty(), "dumb"),
        ({"TERM": "xterm"}, _tty(), _tty("ascii"), None),
    ],
)
def test_an_unfit_terminal_is_told_why(
    environ: dict[str, str], stdin: object, stdout: object, reason: str | None
) -> None:
    said = unfit(environ, stdin, stdout)  # type: ignore[arg-type]
    assert said == reason if reason is None else reason in (said or "")


def test_the_first_reason_to_end_decides_the_exit_code() -> None:
    told: list[int] = []
    stopped: list[float] = []
    guard = Guard(told.append, stopped.append)
    guard.end(143)
    guard.end(0)
    assert guard.finish(1) == 143
    assert told == [143]
    guard.__exit__(None, None, None)


def test_an_end_because_the_terminal_went_away_says_so_whichever_thread_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for gone, code in ((True, 129), (False, 1)):
        guard = Guard(lambda _: None, lambda _: None)
        monkeypatch.setattr(guard, "gone", lambda gone=gone: gone)
        assert guard.finish(1) == code
        guard.__exit__(None, None, None)
