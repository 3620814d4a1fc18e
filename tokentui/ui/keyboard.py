"""Waits for keys, and costs nothing until there is one.

Textual's own loop looks ten times a second whether it should end and whether an Esc was alone, which is
a fifth of all that a dashboard at rest does. This one sleeps until a byte comes, until an Esc has been
alone for long enough, or until it is woken because no key matters any more.
"""

from __future__ import annotations

import codecs
import os
import select
from collections.abc import Callable
from contextlib import suppress
from threading import Event
from typing import TYPE_CHECKING

from tokentui.ui.escapes import KeyParser

if TYPE_CHECKING:
    from textual.message import Message

MOST_BYTES = 4_096
"""How much is read at once."""


class Leaving(Event):
    """Set once no key matters any more; whoever waits for its file descriptor wakes up then."""

    def __init__(self) -> None:
        super().__init__()
        self._woken, self._waker = os.pipe()
        for end in (self._woken, self._waker):
            os.set_blocking(end, False)

    def fileno(self) -> int:
        """What can be read from as soon as this is set."""
        return self._woken

    def set(self) -> None:
        """Wake who waits; a signal handler may call it."""
        super().set()
        with suppress(BlockingIOError):  # full of such bytes: who waits is awake
            os.write(self._waker, b"\0")

    def clear(self) -> None:
        """Let keys matter again."""
        super().clear()
        with suppress(BlockingIOError):
            while os.read(self._woken, MOST_BYTES):
                pass


def listen(terminal: int, deliver: Callable[[Message], None], leaving: Leaving, *, debug: bool) -> None:
    """Deliver what is typed at a terminal, and what it reports, until `leaving` is set.

    A byte that is no UTF-8 is a key nobody knows. Raises OSError when the terminal cannot be read.
    """
    parser = KeyParser(debug)
    decode = codecs.getincrementaldecoder("utf-8")(errors="replace").decode
    listening = [terminal, leaving.fileno()]
    while not leaving.is_set():
        readable, _, _ = select.select(listening, [], [], parser.waits_for())
        if terminal in readable:
            data = os.read(terminal, MOST_BYTES)
            if not data:  # hung up: it would be readable for ever
                listening.remove(terminal)
            elif text := decode(data):
                for message in parser.feed(text):
                    deliver(message)
        for message in parser.tick():
            deliver(message)
