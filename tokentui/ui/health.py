"""The seventh pane: is every log read, is the database sound, why is a figure zero? As `doctor` says it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, ClassVar

from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.message import Message
from textual.reactive import reactive

from tokentui import text
from tokentui.ui.commands import bindings
from tokentui.ui.draw import Line
from tokentui.ui.health_lines import lines, row
from tokentui.ui.widgets import Lines

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from tokentui.engine.health import Health
    from tokentui.store.snapshot import Snapshot
    from tokentui.ui.feed import Feed

LOOK_SECONDS = 60.0
"""How often everything is checked while the pane is shown; a check takes up to 0.5 s of another thread."""


class HealthPane(VerticalScroll, can_focus=True, inherit_bindings=False):
    """Every source and the database; asked for when it is opened, by `r`, and each minute while shown."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("health")

    snapshot: reactive[Snapshot | None] = reactive(None, repaint=False, init=False)
    found: reactive[Health | None] = reactive(None, repaint=False, init=False)
    failure: reactive[str] = reactive("", repaint=False, init=False)
    """Why the last check said nothing; what the one before found stays."""

    class Checked(Message):
        """A check is over."""

        def __init__(self, found: Health | None, failure: str = "") -> None:
            super().__init__()
            self.found = found
            self.failure = failure

    def __init__(self, feed: Feed, clock: Callable[[], float]) -> None:
        """`clock` returns the time in UTC seconds."""
        super().__init__(id="health")
        self._ask = feed.ask_health
        self._clock = clock
        self._look_again = False

    def compose(self) -> ComposeResult:
        """One widget of lines."""
        yield Lines(self._lines, id="health-lines")

    def on_mount(self) -> None:
        """Look again now and then."""
        with self.app._context():  # else the loop keeps a pane that has gone until its minute is over
            self.set_interval(LOOK_SECONDS, self.look)

    def on_show(self) -> None:
        """Look when the pane is opened."""
        self.look()

    def look(self) -> None:
        """Ask for a check, unless nobody sees it."""
        if self.display:
            self._ask(self._told, lambda reason: self._told(None, reason))

    def look_anew(self) -> None:
        """Ask now, and once more when the pass over the logs that was asked for too has changed something."""
        self._look_again = True
        self.look()

    def _told(self, found: Health | None, failure: str = "") -> None:
        """Take the outcome of a check, in the thread of whoever made it."""
        with suppress(RuntimeError):  # the program has ended meanwhile
            self.post_message(self.Checked(found, failure))

    def on_health_pane_checked(self, message: Checked) -> None:
        """Show what was found; an equal finding repaints nothing."""
        self.failure = message.failure
        if message.found is not None:
            self.found = message.found
        self._redraw()  # ages too

    def watch_snapshot(self) -> None:
        """The requests of today may have changed."""
        if self._look_again:
            self._look_again = False
            self.look()
        self._redraw()

    def _redraw(self) -> None:
        if self.is_mounted and self.display:
            self.query_one(Lines).redraw()

    def action_scroll(self, rows: int) -> None:
        """Scroll by some rows."""
        self.scroll_relative(y=rows, animate=False)

    def _lines(self, width: int, _height: int) -> list[Line]:
        drawn: list[Line] = [[]]
        if self.failure:
            drawn += row("the check", f"failed: {text.clean(self.failure, 400)}", width, "crit")
            drawn += [*row("", "The log file says more.", width, "muted"), []]
        if self.found is None:
            return drawn if self.failure else [[], [(" Looking at the logs and the database …", "muted")]]
        return drawn + lines(self.found, self.snapshot, self._clock(), width)
