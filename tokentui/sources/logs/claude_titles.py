"""Titles of Claude Code's sessions: `custom-title` lines (the user's), `ai-title` lines, old summaries.

Such a line is written again from time to time, the newest is the title. A `summary` line names the
conversation that ends with the message `leafUuid`, which may be another one than its file's: it counts
only where that message is in the same file.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress

import msgspec

READ_BYTES = 4 << 20
"""Of a log's end, and as much of its beginning: nine in ten logs are smaller."""

_KINDS = (("custom-title", "customTitle"), ("ai-title", "aiTitle"))


class _Line(msgspec.Struct, gc=False):
    type: str | None = None
    customTitle: str | None = None
    aiTitle: str | None = None
    summary: str | None = None
    leafUuid: str | None = None


_decode = msgspec.json.Decoder(_Line).decode


def titles(paths: Iterable[str]) -> dict[str, str]:
    """Return titles by conversation id; a log is named by its session, a sub-agent's has no title."""
    found = {}
    for path in paths:
        session, ending = os.path.splitext(os.path.basename(path))
        if ending == ".jsonl" and not session.startswith("agent-") and (title := _title(path)):
            found[session] = title
    return found


def _title(path: str) -> str:
    try:
        with open(path, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            parts = [file.read(READ_BYTES)]
            if size > READ_BYTES:
                file.seek(max(size - READ_BYTES, READ_BYTES))
                parts.append(file.read(READ_BYTES))
    except OSError:
        return ""
    for kind, field in _KINDS:
        for part in reversed(parts):
            for line in _lines(part, b'"' + kind.encode() + b'"'):
                if line.type == kind and (title := getattr(line, field)):
                    return str(title)
    return next((title for part in parts if (title := _summary(part))), "")


def _summary(part: bytes) -> str:
    for line in _lines(part, b'"summary"'):
        if line.type == "summary" and line.summary and line.leafUuid:
            named = f'"uuid":"{line.leafUuid}"'.encode()
            if named in part:
                return line.summary
    return ""


def _lines(part: bytes, mark: bytes) -> Iterable[_Line]:
    """Yield the lines that hold a mark, the last one first; what is no such line is passed over."""
    end = len(part)
    while (at := part.rfind(mark, 0, end)) >= 0:
        start = part.rfind(b"\n", 0, at) + 1
        stop = part.find(b"\n", at)
        with suppress(msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            yield _decode(part[start : stop if stop >= 0 else len(part)])
        end = start
