"""A program in a pseudo-terminal, as a person on the other end of a line has it."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import sys
import termios
import time
from pathlib import Path
from types import TracebackType

import pyte

PRIVATE = re.compile(r"\x1b\[[<>=?][0-9;:]*[A-Za-z]|\x1b\[\?[0-9;]*\$p")
"""What pyte would print as text."""

SECONDS = 10.0
"""How long a screen may take to show what a test waits for, on a busy machine."""


class Terminal:
    """Starts `python -m MODULE ARGUMENTS` in a pseudo-terminal and reads its screen."""

    def __init__(
        self,
        module: str,
        *arguments: str,
        size: tuple[int, int] = (120, 36),
        file: bool = False,
        cwd: Path | None = None,
        **environ: str,
    ) -> None:
        """`module` is a file to run instead when `file` says so; `environ` adds to a small environment."""
        root = Path(__file__).parent.parent
        self.raw = bytearray()
        self.status: int | None = None
        self._screen = pyte.Screen(*size)
        self._stream = pyte.ByteStream(self._screen)
        keep = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        env = {
            **keep,
            "TERM": "xterm-256color",
            "COLORTERM": "truecolor",
            "LANG": "C.UTF-8",
            "TZ": "UTC",
            "PYTHONPATH": str(root),
            **environ,
        }
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(cwd or root)
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
            program = [module] if file else ["-m", module]
            os.execve(sys.executable, [sys.executable, *program, *arguments], env)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.status is None:
            os.kill(self.pid, 9)
            self.ended()
        if self.fd >= 0:
            os.close(self.fd)

    def press(self, keys: str) -> None:
        """Send keys as the terminal would."""
        os.write(self.fd, keys.encode())

    def hang_up(self) -> None:
        """Close the line."""
        os.close(self.fd)
        self.fd = -1

    def unread(self) -> int:
        """How many bytes wait to be read."""
        return int(struct.unpack("i", fcntl.ioctl(self.fd, termios.FIONREAD, b"\0" * 4))[0])

    def text(self) -> str:
        """What is on the screen."""
        return "\n".join(self._screen.display)

    def wait(self, wanted: str) -> str:
        """Read until something is on the screen; return the screen."""
        until = time.monotonic() + SECONDS
        while wanted not in self.text():
            assert self.status is None, f"ended with {self.status} before {wanted!r}:\n{self.text()}"
            assert time.monotonic() < until, f"no {wanted!r} on:\n{self.text()}"
            self.read(0.1)
        return self.text()

    def quiet(self, seconds: float = 0.4, *, show: bool = True) -> int:
        """Read until nothing came for so long; return how many bytes there were in all."""
        until = time.monotonic() + SECONDS
        while self.read(seconds, show=show) and time.monotonic() < until:
            pass
        return len(self.raw)

    def read(self, seconds: float, *, show: bool = True) -> bool:
        """Read what is there within so many seconds; without `show` the screen is not drawn (20 ms)."""
        if not select.select([self.fd], [], [], seconds)[0]:
            return False
        try:
            data = os.read(self.fd, 65_536)
        except OSError:  # the other end is closed
            data = b""
        if not data:
            self.ended()
            return False
        self.raw += data
        if show:
            self._stream.feed(PRIVATE.sub("", data.decode("utf-8", "replace")).encode())
        return True

    def resize(self, columns: int, rows: int, *, show: bool = True) -> None:
        """Change the size of the window."""
        if show:
            self._screen.resize(rows, columns)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def stopped(self) -> None:
        """Read until the program has stopped itself."""
        until = time.monotonic() + SECONDS
        while os.waitpid(self.pid, os.WNOHANG | os.WUNTRACED)[0] == 0:
            assert time.monotonic() < until, "not stopped"
            self.read(0.02)
        self.quiet(0.05)

    def ended(self, *, reading: bool = False) -> int:
        """Wait for the program's end, reading on if asked; return its exit code."""
        until = time.monotonic() + SECONDS
        while self.status is None:
            assert time.monotonic() < until, "still alive"
            if reading:
                self.read(0.02)
                if self.status is not None:
                    break
            done, status = os.waitpid(self.pid, os.WNOHANG)
            if done:
                self.status = os.waitstatus_to_exitcode(status)
            elif not reading:
                select.select([], [], [], 0.02)
        return self.status
