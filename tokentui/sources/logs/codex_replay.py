"""What a forked session or a sub-agent repeats of its parent, which is not used twice.

A child's file begins with the ancestors' history, token counts included, stamped with the time of the
fork. In an ordinary fork that doubles what was used, in a swarm of 98 sub-agents it makes 45 billion
tokens out of 0.4. The repeated rows are equal to the parent's field by field, so they are found by
walking both files side by side; the parent's own file repeats its own parent, so this reaches back
over any number of generations.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol
from zlib import crc32

import msgspec

from tokentui.sources.logs import codex_tolerant as tolerant
from tokentui.sources.logs.codex_counter import Vector, vector
from tokentui.sources.logs.codex_marks import COUNT, OTHER, marked
from tokentui.sources.logs.codex_wire import UNEXPECTED, Info, count_line
from tokentui.sources.logs.codex_zstd import decompression
from tokentui.sources.logs.lines import LONGEST_LINE
from tokentui.sources.logs.logfile import LogFile
from tokentui.sources.logs.recovery import recover

GAP = 1_000_000
"""Microseconds: rows of a replay follow each other, and the start of the file, within this. A model
takes longer to answer."""
LONGEST = 5_000_000
"""Microseconds after the start of a file in which a replay ends: 400 rows take 0.9 s to write."""

Row = tuple[Vector | None, Vector | None]
"""Last and total of one `token_count`."""


class Siblings(Protocol):
    """The other rollouts known on this machine."""

    def find(self, part: str) -> list[str]:
        """Return the paths whose file name contains `part`."""
        ...


class Replay(msgspec.Struct, array_like=True):
    """How far a file has been recognised as its parent's; outlives the process in the checkpoint."""

    parent: str
    """The parent's thread id."""
    started: int
    """When the file's own session_meta was written, in epoch microseconds."""
    newest: int
    """The time of the newest inherited line."""
    own_from: int | None = None
    """The ordinal of the first line that is the child's own, where Codex wrote it down."""
    ancestor: bool = False
    """An ancestor's session_meta was seen: a replay follows."""
    rows: int = 0
    """Inherited rows so far."""
    position: int = 0
    """How many of the parent's rows were walked past; 0 while the parent was not needed or not found."""
    mark: int = 0
    """Checksum of the parent's row just before `position`."""

    def in_burst(self, time: int) -> bool:
        """Say whether a line of that time was written in one go with the file's beginning."""
        return time - self.newest <= GAP and time - self.started <= LONGEST

    def saw_ancestor(self, time: int) -> None:
        """Take in another session's session_meta."""
        self.ancestor = True
        if self.in_burst(time):
            self.newest = max(self.newest, time)


class Ancestry:
    """Decides, row by row, whether the beginning of a file is its parent's."""

    def __init__(self, replay: Replay, siblings: Siblings | None) -> None:
        self.replay = replay
        self._siblings = siblings
        self._copies: list[Iterator[Row]] | None = None

    def inherits(self, row: Row, time: int, ordinal: int | None) -> bool:
        """Say whether a row is inherited. Ask for each row in turn, until one is not."""
        replay = self.replay
        if replay.own_from is not None and ordinal is not None:
            inherited = ordinal < replay.own_from
        elif copies := self._parents():
            inherited = self._follow(copies, row, replay.in_burst(time))
        else:
            # Without the parent: what was written with the file's beginning was written by no model.
            late = replay.ancestor and not replay.rows and time - replay.started <= LONGEST
            inherited = late or replay.in_burst(time)
        if inherited:
            replay.rows += 1
            replay.newest = max(replay.newest, time)
        return inherited

    @property
    def orphaned(self) -> bool:
        """Whether rows are taken as inherited only because of their time."""
        return self.replay.own_from is None and not self._copies and not self.replay.position

    def close(self) -> None:
        """Let go of the parent's file."""
        self._copies = None

    def _parents(self) -> list[Iterator[Row]]:
        """Return the rows of each copy of the parent (active, archived, compressed), from `position` on."""
        if self._copies is None:
            self._copies = []
            replay = self.replay
            if replay.rows and not replay.position:
                return []  # the rows before were judged without the parent, so these are too
            for path in self._siblings.find(replay.parent) if self._siblings else ():
                rows = thread_rows(path, replay.parent)
                if _catch_up(rows, replay):
                    self._copies.append(rows)
            if not replay.position:
                self._copies = [again for rows in self._copies if (again := _not_empty(rows))]
        return self._copies

    def _follow(self, copies: list[Iterator[Row]], row: Row, in_burst: bool) -> bool:
        """Walk one row on in the copies that hold it next; a burst may have left out some before it."""
        replay = self.replay
        walked = 0
        still: list[Iterator[Row]] = []
        for copy in copies:
            for steps, theirs in enumerate(copy, 1):
                if theirs == row:
                    walked = walked or steps
                    still.append(copy)
                    break
                if not in_burst:
                    break
        if not still:
            return False
        self._copies = still
        replay.position += walked
        replay.mark = _mark(row)
        return True


def thread_rows(path: str, thread: str) -> Iterator[Row]:
    """Yield the rows of a thread's rollout in order; none when it cannot be read or is another's."""
    try:
        file = LogFile(path, decompression(path))
    except OSError:
        return
    try:
        named = False
        for lines in _whole_lines(file):
            for each in marked(lines):
                if len(each) == 7:
                    _, _, last, total, *_ = each
                    if last is not None or total is not None:
                        yield last, total
                    continue
                kind, start, end = each
                line = lines[start:end]
                if kind == OTHER and not named:
                    owner = _owner(line)
                    if owner is not None and owner != thread:
                        return
                    named = owner is not None
                row = _row(line) if kind in (COUNT, OTHER) else None
                if row is not None:
                    yield row
    except OSError:
        return
    finally:
        file.close()


def row_of(info: Info | None) -> Row | None:
    """Return the row of a `token_count`; None when it holds no counts."""
    if info is None or (info.last_token_usage is None and info.total_token_usage is None):
        return None
    return vector(info.last_token_usage), vector(info.total_token_usage)


def _whole_lines(file: LogFile) -> Iterator[bytes]:
    """Yield pieces of whole lines, without those beyond any reason, which `lines.read` skips as well."""
    parts: list[bytes] = []
    length = 0
    for block in file.blocks():
        cut = block.rfind(b"\n") + 1
        if not cut:
            length += len(block)
            parts.append(block)
            if length > LONGEST_LINE:
                parts.clear()
            continue
        if length > LONGEST_LINE:
            yield block[block.find(b"\n") + 1 : cut]
        else:
            yield b"".join(parts) + block[:cut]
        parts = [block[cut:]]
        length = len(parts[0])


def _row(line: bytes) -> Row | None:
    try:
        return row_of(count_line(line).payload.info)
    except UNEXPECTED:
        pass
    for found in recover(line)[0]:
        payload = tolerant.as_object(found.object.get("payload"))
        if found.object.get("type") == "event_msg" and payload.get("type") == "token_count":
            return row_of(tolerant.info(payload.get("info"))[0])
    return None


def _owner(line: bytes) -> str | None:
    """Return the thread a session_meta names, None for any other line."""
    for found in recover(line)[0]:
        if found.object.get("type") == "session_meta":
            return tolerant.as_text(tolerant.as_object(found.object.get("payload")).get("id"))
    return None


def _mark(row: Row) -> int:
    return crc32(repr(row).encode())


def _catch_up(rows: Iterator[Row], replay: Replay) -> bool:
    """Walk to `position`; say whether the row before it is the one that was seen there."""
    last: Row | None = None
    for _ in range(replay.position):
        last = next(rows, None)
    return not replay.position or (last is not None and _mark(last) == replay.mark)


def _not_empty(rows: Iterator[Row]) -> Iterator[Row] | None:
    """Return the same rows; None when there are none, as in the stub of an archived session."""
    first = next(rows, None)
    return None if first is None else _chain(first, rows)


def _chain(first: Row, rows: Iterator[Row]) -> Iterator[Row]:
    yield first
    yield from rows
