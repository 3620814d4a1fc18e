"""How long the tools keep their own logs: what they delete, only our database still knows.

Claude Code deletes transcripts that were not written to for `cleanupPeriodDays` (30, unless its
settings.json says otherwise; code.claude.com/docs/en/settings). Gemini CLI deletes sessions by
`general.sessionRetention` of its settings.json (on, 30 days; docs/cli/session-management.md of
google-gemini/gemini-cli). Codex deletes none.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from tokentui.engine.discovery import LogFile

DAY_SECONDS = 86_400
SOON_SECONDS = 7 * DAY_SECONDS
"""Logs that go within a week are counted."""
_MOST_BYTES = 1 << 20
_UNITS = {"h": 1 / 24, "d": 1, "w": 7, "m": 30}


class Lifetime(NamedTuple):
    """When a tool deletes its logs."""

    days: float | None
    """Days without a change after which it does; None where it never does."""
    next_at: int | None
    """When the oldest of them goes, in UTC epoch microseconds; None where none will."""
    soon: int
    """How many go within a week."""


def lifetime(
    source: str, files: Iterable[LogFile], home: Path, environ: Mapping[str, str], now: int
) -> Lifetime:
    """Return when a tool deletes its logs; `now` is UTC epoch microseconds."""
    days = _RULES[source](home, environ) if source in _RULES else None
    if days is None:
        return Lifetime(None, None, 0)
    ends = [file.mtime_ns // 1000 + round(days * DAY_SECONDS * 1_000_000) for file in files]
    soon = sum(end <= now + SOON_SECONDS * 1_000_000 for end in ends)
    return Lifetime(days, min(ends, default=None), soon)


def _claude(home: Path, environ: Mapping[str, str]) -> float | None:
    configured = environ.get("CLAUDE_CONFIG_DIR", "").strip()
    folder = Path(configured.split(",")[0]).expanduser() if configured else home / ".claude"
    found = _settings(folder / "settings.json").get("cleanupPeriodDays")
    good = isinstance(found, int | float) and not isinstance(found, bool) and 0 <= found < 1e6
    return float(found) if found is not None and good else 30.0


def _gemini(home: Path, environ: Mapping[str, str]) -> float | None:
    folder = Path(environ.get("GEMINI_CLI_HOME", "").strip() or home).expanduser() / ".gemini"
    general = _settings(folder / "settings.json").get("general")
    rule = general.get("sessionRetention") if isinstance(general, dict) else None
    if not isinstance(rule, dict):
        return 30.0
    if rule.get("enabled") is False:
        return None
    age = str(rule.get("maxAge", "30d"))
    number, unit = age[:-1], age[-1:]
    return int(number) * _UNITS[unit] if number.isascii() and number.isdigit() and unit in _UNITS else 30.0


_RULES: dict[str, Callable[[Path, Mapping[str, str]], float | None]] = {
    "claude-code": _claude, "gemini-cli": _gemini,
}


def _settings(path: Path) -> dict[str, Any]:
    """Return a tool's settings; none where they cannot be read."""
    try:
        # O_NONBLOCK: a named pipe in the file's place must not hang the check.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                return {}
            found = json.loads(file.read(_MOST_BYTES))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
