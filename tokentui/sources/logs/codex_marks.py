"""Which lines of a Codex rollout matter.

A rollout is 95 % conversation. Nothing of that is decoded: a line says in its first bytes what it is
(see `codex_wire`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from tokentui.sources.logs import compiled

if TYPE_CHECKING:
    from tokentui.sources.logs.codex_compiled import Counting, Marked

COUNT, USAGE, TURN, OTHER, UNSURE = range(5)
"""Kinds of lines: a token_count, a token_usage_record, a turn_context, what needs a closer look; unknown."""

_HEAD = b'{"timestamp":"20'  # a longer needle is found faster: 3.8 GB/s
_AT = len('{"timestamp":"2026-09-20T07:14:03.101Z"')
_ORDINAL = b',"ordinal":'
_TYPE = b',"type":"'
_EVENT = b',"type":"event_msg","payload":{"type":"'
_RESPONSE = b',"type":"response_item","payload":{'
_USAGE = b',"type":"token_usage_record","payload":{'
_TURN = b',"type":"turn_context","payload":{'
_EVENT_TYPE = len(_EVENT)
_NEEDLES = (
    b'"token_count"',
    b'"turn_context"',
    b'"session_meta"',
    b'"token_usage_record"',
    b'"thread_settings_applied"',
)
# The head of a line in any spacing, with an ordinal or without, in either order of its first keys.
_ENVELOPE = re.compile(
    rb'\{\s*(?:"(?:timestamp|ordinal)"\s*:\s*(?:"[^"\\]*"|[-\d.]+)\s*,\s*)*"type"\s*:\s*"(\w+)"\s*,\s*'
    rb'(?:"(?:timestamp|ordinal)"\s*:\s*(?:"[^"\\]*"|[-\d.]+)\s*,\s*)*"payload"\s*:\s*\{\s*(?:"type"\s*:\s*"(\w+)")?'
)
_KINDS = {
    (b"event_msg", b"token_count"): COUNT,
    (b"event_msg", b"thread_settings_applied"): OTHER,
    (b"session_meta", None): OTHER,
    (b"turn_context", None): TURN,
    (b"token_usage_record", None): USAGE,
}
_SPACE = b" \t\r\n\x0b\x0c"


def marked(lines: bytes, counting: Callable[[], Counting | None] = lambda: None) -> Iterator[Marked]:
    """Yield the lines that matter; what follows the last newline is no line.

    Where the compiled parser is, a token_count as expected comes decoded (`codex_compiled.Count`), or not
    at all: it is counted already, if `counting` says with what, which is asked after every line. Else, and
    all other lines, come as (kind, start, end). One that does not look like an object is OTHER too: it is
    for the caller to say what is wrong. Escaped text in a tool's output matches nothing here, because its
    quotes are escaped.
    """
    if compiled.Rollout is None:
        yield from _scan(lines)
        return
    reader = compiled.Rollout(lines, lines.rfind(b"\n") + 1)
    while (found := reader.until(counting())) is not None:
        if len(found) == 3 and found[0] == UNSURE:
            _, start, stop = found
            if lines[start] == 0x7B and lines[stop - 1] == 0x7D:  # holds no other: that was looked for
                kind = _kind(lines, start, stop)
            else:
                kind = OTHER if _is_crowded(lines, start, stop) else _unusual(lines, start, stop)
            if kind >= 0:
                yield kind, start, stop
        else:
            yield found


def _scan(lines: bytes) -> list[tuple[int, int, int]]:
    found, heads = _marks(lines, crowded=False)
    if lines.count(_HEAD, 0, lines.rfind(b"\n") + 1) > heads:
        # An envelope inside a line: two lines glued, one torn before the next, or log text in a tool call.
        found, _ = _marks(lines, crowded=True)
    return found


def _marks(lines: bytes, *, crowded: bool) -> tuple[list[tuple[int, int, int]], int]:
    """Return the lines that matter and how many lines begin like an envelope.

    `crowded` takes lines that hold an envelope's head beyond their own as OTHER.
    """
    found: list[tuple[int, int, int]] = []
    find, startswith = lines.find, lines.startswith
    start = heads = 0
    end = lines.rfind(b"\n") + 1
    while start < end:
        stop = find(b"\n", start)
        kind = -1
        if crowded and _is_crowded(lines, start, stop):
            kind = OTHER
        elif lines[start] == 0x7B and lines[stop - 1] == 0x7D:
            heads += startswith(_HEAD, start)
            at = start + _AT
            if startswith(_RESPONSE, at):  # half of all lines, so it is asked first
                start = stop + 1
                continue
            if startswith(_ORDINAL, at):
                at = find(_TYPE, at, at + 40)
            if startswith(_EVENT, at):
                if startswith(b'token_count"', at + _EVENT_TYPE):
                    kind = COUNT
                elif startswith(b"thread_settings_applied", at + _EVENT_TYPE):
                    kind = OTHER
            elif startswith(_USAGE, at):
                kind = USAGE
            elif startswith(_TURN, at):
                kind = TURN
            elif not startswith(_RESPONSE, at):
                kind = _kind(lines, start, stop)
        else:
            heads += lines[start:stop].strip(_SPACE).startswith(_HEAD)
            kind = _unusual(lines, start, stop)
        if kind >= 0:
            found.append((kind, start, stop))
        start = stop + 1
    return found, heads


def _is_crowded(lines: bytes, start: int, stop: int) -> bool:
    """Say whether an envelope begins inside a line's object."""
    first = lines.find(b"{", start, stop)
    return first >= 0 and lines.find(_HEAD, first + 1, stop) >= 0


def _unusual(lines: bytes, start: int, stop: int) -> int:
    """Return what a line is that may have space around its object, or is none; -1 for what matters not."""
    line = lines[start:stop].strip(_SPACE)
    if not line:
        return -1
    return _kind(line, 0, len(line)) if line[0] == 0x7B and line[-1] == 0x7D else OTHER


def _kind(lines: bytes, start: int, stop: int) -> int:
    """Return what a line of an unusual head is, -1 for one that does not matter."""
    head = _ENVELOPE.match(lines, start, stop)
    if head is None or (head[1] == b"event_msg" and head[2] is None):
        return OTHER if any(lines.find(needle, start, stop) >= 0 for needle in _NEEDLES) else -1
    kind = head[1]
    return _KINDS.get((kind, head[2] if kind == b"event_msg" else None), -1)
