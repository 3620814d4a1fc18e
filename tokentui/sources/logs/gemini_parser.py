"""What the recordings of Gemini CLI say (see `gemini_cli`), line by line or as a document."""

from __future__ import annotations

import time

import msgspec

from tokentui.sources.logs import document, lines
from tokentui.sources.logs import gemini_wire as wire
from tokentui.sources.logs.gemini_projects import Origin
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

SOURCE = "gemini-cli"
PROVIDER = "gcp.gemini"
UNKNOWN = "unknown"
"""The model of a message that names none."""

LOG_RANK = 1 << 43
"""Ranks of lines start here. A message of a document ranks by its size, which is at most 5 * LARGEST."""

_DAY = 86_400_000_000


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
        """Parse whole lines (see `LineParser`)."""
        view = memoryview(lines)
        start, end = 0, lines.find(b"\n")
        while end >= 0:
            try:
                entry = wire.decode(view[start:end])
            except wire.UNTYPED:
                self._untyped(lines[start:end], offset + start)
            else:
                self.entry(entry, offset + start)
            start, end = end + 1, lines.find(b"\n", end + 1)

    def entry(self, entry: wire.Entry, offset: int) -> None:
        """Take in a line at an offset, or a document at offset -1."""
        for facts in (entry, entry.set):
            if facts is not None:
                if facts.session:
                    self._session = clean(facts.session)
                if facts.start:
                    self._last_time = microseconds(facts.start) or self._last_time
                if facts.messages:
                    self._messages(facts.messages, offset)
        if entry.timestamp or entry.tokens:
            self._message(entry, offset, self._unnamed)
            self._unnamed += entry.is_unnamed

    def _messages(self, messages: list[wire.Entry], offset: int) -> None:
        """Take in all messages of the session so far."""
        if not self._last_time:
            times = (microseconds(message.timestamp) for message in messages)
            self._last_time = next((time for time in times if time), 0)
        unnamed = 0
        for message in messages:
            self._message(message, offset, unnamed)
            unnamed += message.is_unnamed

    def _message(self, message: wire.Entry, offset: int, ordinal: int) -> None:
        when = microseconds(message.timestamp)
        flags = SIDECHAIN if self._origin.parent else 0
        if when is None:
            when, flags = self._last_time, flags | TIME_BORROWED
        self._last_time = when
        tokens = message.tokens
        if tokens is None or not tokens.whole:
            return
        if not when:
            self.findings.bad.append((max(offset, 0), "usage without a time, and none is known before it"))
            return
        uncached, output = tokens.uncached, tokens.output + tokens.thoughts
        model = self._model(message.model)
        if uncached < 0 or tokens.repaired:
            uncached, flags = max(uncached, 0), flags | COUNT_REPAIRED
            self.findings.anomalies += 1
        if when > self._tomorrow:
            flags |= TIME_IN_FUTURE
        if model == UNKNOWN:
            flags |= MODEL_UNKNOWN
        session = self._session or self._origin.name
        identity = f"#{ordinal}" if message.is_unnamed else message.id
        rank = LOG_RANK + offset if offset >= 0 else uncached + tokens.cached + output
        key, context = record_key(SOURCE, f"{session}:{identity}"), self._context(session)
        self.findings.add(
            UsageRecord(
                key, rank, when, context, PROVIDER, model,
                uncached_input_tokens=uncached, cache_read_input_tokens=tokens.cached, output_tokens=output,
                reasoning_output_tokens=tokens.thoughts, flags=flags,
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
            known = self._models[name] = clean(name) or UNKNOWN
        return known

    def _untyped(self, line: bytes, offset: int) -> None:
        """Take in what is whole of a line that is broken or holds unexpected types."""
        found, reason = recover(line)
        if reason:
            self.findings.bad.append((offset, reason))
        for each in found:
            if not each.after_damage or "type" in each.object or "$set" in each.object:
                self.entry(wire.lenient(each.object), offset)


def parsed(origin: Origin, data: bytes) -> tuple[lines.Findings, list[BadLine]]:
    """Parse a document, or as many of its messages as are whole."""
    parser = Parser(origin)
    bad: list[BadLine] = []
    try:
        parser.entry(wire.decode(data), -1)
    except wire.UNTYPED:
        text = data.decode("utf-8", "replace")
        value, bad = document.load(text)
        parser.entry(wire.torn(text) if value is None else wire.lenient(value), -1)
    return parser.findings, bad + [BadLine(offset, 1, reason) for offset, reason in parser.findings.bad]
