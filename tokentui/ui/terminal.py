"""The life of a full-screen program: may it start here, and how does it end whatever is blocked.

A terminal that nobody reads from stops Textual's loop inside a write; one that is gone makes it spin.
So signals set a deadline in a thread of its own, and hang-ups are watched for by another.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from types import FrameType, TracebackType
from typing import Any, TextIO

from tokentui import last_screen

DEADLINE = 2.0
"""Seconds from being told to end until the process ends, restored terminal or not."""

HANGUP = 128 + signal.SIGHUP
"""Exit code after the terminal went away."""

# Synchronised output, line wrap, bracketed paste, focus and mouse reports, keyboard protocol,
# cursor, alternate screen: all back to what a shell expects.
_RESTORE = (
    b"\x1b[?2026l\x1b[?7h\x1b[?2004l\x1b[?1004l\x1b[?1000l\x1b[?1003l\x1b[?1015l\x1b[?1006l"
    b"\x1b[<u\x1b[?1049l\x1b[?25h\x1b[0m"
)


def unfit(environ: Mapping[str, str], stdin: TextIO | None, stdout: TextIO | None) -> str | None:
    """Return why this terminal cannot show the dashboard, or None when it can."""
    for stream, name in ((stdin, "standard input"), (stdout, "standard output")):
        if stream is None or stream.closed or not stream.isatty():
            return f"{name} is not a terminal"
    kind = environ.get("TERM", "")
    if kind in ("", "dumb", "unknown"):
        return f"the terminal cannot move its cursor (TERM is {kind or 'not set'})"
    return None


class Guard:
    """Ends the program within `DEADLINE` seconds of a signal, a vanished terminal or the user's wish.

    `leave(code)` asks the screen to end and may be called from any thread; `stop(timeout)` ends
    everything else. Only the main thread may enter it.
    """

    def __init__(self, leave: Callable[[int], None], stop: Callable[[float], None]) -> None:
        self.code: int | None = None
        """The exit code once the end has begun."""
        self._leave = leave
        self._stop = stop
        self._stopped = threading.Event()
        self._ended = threading.Event()
        self._attributes: list[Any] | None = None
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Guard:
        import termios

        with suppress(termios.error, OSError, ValueError):
            self._attributes = termios.tcgetattr(0)
        for number in (signal.SIGTERM, signal.SIGHUP):
            # Not loop.add_signal_handler: that never runs while the terminal is stalled.
            self._before[number] = signal.signal(number, self._on_signal)
        threading.Thread(target=self._watch, name="hangup", daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def end(self, code: int) -> None:
        """Begin the end; the first caller decides the exit code."""
        if self._begin(code):
            self._leave(code)

    def finish(self, code: int) -> int:
        """End everything else once the screen is gone; return the exit code that counts."""
        # Reading from a terminal that went away may fail before its signal is heard of.
        self._begin(HANGUP if code and self.gone() else code)
        self._stopped.wait(DEADLINE)
        return code if self.code is None else self.code

    def gone(self) -> bool:
        """Whether the terminal went away."""
        import select

        poll = select.poll()
        poll.register(0, 0)
        with suppress(OSError):
            return self.code == HANGUP or bool(poll.poll(0))
        return True

    def _begin(self, code: int) -> bool:
        if self.code is not None:
            return False
        self.code = code
        threading.Thread(target=self._deadline, args=(code,), name="deadline", daemon=True).start()
        return True

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        self.end(128 + number)

    def _deadline(self, code: int) -> None:
        started = time.monotonic()
        with suppress(Exception):  # the engine's trouble must not keep the process alive
            self._stop(DEADLINE - 0.5)
        self._stopped.set()
        if not self._ended.wait(max(0.0, DEADLINE - (time.monotonic() - started))):
            self._restore()
            os._exit(code)

    def _watch(self) -> None:
        """Wait for the terminal to go away; costs nothing until then."""
        import select

        poll = select.poll()
        poll.register(0, 0)  # hang-ups and errors are reported whatever the mask
        with suppress(OSError):
            if poll.poll() and not self._ended.is_set():
                self.end(HANGUP)

    def _restore(self) -> None:
        """Give the shell its terminal back without waiting for anybody to read."""
        import termios

        with suppress(OSError, ValueError):
            os.set_blocking(1, False)
            os.write(1, _RESTORE)
            os.set_blocking(1, True)
        if self._attributes is not None:
            with suppress(termios.error, OSError):
                termios.tcsetattr(0, termios.TCSANOW, self._attributes)


def write_crash(folder: str | os.PathLike[str], report: str) -> str | None:
    """Write a crash report only its owner can read; return its path, or None when it cannot be written."""
    path = os.path.join(folder, "crash.txt")
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        with suppress(FileNotFoundError):
            os.unlink(path)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="replace") as file:
            file.write(report)
    except OSError:
        return None
    return path


def leave(code: int) -> None:
    """End the process without waiting for threads that may be blocked."""
    last_screen.take_away()
    for stream in (sys.stdout, sys.stderr):
        with suppress(Exception):
            stream.flush()
    os._exit(code)
