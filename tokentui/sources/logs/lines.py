"""The tail reader every append-only log goes through: whole lines, exactly once, from a checkpoint."""

from __future__ import annotations

from typing import Protocol

from tokentui.usage import LimitReading, UsageContext, UsageRecord, merged


class Findings:
    """What a parser has found since the last batch: contexts, records folded by key, limits, bad lines."""

    __slots__ = ("_context_ids", "anomalies", "bad", "contexts", "limits", "records")

    def __init__(self) -> None:
        self.contexts: list[UsageContext] = []
        self.records: dict[int, UsageRecord] = {}
        self.limits: list[LimitReading] = []
        self.bad: list[tuple[int, str]] = []
        """(absolute byte offset of the line, reason)."""
        self.anomalies = 0
        self._context_ids: dict[UsageContext, int] = {}

    def context(self, context: UsageContext) -> int:
        """Return the index of `context` in this batch."""
        known = self._context_ids.get(context)
        if known is None:
            known = self._context_ids[context] = len(self.contexts)
            self.contexts.append(context)
        return known

    def add(self, record: UsageRecord) -> None:
        """Add a record; a copy of a request that is here already is merged with it."""
        old = self.records.get(record.key)
        self.records[record.key] = record if old is None else merged(old, record)


class LineParser(Protocol):
    """One tool's understanding of its own lines. One instance reads one file."""

    findings: Findings

    def feed(self, lines: bytes, offset: int) -> None:
        """Parse whole lines (each ends in a newline) that start `offset` bytes into the file.

        Never raises for what a line holds: a line that cannot be read goes to `findings.bad`.
        Replaces nothing it found before: the reader takes `findings` and puts a fresh one.
        """
        ...

    def state(self) -> bytes:
        """What must be remembered to go on after the last line fed; empty when nothing."""
        ...
