"""The log file: rotating, readable by its owner only, one JSON object a line, never a prompt or a key."""

from __future__ import annotations

import json
import logging
import os
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path

from tokentui.text import clean

MAX_BYTES = 5 * 1024 * 1024
KEPT = 1
"""Older files kept beside the current one."""


class _Lines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": clean(record.getMessage(), 1000),
        }
        if record.exc_info:
            # Without local variables: a traceback shows code, and code holds no secrets.
            line["trace"] = [clean(part, 300) for part in self.formatException(record.exc_info).splitlines()]
        return json.dumps(line)


class _OwnerOnly(RotatingFileHandler):
    def _open(self) -> TextIOWrapper:
        flags = os.O_CREAT | os.O_APPEND | os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC
        return open(os.open(self.baseFilename, flags, 0o600), "a", encoding="utf-8")


def open_journal(path: Path) -> None:
    """Send the program's log to `path`; when that cannot be written, nowhere (never to the screen)."""
    root = logging.getLogger("tokentui")
    root.propagate = False
    root.setLevel(logging.INFO)
    handler: logging.Handler
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handler = _OwnerOnly(path, maxBytes=MAX_BYTES, backupCount=KEPT, encoding="utf-8")
    except OSError:
        handler = logging.NullHandler()
    handler.setFormatter(_Lines())
    root.addHandler(handler)
