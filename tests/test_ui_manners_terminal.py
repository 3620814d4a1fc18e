"""In a real pseudo-terminal: ASCII, the mouse, the lock, bytes that are no text."""

from __future__ import annotations

import fcntl
import json
import os
import re
import signal
import struct
import termios
from pathlib import Path

import pytest

from tests.ui_manners_program import PANE_KEYS
from tests.ui_terminal import Terminal

PROGRAM = "tests.ui_manners_program"
MOUSE = re.compile(rb"\x1b\[\?(?:9|100[0-35-7]|1015|1016)h")


def opened(
    folder: Path, size: tuple[int, int] = (120, 36), environ: dict[str, str] | None = None, **settings: object
) -> Terminal:
    """The dashboard with some settings."""
    return Terminal(PROGRAM, str(folder), json.dumps(settings), size=size, **environ or {})


def resized(terminal: Terminal, columns: int, rows: int) -> None:
    """Give the terminal another size, as a window manager does."""
    fcntl.ioctl(terminal.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    os.kill(terminal.pid, signal.SIGWINCH)


@pytest.mark.parametrize(
    ("settings", "environ"),
    [({"ascii": True}, {}), ({}, {"LC_ALL": "C"}), ({"ascii": True, "privacy": True}, {})],
)
def test_in_ascii_no_other_byte_is_written(
    settings: dict[str, object], environ: dict[str, str], tmp_path: Path
) -> None:
    with opened(tmp_path, environ=environ, **settings) as terminal:
        terminal.wait("What drove it")
        assert "+-" in terminal.text()
        for key in (*PANE_KEYS, "?", "\x1b", "\x10", "\x1b", ";", "\x1b", "T", "1", "x", "\x1b"):
            terminal.press(key)
            terminal.quiet(0.12)
        assert terminal.status is None
        assert terminal.raw.isascii()


def test_without_the_flag_the_mouse_is_left_alone(tmp_path: Path) -> None:
    with opened(tmp_path) as terminal:
        terminal.wait("What drove it")
        for key in (*PANE_KEYS, "?", "\x1b"):
            terminal.press(key)
            terminal.quiet(0.1)
        terminal.press("q")
        terminal.ended(reading=True)
        assert not MOUSE.search(terminal.raw)


def test_with_the_mouse_a_click_shows_a_pane_and_moves_are_not_reported(tmp_path: Path) -> None:
    with opened(tmp_path, mouse=True) as terminal:
        terminal.wait("What drove it")
        terminal.quiet()
        assert set(MOUSE.findall(terminal.raw)) == {b"\x1b[?1000h", b"\x1b[?1006h"}
        at = terminal.text().splitlines()[0].index("Trends") + 2
        terminal.press(f"\x1b[<0;{at};1M\x1b[<0;{at};1m")
        terminal.wait("30 days")
        at = terminal.text().splitlines()[0].index("Overview") + 2
        terminal.press(f"\x1b[<0;{at};1M\x1b[<0;{at};1m")
        terminal.wait("What drove it")
        rows = terminal.text().splitlines()
        row = next(number for number, line in enumerate(rows, 1) if "claude-code" in line)
        terminal.press(f"\x1b[<0;20;{row}M\x1b[<0;20;{row}m")
        terminal.wait("┏")  # the card has the focus
        terminal.press("7")
        terminal.wait("bad lines")
        terminal.quiet()
        before = terminal.text()
        terminal.press("\x1b[<65;20;20M" * 3)
        terminal.quiet()
        assert terminal.text() != before, "the wheel scrolls"


def test_a_byte_that_is_no_text_changes_nothing(tmp_path: Path) -> None:
    with opened(tmp_path) as terminal:
        terminal.wait("What drove it")
        os.write(terminal.fd, b"\xe9\xff\xc3")
        terminal.quiet(0.2)
        terminal.press("2")
        terminal.wait("30 days")


def test_the_screen_locks_by_itself_and_shows_nothing(tmp_path: Path) -> None:
    with opened(tmp_path, idle_lock_minutes=0.01) as terminal:
        terminal.wait("press any key")
        terminal.quiet(0.2)
        assert terminal.text().split() == ["locked", "·", "press", "any", "key"]
        assert terminal.read(0.5) is False, "something is written while nothing changes"
        terminal.press("2")
        terminal.wait("What drove it")


def test_a_window_that_is_small_for_a_moment_is_painted_again(tmp_path: Path) -> None:
    with opened(tmp_path) as terminal:
        terminal.wait("What drove it")
        terminal.quiet()
        for size in ((60, 20), (1, 1), (120, 36)):  # what is cut off is gone, as in a real terminal
            terminal.resize(*size)
        assert "What drove it" not in terminal.text()
        terminal.wait("What drove it")
        terminal.wait("7 Health")


def test_a_storm_of_sizes_in_a_terminal(tmp_path: Path) -> None:
    with opened(tmp_path) as terminal:
        terminal.wait("What drove it")
        for size in ((1, 1), (20, 5), (300, 80), (2, 2), (45, 20), (1, 40), (200, 1), (120, 36)) * 2:
            resized(terminal, *size)
            terminal.press("21"[size[0] % 2])
            terminal.read(0.02)
        resized(terminal, 120, 36)
        terminal.press("1")
        terminal.wait("What drove it")
        terminal.press("q")
        assert terminal.ended(reading=True) == 0
