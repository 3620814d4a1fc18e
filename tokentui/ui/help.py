"""The window behind `?`: every key there is, from the table of commands."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll

from tokentui.ui.commands import COMMANDS, EVERYWHERE, OVERLAY_KEYS, TITLES
from tokentui.ui.draw import Line, fit, wrap
from tokentui.ui.widgets import Lines
from tokentui.ui.window import Window

if TYPE_CHECKING:
    from textual.app import ComposeResult

SIGNS = (
    ("~", "computed from list prices; not a bill"),
    ("≥", "at least: a part is unpriced or was not logged in full"),
    ("—", "not known (never 0)"),
)
"""What the signs beside figures mean."""


class Help(Window[None], inherit_bindings=False):
    """All keys by pane, and what the signs beside figures mean."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *OVERLAY_KEYS,
        Binding("down,j", "scroll(1)", "down"),
        Binding("up,k", "scroll(-1)", "up"),
        Binding("pagedown,space", "scroll(10)", "page down"),
        Binding("pageup", "scroll(-10)", "page up"),
    ]

    def compose(self) -> ComposeResult:
        """One widget of lines that scrolls."""
        with VerticalScroll(id="help", can_focus=False):
            yield Lines(lines, id="help-lines")

    def action_scroll(self, rows: int) -> None:
        """Scroll by some rows."""
        self.query_one("#help").scroll_relative(y=rows, animate=False)


def lines(width: int, _height: int) -> list[Line]:
    """Return the help, as wide as its window."""
    column = min(max(len(command.shown_keys) for command in COMMANDS) + 2, max(width // 2, 8))
    drawn: list[Line] = []
    for where in dict.fromkeys(
        command.where for command in sorted(COMMANDS, key=lambda command: command.where != EVERYWHERE)
    ):
        drawn.append([(TITLES[where], "strong")])
        for command in COMMANDS:
            if command.where == where:
                drawn += _explained(command.shown_keys, command.help, column, width)
        drawn.append([])
    drawn.append([("Signs beside figures", "strong")])
    for sign, meaning in SIGNS:
        drawn += _explained(sign, meaning, column, width)
    drawn += [[], [("esc closes this window", "muted")]]
    return drawn


def _explained(what: str, meaning: str, column: int, width: int) -> list[Line]:
    """Return what a key or a sign means, in as many lines as that takes."""
    first, *more = wrap(meaning, width - column - 3)
    return [
        [("  ", ""), (fit(what, column), "key"), (first, "text")],
        *([(" " * (column + 2) + row, "text")] for row in more),
    ]
