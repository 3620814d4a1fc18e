"""Where the screen is drawn: on standard output, and only what differs."""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING

from textual._ansi_sequences import SYNC_END, SYNC_START
from textual.drivers.linux_driver import LinuxDriver

from tokentui import last_screen
from tokentui.ui.cells import Cells
from tokentui.ui.glyphs import ascii_only
from tokentui.ui.keyboard import Leaving, listen
from tokentui.ui.pen import Cell
from tokentui.ui.typed_ahead import InOrder

if TYPE_CHECKING:
    from typing import Any

    from textual.app import App
    from textual.message import Message

_ALTERNATE_SCREEN = "\x1b[?1049h"


class OutputDriver(LinuxDriver):
    """Draws on standard output (Textual's own draws on standard error, which people redirect)."""

    def __init__(
        self, app: App[Any], *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        if sys.__stdout__ is not None:
            self._file = sys.__stdout__
        self._cells = Cells(erases=not os.environ.get("TERM", "").startswith("screen"))
        self.exit_event = self._leaving = Leaving()
        self._in_order = InOrder(app, self._loop, self._leaving)
        self._opening = ""
        self._was_on = False
        self._entered = False
        """Whether the alternate screen is on already: `last_screen` has drawn on it."""

    @property
    def rows(self) -> list[list[Cell]]:
        """What is on the screen, as far as it is known."""
        return self._cells.rows

    @property
    def window(self) -> tuple[int, int]:
        """How many columns and rows the terminal has now."""
        return self._get_terminal_size()

    def start_application_mode(self) -> None:
        """Take the terminal; after a stop (ctrl+z, SIGSTOP) paint everything anew, as Textual does not."""
        if not self._was_on:
            # A handler set by `signal.signal` runs in the main thread only, and the kernel may hand the
            # signal to another one: the loop would sleep on, and `fg` show nothing until a key. Any
            # handler of the loop's own makes every signal wake it; SIGURG means nothing to anybody.
            self._loop.add_signal_handler(signal.SIGURG, lambda: None)
        elif self._key_thread is not None and self._key_thread.is_alive():
            self._leaving.set()  # SIGSTOP asks nobody: two threads would share the keys of the next word
            self._key_thread.join()
            self._leaving.clear()
        self._entered = last_screen.take_over()
        super().start_application_mode()  # type: ignore[no-untyped-call]
        if self._was_on:
            # Called by a signal handler, which alone does not wake the loop.
            self._loop.call_soon_threadsafe(lambda: self._app.screen.refresh(layout=True))
        self._was_on = True

    def forget(self) -> None:
        """Paint everything anew with the next frame: the terminal shows something else than we think."""
        self._cells.forget()

    def write(self, data: str) -> None:
        """Write what differs; a frame that changes nothing writes no byte, its brackets included."""
        data = self._seemly(data)
        if self._entered and data == _ALTERNATE_SCREEN:
            self._entered = False  # entering it again would clear it, and show nothing until the first frame
            return
        if data == SYNC_START:
            self._opening = data
            return
        if data == SYNC_END:
            if not self._opening:
                super().write(data)
            self._opening = ""
            return
        changes = self._cells.changes(data)
        if changes:
            super().write(self._opening + changes)
            self._opening = ""

    def run_input_thread(self) -> None:
        """Read keys without looking at the clock."""
        listen(self.fileno, self.process_message, self._leaving, debug=self._debug)

    def process_message(self, message: Message) -> None:
        """Send a key once the one before has been obeyed; called in the thread that reads them."""
        self._in_order.before(message)
        super().process_message(message)
        self._in_order.after(message)

    def _seemly(self, data: str) -> str:
        """Return a frame without costs while they are hidden, and in ASCII where that is asked for."""
        if getattr(self._app, "veiled", False):
            from tokentui.ui.privacy import masked

            data = masked(data)
        return ascii_only(data) if getattr(self._app, "ascii_only", False) else data

    def _enable_mouse_support(self) -> None:
        """Have clicks and the wheel reported, and not every move: that would cost bytes and repaints."""
        if self._mouse:
            self.write("\x1b[?1000h\x1b[?1006h")
            self.flush()

    def _enable_mouse_pixels(self) -> None:
        """Cells are fine enough."""
