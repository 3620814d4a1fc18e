"""The log file: rotating, readable by its owner only, one JSON object a line, never a prompt or a key."""

from __future__ import annotations

import errno
import json
import logging
import os
import stat
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path

from tokentui.text import clean

MAX_BYTES = 5 * 1024 * 1024
KEPT = 1
"""Older files kept beside the current one."""
LONGEST = 1000
"""Characters of a message that are kept."""


class _Lines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        from tokentui.secrets.secret import redacted  # a start that logs nothing need not load it

        line: dict[str, object] = {
            "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"),
            "level": record.levelname.lower(),
            "logger": clean(record.name),
            "message": clean(redacted(_message(record)), LONGEST),
        }
        if record.exc_info:
            # Without local variables: a traceback shows code, and code holds no secrets.
            trace = redacted(self.formatException(record.exc_info))  # but its message may be anything
            line["trace"] = [clean(part, 300) for part in trace.splitlines()]
        return json.dumps(line)


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception:  # arguments that do not fit must not cost the whole line
        return str(record.msg)


class _OwnerOnly(RotatingFileHandler):
    def _open(self) -> TextIOWrapper:
        # O_NONBLOCK: a pipe in the file's place must not hang the start.
        flags = os.O_CREAT | os.O_APPEND | os.O_WRONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        descriptor = os.open(self.baseFilename, flags, 0o600)
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            os.close(descriptor)
            raise OSError(errno.EINVAL, "not a regular file", self.baseFilename)
        if found.st_uid == os.geteuid() and found.st_mode & 0o077:
            os.fchmod(descriptor, 0o600)
        return open(descriptor, "a", encoding="utf-8")

    def handleError(self, record: logging.LogRecord) -> None:
        """Drop a line that cannot be written: logging would print a traceback on the screen."""


def open_journal(path: Path) -> logging.Handler:
    """Send everything that is logged to `path`; when that cannot be written, nowhere (never to the screen).

    What libraries have to say is kept from warnings on. Returns the handler.
    """
    handler: logging.Handler
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handler = _OwnerOnly(path, maxBytes=MAX_BYTES, backupCount=KEPT, encoding="utf-8")
    except OSError:
        handler = logging.NullHandler()
    handler.setFormatter(_Lines())
    logging.getLogger().addHandler(handler)
    logging.getLogger("tokentui").setLevel(logging.INFO)
    logging.captureWarnings(True)
    return handler
