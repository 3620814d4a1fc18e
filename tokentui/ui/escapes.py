"""Esc pressed right before another key is Esc and that key.

A terminal sends Alt with a key as Esc and the key, and on a slow line two keys arrive as one. No command
has Alt, so the line is read as what was typed: Textual would take `esc 1` for `¡`, and hold back whatever
follows an Esc for 0.1 s.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from textual._time import get_time
from textual._xterm_parser import BRACKETED_PASTE_END, BRACKETED_PASTE_START, XTermParser
from textual.message import Message

_THEN_A_KEY = re.compile(r"\x1b(?=[^\x1b\x7f\[\]\\OPNX^_bf])")
"""Not before what begins or ends a sequence (ECMA-48 §5.3), nor the word keys of a shell's line, which
fields know: Alt with b, f and backspace."""


class KeyParser(XTermParser):
    """Reads keys from what a terminal sends."""

    def __init__(self, debug: bool = False) -> None:
        super().__init__(debug)
        self._pasting = False
        self._escaped = False
        """Whether the last thing read was an Esc."""

    def feed(self, data: str) -> Iterable[Message]:
        """Yield the keys and reports of what was read."""
        pasted = self._pasting or BRACKETED_PASTE_START in data
        ends = [] if pasted else _ends(data, after_escape=self._waits())
        start = 0
        for end in ends:
            if end > start:
                yield from super().feed(data[start:end])
            if self._timeout_time is not None:
                self._timeout_time = 0.0  # nothing more belongs to this Esc
                yield from self.tick()
            start = end
        if start < len(data) or not data:
            yield from super().feed(data[start:])
        self._escaped = data.endswith("\x1b")
        began, ended = data.rfind(BRACKETED_PASTE_START), data.rfind(BRACKETED_PASTE_END)
        self._pasting = began > ended or (self._pasting and ended < 0)

    def waits_for(self) -> float | None:
        """Return after how many seconds `tick` has something to say; None as long as nothing is read."""
        return None if self._timeout_time is None else max(0.0, self._timeout_time - get_time())

    def _waits(self) -> bool:
        return self._escaped and self._timeout_time is not None


def _ends(data: str, *, after_escape: bool) -> list[int]:
    """Return behind which characters an Esc ends that belongs to nothing."""
    shift = int(after_escape)
    return [match.end() - shift for match in _THEN_A_KEY.finditer("\x1b" * shift + data)]
