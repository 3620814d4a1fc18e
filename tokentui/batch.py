"""What travels from a reader to the store: a stretch of one file, and how far the file was read."""

from __future__ import annotations

import msgspec

from tokentui.usage import BadLine, LimitReading, UsageContext, UsageRecord


class Checkpoint(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """How far a file was read, and how to recognise it next time."""

    path: str
    device: int
    inode: int
    size: int
    mtime_ns: int
    offset: int
    """The end of the last whole line that was parsed."""
    head: bytes
    """SHA-256 (first 8 bytes) of the first <= 256 bytes below `offset`."""
    tail: bytes
    """SHA-256 (first 8 bytes) of the <= 256 bytes before `offset`."""
    generation: int = 0
    """How often the file was found rewritten and was read anew from its start."""
    parser_version: int = 1
    state: bytes = b""
    """What the parser must remember to go on at `offset` (msgpack, the reader's own business)."""


class Batch(msgspec.Struct, array_like=True):
    """What one stretch of one file said. Stored in one transaction, checkpoint included."""

    source: str
    checkpoint: Checkpoint
    """The file's state once this batch is stored."""
    contexts: list[UsageContext]
    records: list[UsageRecord]
    limits: list[LimitReading]
    bad_lines: list[BadLine]
    anomalies: int = 0
    """How many values had to be repaired."""
    restarted: bool = False
    """The file is read anew from its start: what was said of its bad lines before is void."""
