"""Keys that arrive together are obeyed one after the other, each where the one before has led.

Over a slow line `/shop` may come in one piece. Textual hands each key to what has the focus when it is
read; so the letters after the `/` would be commands, the `q` of a word among them.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from threading import Event
from time import monotonic
from typing import TYPE_CHECKING, Any

from textual import events

if TYPE_CHECKING:
    from textual.app import App
    from textual.message import Message
    from textual.message_pump import MessagePump

LONGEST_SECONDS = 0.5
"""How long a key waits at most for the one before, on a busy machine; it is 5 ms as a rule."""


class InOrder:
    """Waits, in the thread that reads keys, until the last one has done what it does."""

    def __init__(self, app: App[Any], loop: asyncio.AbstractEventLoop, leaving: Event) -> None:
        """`leaving` is set once no key matters any more."""
        self._app, self._loop, self._leaving = app, loop, leaving
        self._last: Future[None] | None = None
        self._late = False
        """Whether the last one takes longer: no key waits for it, as the terminal may be stalled."""

    def before(self, message: Message) -> None:
        """Wait until this message can be sent."""
        if self._last is None or self._late or not isinstance(message, (events.Key, events.Paste)):
            return
        end = monotonic() + LONGEST_SECONDS
        while not self._leaving.is_set():
            with suppress(TimeoutError, CancelledError):
                self._last.result(0.02)
            self._late = not self._last.done()
            if not self._late or monotonic() > end:
                return

    def after(self, message: Message) -> None:
        """Note what the next one waits for."""
        if self._late and self._last is not None:
            self._late = not self._last.done()
        if isinstance(message, events.Key) and not self._late:
            self._last = asyncio.run_coroutine_threadsafe(_done(self._app), self._loop)


async def _done(app: App[Any]) -> None:
    """Return when a key that was just sent has been handled: on its way up, by the program, and after."""
    with suppress(TimeoutError, Exception):  # no screen yet, or no screen any more
        async with asyncio.timeout(LONGEST_SECONDS):
            await _turn(app)
            for node in [*(app.focused or app.screen).ancestors_with_self]:
                await _turn(node)
            # What it did may have opened a screen, which gives the focus to a field, or moved the focus.
            await _turn(app.screen)
            await _turn(app)


async def _turn(node: MessagePump) -> None:
    """Return when a node has come to the end of what waits for it now."""
    reached = asyncio.Event()
    if node.call_later(reached.set):
        await reached.wait()
