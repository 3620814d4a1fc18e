"""What stands in the place of a pane that failed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import ClassVar

from textual.binding import BindingType
from textual.containers import VerticalScroll

from tokentui.ui.commands import TITLES
from tokentui.ui.crash import Failure, where
from tokentui.ui.draw import Line, wrap
from tokentui.ui.widgets import Lines


class Broken(VerticalScroll, can_focus=True, inherit_bindings=False):
    """Says what failed, where the report is and how to send it; the other panes go on."""

    BINDINGS: ClassVar[list[BindingType]] = []

    def __init__(self, name: str, failure: Failure, reopen: Callable[[str], Awaitable[None]]) -> None:
        """`reopen(name)` makes the pane anew."""
        super().__init__(id=name, classes="broken")
        self._failure = failure
        self._reopen = reopen

    def compose(self) -> list[Lines]:
        """One widget of lines."""
        return [Lines(self._lines)]

    def look_anew(self) -> None:
        """Try the pane again."""
        self.app.call_later(self._again)

    async def _again(self) -> None:
        await self._reopen(self.id or "")
        await self.app.run_action(f"app.show_pane({self.id!r})")

    def _lines(self, width: int, _height: int) -> list[Line]:
        failure = self._failure
        hidden = getattr(self.app, "veiled", False)  # a message may quote a name
        said = failure.error.partition(":")[0] if hidden else failure.error
        place = "Its report is hidden with all other paths." if hidden else where(failure)
        send = "To report it, open an issue with that file and the output of `tokentui doctor`."
        drawn: list[Line] = [[], [(f" {TITLES.get(failure.what, failure.what)} failed", "crit")]]
        for words, style in ((said, "text"), (place, "text"), (send if failure.path else "", "muted")):
            drawn += [[(f" {row}", style)] for row in wrap(words, width - 2) if words]
        return [*drawn, [], [(" r", "key"), (" tries it again; the other panes go on", "muted")]]
