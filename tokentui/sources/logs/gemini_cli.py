"""Gemini CLI: its chat recordings, `.jsonl` logs that are appended to and older `.json` documents.

Format: google-gemini/gemini-cli, packages/core/src/services/chatRecordingService.ts. A log starts
with a header that names the session; a message is written again, whole, each time it grows, at
first without its tokens. `$set` lines may repeat all messages; `$rewindTo` takes messages out of the
conversation, but they were paid for. A document is turned into a log when its session is resumed,
and both files stay. Retries and utility calls are never recorded, so the counts are a floor.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Protocol

import msgspec

from tokentui.batch import Batch, Checkpoint
from tokentui.sources.logs import document, lines
from tokentui.sources.logs.counts import LARGEST, count
from tokentui.sources.logs.gemini_projects import Origin, origin_of
from tokentui.sources.logs.recovery import recover
from tokentui.sources.logs.timestamps import microseconds
from tokentui.text import clean
from tokentui.usage import (
    COUNT_REPAIRED,
    MODEL_UNKNOWN,
    SIDECHAIN,
    TIME_BORROWED,
    TIME_IN_FUTURE,
    BadLine,
    UsageContext,
    UsageRecord,
    record_key,
)

PARSER_VERSION = 1
SOURCE = "gemini-cli"

LOG_RANK = 1 << 40
"""Ranks of lines start here, above every document's: the log is what a document became."""

_DAY = 86_400_000_000
_Count = Annotated[int, msgspec.Meta(ge=0, le=LARGEST)]
_UNTYPED = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_SESSION = re.compile(r'"sessionId"\s*:\s*"([^"\\]{1,200})"')


class Siblings(Protocol):
    """The other files of this source; Gemini CLI's need none."""

    def find(self, part: str) -> list[str]: ...


class _Tokens(msgspec.Struct, gc=False):
    """`input` includes `cached`; `thoughts` and `tool` come on top of `output` and `input`."""

    input: _Count = 0
    output: _Count = 0
    cached: _Count = 0
    thoughts: _Count = 0
    tool: _Count = 0
    total: _Count = 0
    repaired: bool = False
    """Not a field of the log: a count was none."""


class _Entry(msgspec.Struct, rename={"session": "sessionId", "start": "startTime", "set": "$set"}):
    """A line: a header, a message or an operation; a document is a header with messages."""

    id: str | int | None = None
    timestamp: str | int | float | None = None
    model: str | None = None
    tokens: _Tokens | None = None
    session: str | None = None
    start: str | None = None
    messages: list[_Entry] | None = None
    set: _Entry | None = None


def roots(home: Path, environ: Mapping[str, str]) -> list[Path]:
    """Return the folders that hold a folder for each project, each real one once.

    `GEMINI_DATA_DIR` (a comma list of data folders) or `GEMINI_CLI_HOME` replaces the home
    directory's `.gemini`; on macOS the sandbox keeps its own below `.cache`.
    """
    parts = [part.strip() for part in environ.get("GEMINI_DATA_DIR", "").split(",")]
    listed = [_expanded(part, home) for part in parts if part]
    if own := environ.get("GEMINI_CLI_HOME", "").strip():
        data = [_expanded(own, home) / ".gemini"]
    else:
        data = [home / ".gemini", home / ".cache" / ".gemini"]
    found: dict[str, Path] = {}
    for folder in listed or data:
        root = folder if folder.name == "tmp" else folder / "tmp"
        found.setdefault(os.path.realpath(root), root)
    return list(found.values())


def wanted(path: str) -> bool:
    """Say whether a file below a root is a recording: anything below a `chats` folder, sub-agents too."""
    return path.endswith((".jsonl", ".json")) and "/chats/" in f"/{path}"


def read(path: str, checkpoint: Checkpoint | None, *, siblings: Siblings) -> Iterator[Batch]:  # noqa: ARG001
    """Yield what a recording says beyond its checkpoint; nothing when it is unchanged.

    Raises OSError for a file that cannot be read or is no regular file.
    """
    origin = origin_of(path)
    if path.endswith(".json"):
        return document.read(
            path, checkpoint, source=SOURCE, parser_version=PARSER_VERSION, parse=partial(_document, origin)
        )
    return lines.read(
        path, checkpoint, source=SOURCE, parser_version=PARSER_VERSION,
        parser=partial(Parser, origin),
    )


class Parser:
    """Understands the lines of one recording."""

    def __init__(self, origin: Origin, state: bytes = b"") -> None:
        self.findings = lines.Findings()
        self._origin = origin
        self._session, self._unnamed, self._last_time = (
            msgspec.msgpack.decode(state, type=tuple[str, int, int]) if state else ("", 0, origin.time)
        )
        self._tomorrow = time.time_ns() // 1_000 + _DAY
        self._models: dict[str | None, str] = {}

    def state(self) -> bytes:
        """The session, how many messages had no id, and the last known time."""
        return msgspec.msgpack.encode((self._session, self._unnamed, self._last_time))

    def feed(self, lines: bytes, offset: int) -> None:
        """Parse whole lines that start `offset` bytes into the file."""
        view = memoryview(lines)
        start, end = 0, lines.find(b"\n")
        while end >= 0:
            try:
                entry = _DECODER.decode(view[start:end])
            except _UNTYPED:
                self._untyped(lines[start:end], offset + start)
            else:
                self.entry(entry, LOG_RANK + offset + start)
            start, end = end + 1, lines.find(b"\n", end + 1)

    def entry(self, entry: _Entry, offset: int) -> None:
        """Take in a line at an offset, or a document at offset -1."""
        if entry.session:
            self._session = clean(entry.session)
        self._last_time = microseconds(entry.start) or self._last_time
        if entry.messages:
            self._messages(entry.messages, offset)
        if entry.set:
            self.entry(entry.set, offset)
        if entry.timestamp or entry.tokens:
            self._message(entry, offset, self._unnamed)
            self._unnamed += _is_unnamed(entry)

    def _messages(self, messages: list[_Entry], offset: int) -> None:
        """Take in all messages of the session so far."""
        if not self._last_time:
            times = (microseconds(message.timestamp) for message in messages)
            self._last_time = next((time for time in times if time), 0)
        unnamed = 0
        for message in messages:
            self._message(message, offset, unnamed)
            unnamed += _is_unnamed(message)

    def _message(self, message: _Entry, offset: int, ordinal: int) -> None:
        flags = SIDECHAIN if self._origin.parent else 0
        when = microseconds(message.timestamp)
        if when is None:
            when, flags = self._last_time, flags | TIME_BORROWED
        self._last_time = when
        tokens = message.tokens
        if tokens is None:
            return
        uncached, output = _uncached(tokens), tokens.output + tokens.thoughts
        if not (uncached or tokens.cached or output):
            return
        if not when:
            self.findings.bad.append((max(offset, 0), "usage without a time, and none is known before it"))
            return
        if uncached < 0 or tokens.repaired:
            uncached = max(uncached, 0)
            flags |= COUNT_REPAIRED
            self.findings.anomalies += 1
        if when > self._tomorrow:
            flags |= TIME_IN_FUTURE
        session = self._session or self._origin.name
        identity = f"#{ordinal}" if _is_unnamed(message) else message.id
        self.findings.add(
            UsageRecord(
                record_key(SOURCE, f"{session}:{identity}"),
                LOG_RANK + offset if offset >= 0 else uncached + tokens.cached + output,
                when,
                self._context(session),
                "gcp.gemini",
                self._model(message.model),
                uncached_input_tokens=uncached,
                cache_read_input_tokens=tokens.cached,
                output_tokens=output,
                reasoning_output_tokens=tokens.thoughts,
                flags=flags if message.model else flags | MODEL_UNKNOWN,
            )
        )

    def _context(self, session: str) -> int:
        origin = self._origin
        return self.findings.context(
            UsageContext(SOURCE, "", session, origin.parent, origin.project, quality="floor")
        )

    def _model(self, name: str | None) -> str:
        known = self._models.get(name)
        if known is None:
            known = self._models[name] = clean(name) or "unknown"
        return known

    def _untyped(self, line: bytes, offset: int) -> None:
        """Take in what is whole of a line that is broken or holds unexpected types."""
        found, reason = recover(line)
        if reason:
            self.findings.bad.append((offset, reason))
        for each in found:
            if not each.after_damage or "type" in each.object or "$set" in each.object:
                self.entry(_lenient(each.object), offset)


def _document(origin: Origin, data: bytes) -> tuple[lines.Findings, list[BadLine]]:
    """Parse a document, or as many of its messages as are whole."""
    parser = Parser(origin)
    bad: list[BadLine] = []
    try:
        parser.entry(_DECODER.decode(data), -1)
    except _UNTYPED:
        text = data.decode("utf-8", "replace")
        value, bad = document.load(text)
        parser.entry(_torn(text) if value is None else _lenient(value), -1)
    return parser.findings, bad + [BadLine(offset, 1, reason) for offset, reason in parser.findings.bad]


def _torn(text: str) -> _Entry:
    """Return the session and the whole messages of a document that breaks off."""
    session = _SESSION.search(text)
    messages = _lenient_messages(document.items(text, "messages"))
    return _Entry(session=session[1] if session else None, messages=messages)


def _uncached(tokens: _Tokens) -> int:
    """Return the prompt tokens billed in full; negative when the log contradicts itself."""
    whole = tokens.input + tokens.output + tokens.thoughts + tokens.tool + tokens.cached
    if tokens.cached and tokens.total == whole:
        return tokens.input + tokens.tool  # written by a fork that keeps the cached part out of the input
    return tokens.input - tokens.cached + tokens.tool


def _is_unnamed(message: _Entry) -> bool:
    """Say whether a message counts but has no id, so that its place must do."""
    return message.tokens is not None and message.id in (None, "")


def _lenient(value: Mapping[str, Any]) -> _Entry:
    """Make the best of an object whose fields may be of any type."""
    name, when = value.get("id"), value.get("timestamp")
    messages, operation, tokens = value.get("messages"), value.get("$set"), value.get("tokens")
    return _Entry(
        id=name if isinstance(name, str | int) else None,
        timestamp=when if isinstance(when, str | int | float) else None,
        model=_text(value.get("model")),
        tokens=_lenient_tokens(tokens) if isinstance(tokens, dict) else None,
        session=_text(value.get("sessionId")),
        start=_text(value.get("startTime")),
        messages=_lenient_messages(messages) if isinstance(messages, list) else None,
        set=_lenient(operation) if isinstance(operation, dict) else None,
    )


def _lenient_messages(values: Sequence[Any]) -> list[_Entry]:
    return [_lenient(value) for value in values if isinstance(value, dict)]


def _lenient_tokens(value: Mapping[str, Any]) -> _Tokens:
    counts = {name: count(value.get(name)) for name in _Tokens.__struct_fields__[:-1]}
    tokens = msgspec.convert({name: number for name, (number, _) in counts.items()}, _Tokens)
    tokens.repaired = any(repaired for _, repaired in counts.values())
    return tokens


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _expanded(path: str, home: Path) -> Path:
    return home / path[2:] if path.startswith("~/") else Path(path)


_DECODER = msgspec.json.Decoder(_Entry)
