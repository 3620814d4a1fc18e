"""Lines of Claude Code transcripts for tests, and what the reader makes of them."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from tokentui.batch import Batch, Checkpoint
from tokentui.sources.logs import claude_code
from tokentui.usage import UsageContext, UsageRecord, merged

MODEL = "claude-sonnet-5-20260612"
START = 1_789_426_681_120_000
"""2026-09-14T22:58:01.120Z in microseconds."""
CHANGED = 1_790_000_000
"""When test files were last written, in epoch seconds: after all their lines."""


def message_id(name: str) -> str:
    """An id as long as Anthropic's."""
    return f"msg_01{name:x>22}"


def at(seconds: float) -> str:
    """A time after the start, as the tool writes it."""
    milliseconds = 58_001_120 - 58_000_000 + round(seconds * 1000)
    minutes, rest = divmod(milliseconds, 60_000)
    hours, minutes = divmod(58 + minutes, 60)
    return f"2026-09-14T{22 + hours:02}:{minutes:02}:{rest // 1000:02}.{rest % 1000:03}Z"


def usage(*counts: int, **extra: Any) -> dict[str, Any]:
    """A usage object from (uncached, cache read, cache creation, output)."""
    names = ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens", "output_tokens")
    return {**dict(zip(names, counts, strict=True)), **extra}


def assistant(
    name: str | None, counts: dict[str, Any] | None, seconds: float = 0, *, model: Any = MODEL, **extra: Any
) -> dict[str, Any]:
    """One line of an answer; `extra` sets fields of the line, None takes one away."""
    message: dict[str, Any] = {
        "id": message_id(name) if name else None,
        "type": "message",
        "role": "assistant",
    }
    message |= {
        "model": model,
        "content": [{"type": "text", "text": "…"}],
        "stop_reason": None,
        "usage": counts,
    }
    line = {
        "parentUuid": None,
        "isSidechain": False,
        "userType": "external",
        "cwd": "/home/ana/shop",
        "sessionId": "S1",
        "version": "2.3.41",
        "gitBranch": "feat/cart",
        "type": "assistant",
        "message": message,
        "requestId": f"req_{name}",
        "uuid": f"uuid-{name}-{seconds}",
        "timestamp": at(seconds),
    } | extra
    return {field: value for field, value in line.items() if value is not None}


def gateway(session: str, seconds: float, output: int, **extra: Any) -> dict[str, Any]:
    """One line of an answer that came through a gateway with one id for all."""
    line = assistant(None, usage(5, 0, 0, output), seconds, requestId=None, model="glm-5", **extra)
    line["sessionId"] = session
    line["message"]["id"] = "chatcmpl-1"
    return line


def user(text: Any = "hello", **extra: Any) -> dict[str, Any]:
    """One line of the user, or a tool's result."""
    return {
        "parentUuid": None,
        "isSidechain": False,
        "cwd": "/home/ana/shop",
        "sessionId": "S1",
        "type": "user",
        "message": {"role": "user", "content": text},
        "uuid": "u",
        "timestamp": at(0),
    } | extra


def encoded(lines: Iterable[dict[str, Any] | bytes]) -> bytes:
    """Compact JSON lines, as the tool writes them; bytes are taken as they are."""
    return b"".join(
        (line if isinstance(line, bytes) else json.dumps(line, separators=(",", ":")).encode()) + b"\n"
        for line in lines
    )


def write(path: Path, *lines: dict[str, Any] | bytes, later: int = 0) -> Path:
    """Write a transcript; `later` makes its time differ from that of an earlier version."""
    return put(path, encoded(lines), later)


def put(path: Path, content: bytes, later: int = 0) -> Path:
    """Write the bytes of a transcript."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    os.utime(path, (CHANGED + later, CHANGED + later))
    return path


class Seen(NamedTuple):
    """One request after all copies were merged."""

    record: UsageRecord
    context: UsageContext

    @property
    def counts(self) -> tuple[int, int, int, int, int]:
        """(uncached, cache read, 5 minutes, 1 hour, output)."""
        record = self.record
        return (
            record.uncached_input_tokens,
            record.cache_read_input_tokens,
            record.cache_creation_5m_input_tokens,
            record.cache_creation_1h_input_tokens,
            record.output_tokens,
        )


def batches(*paths: Path, since: Checkpoint | None = None) -> list[Batch]:
    """Everything the reader yields for some files."""
    return [batch for path in paths for batch in claude_code.read(str(path), since)]


def requests(found: Iterable[Batch]) -> list[Seen]:
    """The requests in batches, merged by key as the store merges them, in the order of their time."""
    seen: dict[int, Seen] = {}
    for batch in found:
        for record in batch.records:
            old = seen.get(record.key)
            new = Seen(record, batch.contexts[record.context])
            if old is not None:
                earlier = new if new.record.time < old.record.time else old
                new = Seen(merged(old.record, record), earlier.context)
            seen[record.key] = new
    return sorted(seen.values(), key=lambda request: (request.record.time, request.record.key))


def counted(*paths: Path) -> list[tuple[int, int, int, int, int]]:
    """The counts of all requests in some files."""
    return [request.counts for request in requests(batches(*paths))]


def seen(path: Path, *lines: dict[str, Any] | bytes) -> list[Seen]:
    """Write a transcript and return its requests."""
    return requests(batches(write(path, *lines)))


def only(found: list[Seen]) -> Seen:
    """Return the one request there is."""
    assert len(found) == 1
    return found[0]
