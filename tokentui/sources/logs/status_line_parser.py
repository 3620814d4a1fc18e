"""Entries of the spool that `tokentui statusline` writes, as limit readings (see `status_line`)."""

from __future__ import annotations

import json

from msgspec.structs import replace

from tokentui.sources.logs import lines
from tokentui.usage import LimitReading

SERVICE = "claude-code"

_WINDOWS = {"five_hour": 300, "seven_day": 10_080}
"""Minutes, by how a window's name begins."""


class Parser:
    """Reads entries; each stands for itself."""

    def __init__(self) -> None:
        self.findings = lines.Findings()

    def feed(self, data: bytes, offset: int) -> None:
        """See `lines.LineParser`."""
        start = 0
        while (end := data.find(b"\n", start)) >= 0:
            line = data[start:end]
            if line.strip():
                try:
                    self.findings.limits += readings(line)
                except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
                    self.findings.bad.append((offset + start, f"no entry of a status line: {error!s:.80}"))
            start = end + 1

    def state(self) -> bytes:
        """Nothing is to be remembered."""
        return b""


def readings(line: bytes) -> list[LimitReading]:
    """Return what an entry says; raises one of many errors for what is none."""
    entry = json.loads(line)
    if not isinstance(entry, dict) or entry.get("v") != 1 or not isinstance(entry.get("at"), int):
        raise ValueError("it has no version 1 and time")
    found = []
    for name, (used, resets) in entry["limits"].items():
        if not 0 <= used <= 1_000 or not (resets is None or 0 < resets < 10**11):
            raise ValueError(f"{name!s:.40} is no share of a limit")
        minutes = next((length for begins, length in _WINDOWS.items() if name.startswith(begins)), 0)
        reset = None if resets is None else int(resets) * 1_000_000
        reading = LimitReading(SERVICE, "", name[:40], minutes, float(used), reset, entry["at"])
        found.append(replace(reading, origin="status-line"))
    return found
