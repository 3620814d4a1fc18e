"""The tail reader every append-only log goes through: whole lines, exactly once, from a checkpoint."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from hashlib import sha256
from typing import Protocol

from tokentui.batch import Batch, Checkpoint
from tokentui.sources.logs.logfile import Decompress, LogFile
from tokentui.sources.logs.logfile import NotALog as NotALog
from tokentui.sources.logs.recovery import finished
from tokentui.usage import LimitReading, UsageContext, UsageRecord, merged

HELD_LINE = 8 << 20
"""An unfinished line is kept in memory up to this; a longer one is measured, then read in one piece."""
LONGEST_LINE = 64 << 20
"""A line beyond this is skipped: pasted images reach some 10 MB, nothing real reaches this."""
BATCH_BYTES = 32 << 20
BATCH_FINDINGS = 20_000
PRINT = 256
"""Bytes a fingerprint covers."""

_BOM = b"\xef\xbb\xbf"


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
        """Parse the whole lines at the beginning of `lines`, `offset` bytes into the file.

        There is at least one. What follows the last newline is left alone: it comes again when it is whole.
        Never raises for what a line holds: a line that cannot be read goes to `findings.bad`.
        Replaces nothing it found before: the reader takes `findings` and puts a fresh one.
        """
        ...

    def state(self) -> bytes:
        """What must be remembered to go on after the last line fed; empty when nothing."""
        ...


def read(
    path: str,
    checkpoint: Checkpoint | None,
    *,
    source: str,
    parser_version: int,
    parser: Callable[[bytes], LineParser],
    decompress: Decompress | None = None,
) -> Iterator[Batch]:
    """Yield what a log says beyond its checkpoint; nothing when it is unchanged since.

    `parser` builds a parser from the state a checkpoint holds (b"" at the start of a file). With
    `decompress`, which wraps the opened file, offsets count decompressed bytes, and a changed file
    is always read from its start. Raises NotALog for what is no regular file and OSError for
    what cannot be read. A last line without its newline is parsed when it is whole JSON, but stays
    beyond the checkpoint: it is parsed again next time, and its key makes that harmless.
    """
    file = LogFile(path, decompress)
    try:
        if checkpoint is not None and _unchanged(checkpoint, file, parser_version):
            return
        reading = _Reading(path, file, source, parser_version)
        reading.start(checkpoint, parser)
        yield from reading.batches()
    finally:
        file.close()


def _unchanged(checkpoint: Checkpoint, file: LogFile, parser_version: int) -> bool:
    return (
        file.info.st_size == checkpoint.size
        and file.info.st_mtime_ns == checkpoint.mtime_ns
        and file.info.st_ino == checkpoint.inode
        and parser_version == checkpoint.parser_version
    )


def _fingerprint(data: bytes) -> bytes:
    return sha256(data).digest()[:8]


class _Reading:
    """One pass over one file, from its checkpoint to its end."""

    def __init__(self, path: str, file: LogFile, source: str, parser_version: int) -> None:
        self.path = path
        self.file = file
        self.source = source
        self.parser_version = parser_version
        self.offset = 0  # the end of the last whole line
        self.head = self.tail = b""  # the first and the last bytes below the offset
        self.generation = 0
        self.restarted = False

    def start(self, checkpoint: Checkpoint | None, parser: Callable[[bytes], LineParser]) -> None:
        """Go to the checkpoint, or to the start when the file is new, rewritten or to be read anew."""
        if checkpoint is None:
            self.parser = parser(b"")
            return
        self.generation = checkpoint.generation
        if self._resumable(checkpoint):
            self.offset = checkpoint.offset
            self.parser = parser(checkpoint.state)
            return
        self.head = self.tail = b""
        self.generation += 1
        self.restarted = True
        self.parser = parser(b"")

    def _resumable(self, checkpoint: Checkpoint) -> bool:
        """Say whether the bytes below the checkpoint are still those that were parsed."""
        info, offset = self.file.info, checkpoint.offset
        if self.file.decompress or self.parser_version != checkpoint.parser_version or info.st_size < offset:
            return False
        if info.st_size == checkpoint.size and info.st_mtime_ns != checkpoint.mtime_ns:
            return False  # touched without growing: an edit in place
        count = min(PRINT, offset)
        self.head = self.file.at(0, count)
        self.tail = self.file.at(offset - count, count)
        return _fingerprint(self.head) == checkpoint.head and _fingerprint(self.tail) == checkpoint.tail

    def batches(self) -> Iterator[Batch]:
        """Feed all whole lines to the parser and yield what it finds, in pieces that fit in memory."""
        parts: list[bytes] = []  # of the line that has not ended yet
        length = 0  # its bytes so far, also when it became too long to keep its parts
        most = LONGEST_LINE if self.file.decompress else HELD_LINE
        since = 0
        # Whole lines are parsed where they were read to: a copy would cost 0.05 s for 500 MB.
        aligned = not self.file.decompress
        for block in self.file.blocks(self.offset, aligned=aligned):
            if self.offset == 0 and not length and block.startswith(_BOM):
                self._advance(_BOM, len(_BOM))
                block = block[len(_BOM) :]
            cut = block.rfind(b"\n") + 1
            if not cut:
                length += len(block)
                parts.append(block)
                if length > most:
                    parts.clear()
                continue
            if length > most:
                first = block.find(b"\n") + 1
                self._long_line(length + first)
                block, cut = block[first:], cut - first
            elif length:
                parts.append(block)
                block, cut = b"".join(parts), cut + length
            if cut:
                self.parser.feed(block, self.offset)
                self._advance(block, cut)
            parts = [] if aligned else [block[cut:]]
            length = 0 if aligned else len(block) - cut
            since += cut
            if since >= BATCH_BYTES or self._found() >= BATCH_FINDINGS:
                # Up to here the file is covered, no further: its full size would say "all of it".
                yield self._batch(self.parser.state(), -1 if self.file.decompress else self.offset)
                since = 0
        state = self.parser.state()
        self._unfinished(self._unkept(length) if length > most else b"".join(parts))
        yield self._batch(state, self.file.info.st_size)

    def _advance(self, data: bytes, count: int) -> None:
        """Count the first bytes of `data` as parsed."""
        self.offset += count
        if len(self.head) < PRINT:
            self.head = (self.head + data[: min(count, PRINT)])[:PRINT]
        self.tail = data[count - PRINT : count] if count >= PRINT else (self.tail + data[:count])[-PRINT:]

    def _unkept(self, length: int) -> bytes:
        """Return the line at the offset whose parts were not kept; nothing when it is too long."""
        if self.file.decompress or length > LONGEST_LINE:
            return b""
        return self.file.piece(self.offset, length)

    def _long_line(self, length: int) -> None:
        """Parse a line whose parts were not kept, or skip it when it is beyond any reason."""
        if line := self._unkept(length):
            self.parser.feed(line, self.offset)
            self._advance(line, length)
            return
        self.parser.findings.bad.append((self.offset, f"longer than {LONGEST_LINE >> 20} MB"))
        self.offset += length
        if not self.file.decompress:  # which is never resumed, so needs no fingerprints
            self.head = self.file.at(0, PRINT)
            self.tail = self.file.at(self.offset - PRINT, PRINT)

    def _unfinished(self, line: bytes) -> None:
        """Parse what is whole of a last line without its newline, and leave it beyond the offset.

        It is parsed again next time: its records have keys, but what has none is not told twice.
        """
        if line and (line := finished(line)):
            findings = self.parser.findings
            bad, anomalies = len(findings.bad), findings.anomalies
            self.parser.feed(line + b"\n", self.offset)
            del findings.bad[bad:]
            findings.anomalies = anomalies

    def _found(self) -> int:
        findings = self.parser.findings
        return len(findings.records) + len(findings.limits) + len(findings.bad)

    def _batch(self, state: bytes, size: int) -> Batch:
        """Take the findings; `size` is how much of the file is done with if nothing changes."""
        info, findings = self.file.info, self.parser.findings
        checkpoint = Checkpoint(
            path=self.path, device=info.st_dev, inode=info.st_ino, size=size, mtime_ns=info.st_mtime_ns,
            offset=self.offset, head=_fingerprint(self.head), tail=_fingerprint(self.tail),
            generation=self.generation, parser_version=self.parser_version, state=state,
        )
        batch = Batch(
            source=self.source, checkpoint=checkpoint, contexts=findings.contexts,
            records=list(findings.records.values()), limits=findings.limits,
            bad_lines=self.file.numbered(findings.bad), anomalies=findings.anomalies,
            restarted=self.restarted,
        )
        self.parser.findings = Findings()
        self.restarted = False
        return batch
