"""The reader for logs that are one JSON document, rewritten as a whole whenever it grows."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Callable, Iterator
from hashlib import sha256

from tokentui.batch import Batch, Checkpoint
from tokentui.sources.logs.lines import Findings
from tokentui.sources.logs.logfile import LogFile
from tokentui.usage import BadLine

LARGEST = 64 << 20
"""Bytes; a document is read whole, and the largest real ones have 20 MB."""

SETTLED_NS = 2_000_000_000
"""A broken document younger than this may be half written, so it is read again next time."""

_PRINT = 256

Parse = Callable[[bytes], tuple[Findings, list[BadLine]]]
"""Understands a whole document, and says what is wrong with it. Never raises for what it holds."""


def read(
    path: str, checkpoint: Checkpoint | None, *, source: str, parser_version: int, parse: Parse
) -> Iterator[Batch]:
    """Yield what a document says, in one batch; nothing when it is unchanged, or changes while it is read.

    Raises NotALog for what is no regular file and OSError for what cannot be read.
    """
    file = LogFile(path)
    try:
        info = file.info
        size, changed = info.st_size, info.st_mtime_ns
        if checkpoint and checkpoint.parser_version == parser_version:
            known = checkpoint.size, checkpoint.mtime_ns, checkpoint.inode
            if known == (size, changed, info.st_ino):
                return
        data = file.piece(0, size) if size <= LARGEST else b""
        now = os.stat(path, follow_symlinks=False)
        if (now.st_size, now.st_mtime_ns, now.st_ino) != (size, changed, info.st_ino):
            return
    finally:
        file.close()
    if size <= LARGEST:
        findings, bad = parse(data.removeprefix(b"\xef\xbb\xbf"))
    else:
        findings, bad = Findings(), [BadLine(0, 1, f"a document larger than {LARGEST >> 20} MB")]
    half_written = bool(bad) and time.time_ns() - changed < SETTLED_NS
    yield Batch(
        source,
        Checkpoint(
            path, info.st_dev, info.st_ino, -1 if half_written else size, changed, size,
            head=sha256(data[:_PRINT]).digest()[:8], tail=sha256(data[-_PRINT:]).digest()[:8],
            generation=checkpoint.generation + 1 if checkpoint else 0, parser_version=parser_version,
        ),
        findings.contexts, list(findings.records.values()), findings.limits, bad, findings.anomalies,
        restarted=checkpoint is not None,
    )


def load(text: str) -> tuple[dict[str, object] | None, list[BadLine]]:
    """Return the object a document is, or None and what is wrong with it, and where."""
    try:
        value = json.loads(text)
    except RecursionError:
        return None, [BadLine(0, 1, "nested too deeply")]
    except json.JSONDecodeError as error:
        offset = len(text[: error.pos].encode("utf-8", "replace"))
        return None, [BadLine(offset, error.lineno, f"not valid JSON: {error.msg}")]
    except ValueError:  # a number of thousands of digits
        return None, [BadLine(0, 1, "not valid JSON: a number is too long")]
    if not isinstance(value, dict):
        return None, [BadLine(0, 1, "not a JSON object")]
    return value, []


def items(text: str, name: str) -> list[dict[str, object]]:
    """Return the objects that are whole in the first list called `name` of a document that breaks off."""
    start = re.search(rf'"{re.escape(name)}"\s*:\s*\[', text)
    position = start.end() if start else len(text)
    decode = json.JSONDecoder().raw_decode
    whole: list[dict[str, object]] = []
    while position < len(text):
        if text[position] in ", \t\r\n":
            position += 1
            continue
        try:
            value, position = decode(text, position)
        except (ValueError, RecursionError):
            break
        if isinstance(value, dict):
            whole.append(value)
    return whole
