"""Titles of Gemini CLI's sessions: the `summary` of a document, or of a log's header and `$set` lines."""

from __future__ import annotations

import os
from collections.abc import Iterable

import msgspec

READ_BYTES = 8 << 20
"""Of a document; a larger one keeps no title."""


class _Part(msgspec.Struct, gc=False):
    summary: str | None = None


class _Entry(msgspec.Struct, rename={"session": "sessionId", "set": "$set"}, gc=False):
    session: str | None = None
    summary: str | None = None
    set: _Part | None = None


_decode = msgspec.json.Decoder(_Entry).decode


def titles(paths: Iterable[str]) -> dict[str, str]:
    """Return titles by conversation id."""
    found = {}
    for path in paths:
        try:
            with open(path, "rb") as file:
                if os.fstat(file.fileno()).st_size > READ_BYTES:
                    continue
                text = file.read(READ_BYTES)
        except OSError:
            continue
        session = title = ""
        for line in text.splitlines() if path.endswith(".jsonl") else [text]:
            if b'"summary"' not in line and (session or b'"sessionId"' not in line):
                continue
            try:
                entry = _decode(line)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                continue
            session = session or entry.session or ""
            title = (entry.set and entry.set.summary) or entry.summary or title
        if session and title:
            found[session] = title
    return found
