"""The last screen, dimmed and with its age, on the terminal before anything else is imported.

Textual takes a third of a second to import; what the dashboard showed last is there within a few
milliseconds. So this module imports nothing that a bare interpreter has not loaded already, but for
zlib (0.3 ms). A file that is not exactly what `ui.keeping` writes is not shown: it holds printable
text, colours and cursor moves, and nothing else.
"""

from __future__ import annotations

import os
import stat
import sys
import time
from zlib import crc32

from tokentui import __version__

try:
    # Built in; `signal` wraps it in enums, for a third of the start.
    import _signal as signal  # type: ignore[import-not-found]
except ImportError:  # another Python than CPython
    import signal

TYPE_CHECKING = False  # `typing` takes as long to import as the interpreter to start
if TYPE_CHECKING:
    from collections.abc import Mapping

MAGIC = "tokentui screen 1"
LONGEST = 512 * 1024
"""Bytes; a screen of 300x80 in many colours takes 150 KB."""
DAY_SECONDS = 86_400
SIGNALS = (signal.SIGTERM, signal.SIGHUP)

_ENTER = "\x1b[?1049h\x1b[?25l\x1b[?7l"
_LEAVE = b"\x1b[0m\x1b[?7h\x1b[?1049l\x1b[?25h"
_NO_TERMINALS = ("", "dumb", "unknown")
_PARAMETERS = frozenset("0123456789;")

_shown = False
"""Whether the alternate screen is on because of us, and nobody has taken it over."""


def places(environ: Mapping[str, str]) -> tuple[str, str, str]:
    """Return the folder of kept screens, the settings file and the database, as `config.paths` has them."""
    home = environ.get("HOME") or os.path.expanduser("~")
    own = environ.get("TOKENTUI_HOME", "").strip()
    if own:
        cache = config = data = os.path.abspath(os.path.join(home, own[2:]) if own.startswith("~/") else own)
        cache = os.path.join(cache, "cache")
    else:
        cache, config, data = (
            os.path.join(_folder(environ.get(variable, ""), home, default), "tokentui")
            for variable, default in (
                ("XDG_CACHE_HOME", ".cache"),
                ("XDG_CONFIG_HOME", ".config"),
                ("XDG_DATA_HOME", ".local/share"),
            )
        )
    screens, settings = os.path.join(cache, "screens"), os.path.join(config, "config.toml")
    return screens, settings, os.path.join(data, "tokentui.db")


def key(environ: Mapping[str, str], columns: int, rows: int) -> str:
    """Return what a kept screen must agree in: version, size, terminal, locale, settings, database."""
    names = ("TERM", "COLORTERM", "NO_COLOR", "TERM_PROGRAM", "LC_ALL", "LC_CTYPE", "LANG")
    terminal = "|".join(_printable(environ.get(name, ""))[:40] for name in names)
    _, config, data = places(environ)
    return f"{__version__} {columns}x{rows} {terminal} {_mark(config, changes=True)} {_mark(data)}"


def path(environ: Mapping[str, str], columns: int, rows: int) -> str:
    """Return the file of a size and kind of terminal."""
    kind = "|".join(environ.get(name, "") for name in ("TERM", "COLORTERM", "NO_COLOR", "TERM_PROGRAM"))
    name = f"{columns}x{rows}-{crc32(kind.encode('utf-8', 'replace')):08x}"
    return os.path.join(places(environ)[0], name)


def packed(key: str, at: int, offset: int, words: str, painted: str) -> bytes:
    """Return a kept screen as its file holds it.

    `at` is when it was true, in UTC epoch seconds; `offset` is what the user's clock is ahead of UTC, in
    seconds; `words` are told after the time.
    """
    body = f"{key}\n{at} {offset}\n{words}\n{painted}".encode()
    return f"{MAGIC} {len(body)} {crc32(body):08x}\n".encode() + body


def unpacked(raw: bytes, key: str, now: int) -> tuple[str, str] | None:
    """Return what to paint and what to say of its age; None unless the file is whole, ours and of this key.

    `now` in UTC epoch seconds.
    """
    head, _, body = raw.partition(b"\n")
    if head != f"{MAGIC} {len(body)} {crc32(body):08x}".encode():
        return None
    try:
        kept, times, words, painted = body.decode().split("\n", 3)
        at, offset = map(int, times.split(" "))
        moment = time.gmtime(at + offset)
    except (ValueError, OverflowError, OSError):  # UnicodeDecodeError is a ValueError
        return None
    if kept != key or len(words) > 40 or not words.isprintable() or not harmless(painted):
        return None
    clock = "%H:%M" if 0 <= now - at < DAY_SECONDS else "%Y-%m-%d %H:%M"
    return painted, f" as of {time.strftime(clock, moment)}, {words} "


def harmless(painted: str) -> bool:
    """Whether a text commands the terminal nothing but colours, cursor moves and erasing to a line's end."""
    first, *parts = painted.split("\x1b")
    if not first.isprintable():
        return False
    for part in parts:
        end = 1
        while part[end : end + 1] in _PARAMETERS:
            end += 1
        if part[:1] != "[" or end > 80 or part[end : end + 1] not in ("m", "H", "C", "K"):
            return False
        if not part[end + 1 :].isprintable():
            return False
    return True


def show(environ: Mapping[str, str]) -> bool:
    """Draw the last screen of this terminal, if there is one; return whether it was."""
    global _shown
    size = _terminal(environ)
    if size is None:
        return False
    raw = _read(path(environ, *size))
    found = unpacked(raw, key(environ, *size), int(time.time())) if raw else None
    if found is None:
        return False
    painted, age = found
    age = age[: size[0]]
    for number in SIGNALS:
        signal.signal(number, _end)
    signal.signal(signal.SIGTSTP, signal.SIG_IGN)  # a stop would leave the shell on this screen
    _shown = True
    _write(f"{_ENTER}{painted}\x1b[0m\x1b[1;{size[0] - len(age) + 1}H\x1b[7m{age}\x1b[0m".encode())
    return True


def take_over() -> bool:
    """Leave the alternate screen to the caller; return whether it is on."""
    global _shown
    was, _shown = _shown, False
    return was


def take_away() -> None:
    """Give the shell its screen back, unless somebody has taken it over or there is nothing to take away."""
    if take_over():
        _write(_LEAVE)
        for number in (*SIGNALS, signal.SIGTSTP):
            signal.signal(number, signal.SIG_DFL)


def _end(number: int, _frame: object) -> None:
    take_away()
    os._exit(128 + number)


def _terminal(environ: Mapping[str, str]) -> tuple[int, int] | None:
    """Return columns and rows of a terminal that the dashboard would start on; None for anything else."""
    output = sys.stdout
    if environ.get("TERM", "") in _NO_TERMINALS or "COLUMNS" in environ or "LINES" in environ:
        return None
    if output is None or output.encoding.lower() not in ("utf-8", "utf8"):
        return None
    try:
        if not os.isatty(0) or not os.isatty(1) or os.tcgetpgrp(1) != os.getpgrp():
            return None
        return tuple(os.get_terminal_size(1))  # type: ignore[return-value]
    except (OSError, ValueError):
        return None


def _read(file: str) -> bytes:
    """Return a file of our own; nothing where there is none, or it is a link, too large or another's."""
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return b""
    try:
        found = os.fstat(descriptor)
        ours = stat.S_ISREG(found.st_mode) and found.st_uid == os.geteuid() and not found.st_mode & 0o077
        return os.read(descriptor, LONGEST) if ours and found.st_size < LONGEST else b""
    except OSError:
        return b""
    finally:
        os.close(descriptor)


def _write(data: bytes) -> None:
    try:
        while data:
            data = data[os.write(1, data) :]
    except OSError:
        pass  # the terminal is gone, which its signal says


def _mark(file: str, *, changes: bool = False) -> str:
    """Return which file it is, and with `changes` also its state."""
    try:
        found = os.stat(file)
    except OSError:
        return "-"
    return f"{found.st_ino}.{found.st_mtime_ns}.{found.st_size}" if changes else f"{found.st_ino}"


def _printable(text: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def _folder(value: str, home: str, default: str) -> str:
    return value if value.startswith("/") else os.path.join(home, default)
