"""`tokentui statusline`: Claude Code's status line. Notes the limits it is told, prints one short line.

Claude Code runs the command it is given at every turn, pipes JSON into it and shows what it prints
(code.claude.com/docs/en/statusline: `rate_limits.{five_hour,seven_day}.{used_percentage 0-100, resets_at
Unix seconds}`, `cost.total_cost_usd`, `model.display_name`). So this must start as fast as a bare
interpreter does, and may never fail: it imports `json` and next to nothing of ours, opens no database, and
appends a line to a spool that the engine reads like a log (`sources.logs.status_line`).
"""

from __future__ import annotations

import os
import sys
import time

from tokentui import folders

TYPE_CHECKING = False  # `typing` takes as long to import as the interpreter to start
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FOLDER = "status-line"
KEPT_DAYS = 35
"""Claude Code keeps its own transcripts for 30 days."""
MOST_INPUT = 1 << 20
"""Bytes; Claude Code sends about 2 KB."""
MOST_A_DAY = 8 << 20
"""Bytes of spool: an entry a second, all day, is 9 MB."""
AGAIN_SECONDS = 60
"""What says the same as the entry before is noted again after this time."""
CHAIN_SECONDS = 5.0
"""For the user's own status line."""
MOST_CHAINED = 64 * 1024

NAMES = {"five_hour": "5h", "seven_day": "week"}
"""The windows that are shown, and how they are called."""
_ALMOST, _FULL = 80, 95
"""Percent from which on a window is yellow, and red."""

Limits = dict[str, list[float | None]]
"""Window -> [percent used, Unix seconds of its reset or None]."""


def main(arguments: Sequence[str]) -> int | None:
    """Answer Claude Code; return 0, or None for a command line that needs the real one."""
    match list(arguments):
        case []:
            chain = ""
        case ["--chain", chain]:
            pass
        case [one] if one.startswith("--chain="):
            chain = one.removeprefix("--chain=")
        case _:
            return None
    try:
        if sys.stdin is None or sys.stdin.isatty():
            return None
    except ValueError:  # closed
        return None
    answer(chain, os.environ)
    return 0


def answer(chain: str, environ: Mapping[str, str]) -> None:
    """Read what Claude Code says, note it, print the line. Never raises."""
    given, told = b"", {}
    now = time.time()
    try:
        given = _given()
        told = understood(given)
        limits = limits_of(told)
        if limits:
            note(folder(environ), limits, now)
    except Exception:  # a full disk, a broken answer: the line is printed all the same
        limits = {}
    try:
        words = line(told, limits, now, colour="NO_COLOR" not in environ)
    except Exception:
        words = "tokentui"
    _print(words.encode("utf-8", "replace") + b"\n")
    if chain:
        _print(chained(chain, given))


def folder(environ: Mapping[str, str]) -> str:
    """Return where the spool lies."""
    return os.path.join(folders.state(environ), FOLDER)


def understood(given: bytes) -> dict[str, object]:
    """Return the object that Claude Code sent; an empty one for anything else."""
    import json

    try:
        found = json.loads(given)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def limits_of(told: Mapping[str, object]) -> Limits:
    """Return the windows that are told; one that is no percentage is left out."""
    windows, found = told.get("rate_limits"), Limits()
    for name, window in windows.items() if isinstance(windows, dict) else ():
        if not isinstance(window, dict) or not _is_name(name):
            continue
        used, resets = _number(window.get("used_percentage")), _number(window.get("resets_at"))
        if used is not None and 0 <= used <= 1_000:
            found[name] = [used, int(resets) if resets is not None and 0 < resets < 1e11 else None]
    return found


def note(where: str, limits: Limits, now: float) -> bool:
    """Append an entry to the day's spool; return whether it says anything new. Raises OSError.

    One write with O_APPEND, so that entries of several sessions never mix; what an interrupted write
    left behind is closed with a newline first.
    """
    import json

    os.makedirs(where, mode=0o700, exist_ok=True)
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
    day = time.strftime("%Y-%m-%d", time.gmtime(now))
    file = os.open(os.path.join(where, f"{day}.jsonl"), flags, 0o600)
    try:
        size = os.fstat(file).st_size
        tail = os.pread(file, 512, max(0, size - 512))
        said = json.dumps(limits, separators=(",", ":"))
        if size >= MOST_A_DAY or _repeats(tail, said, now):
            return False
        torn = b"\n" if tail and not tail.endswith(b"\n") else b""
        entry = f'{{"v":1,"at":{int(now * 1_000_000)},"limits":{said}}}\n'
        os.write(file, torn + entry.encode())
    finally:
        os.close(file)
    if not size:
        _tidy(where, now)
    return True


def line(told: Mapping[str, object], limits: Limits, now: float, *, colour: bool) -> str:
    """Return the one line: the model, the session's cost, each window with its reset."""
    model, cost = told.get("model"), told.get("cost")
    name = model.get("display_name") or model.get("id") if isinstance(model, dict) else ""
    parts = [_plain(name)] if isinstance(name, str) else []
    dollars = _number(cost.get("total_cost_usd")) if isinstance(cost, dict) else None
    if dollars is not None:
        parts.append(f"${dollars:,.2f}")
    for window, called in NAMES.items():
        if window in limits:
            used, resets = limits[window]
            parts.append(f"{called} {_gauge(used or 0.0, colour)}{_until(resets, now)}")
    return " · ".join(part for part in parts if part) or "tokentui"


def chained(command: str, given: bytes) -> bytes:
    """Run the user's own status line, as Claude Code would, and return what it prints. Never raises."""
    import signal
    import subprocess

    try:
        process = subprocess.Popen(
            ["/bin/sh", "-c", command], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
    except OSError:
        return b""
    try:
        output, _ = process.communicate(given, timeout=CHAIN_SECONDS)
    except subprocess.TimeoutExpired as late:
        output = late.output or b""
    except OSError:
        output = b""
    finally:
        try:  # noqa: SIM105
            os.killpg(process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            pass
        process.wait()
    return output[:MOST_CHAINED]


def _given() -> bytes:
    found = b""
    while len(found) < MOST_INPUT and (piece := os.read(0, 65_536)):
        found += piece
    return found


def _print(data: bytes) -> None:
    try:
        while data:
            data = data[os.write(1, data) :]
    except OSError:
        pass  # nobody reads it


def _repeats(tail: bytes, said: str, now: float) -> bool:
    """Whether the last entry says the same and is young."""
    last = tail.removesuffix(b"\n").rpartition(b"\n")[2]
    head, found, rest = last.partition(b',"limits":')
    at = head.rpartition(b":")[2]
    if not found or rest != said.encode() + b"}" or not at.isdigit():
        return False
    return 0 <= now - int(at) / 1_000_000 < AGAIN_SECONDS


def _tidy(where: str, now: float) -> None:
    """Remove the spools of long ago; called once a day, by who begins the day's."""
    oldest = time.strftime("%Y-%m-%d", time.gmtime(now - KEPT_DAYS * 86_400))
    for name in os.listdir(where):
        if len(name) == len("2026-01-01.jsonl") and name.endswith(".jsonl") and name[:10] < oldest:
            os.unlink(os.path.join(where, name))


def _is_name(name: object) -> bool:
    if not isinstance(name, str) or len(name) > 40:
        return False
    return name.isascii() and name.replace("_", "a").isalnum()


def _number(value: object) -> float | None:
    """Return a number that is one: no truth value, no NaN, nothing endless."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if -1e15 < value < 1e15 else None


def _plain(text: str) -> str:
    return "".join(sign for sign in text[:40] if sign.isprintable())


def _gauge(used: float, colour: bool) -> str:
    words = f"{used:.0f}%"
    if not colour or used < _ALMOST:
        return words
    return f"\x1b[{31 if used >= _FULL else 33}m{words}\x1b[0m"


def _until(resets: float | None, now: float) -> str:
    """Return how long a window lasts yet, such as ` (2h 5m)`; nothing when it has been reset."""
    minutes = int((resets or 0) - now) // 60
    if minutes < 0:
        return ""
    days, hours = minutes // 1440, minutes // 60 % 24
    return f" ({days}d {hours}h)" if days else f" ({hours}h {minutes % 60}m)" if hours else f" ({minutes}m)"
