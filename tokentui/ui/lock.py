"""The screen nobody sits in front of: after some minutes without a key it shows nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from textual.events import Key

from tokentui.ui.draw import Line
from tokentui.ui.widgets import Lines
from tokentui.ui.window import Window

if TYPE_CHECKING:
    from textual.app import ComposeResult


class Idleness:
    """How long there was no key."""

    def __init__(self, clock: Callable[[], float], minutes: float) -> None:
        """`clock` returns seconds; after so many `minutes` the screen is locked, never for 0."""
        self._clock = clock
        self.minutes = minutes
        self.touch()

    def touch(self) -> None:
        """There was a key."""
        self._last = self._clock()

    def left(self) -> float | None:
        """Return in how many seconds the screen is locked; None for never."""
        if self.minutes <= 0:
            return None
        return self.minutes * 60 - (self._clock() - self._last)


class Locked(Window[None], inherit_bindings=False):
    """One line in the middle of nothing. Any key shows the screen again, and does nothing else."""

    def compose(self) -> ComposeResult:
        """One widget of lines."""
        yield Lines(_lines, id="locked-lines")

    def on_key(self, event: Key) -> None:
        """Show the screen again."""
        event.stop()
        event.prevent_default()
        self.dismiss()


def _lines(width: int, height: int) -> list[Line]:
    words = "locked · press any key" if width >= 22 else "locked"
    return [*([[]] * max((height - 1) // 2, 0)), [(" " * max((width - len(words)) // 2, 0) + words, "muted")]]
