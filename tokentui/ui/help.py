"""The window behind `?`: every key there is, from the table of commands."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import BindingType
from textual.containers import VerticalScroll

from tokentui.ui.commands import COMMANDS, EVERYWHERE, OVERLAY_KEYS, TITLES, Command, bindings, worded
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
    """All keys, those of the pane in view first, and what the signs beside figures mean."""

    BINDINGS: ClassVar[list[BindingType]] = [*OVERLAY_KEYS, *bindings("help")]

    def __init__(self, pane: str, commands: tuple[Command, ...]) -> None:
        """`pane` is what the screen shows; `commands` have the keys they are given."""
        super().__init__()
        self._pane, self._commands = pane, commands

    def compose(self) -> ComposeResult:
        """One widget of lines that scrolls."""
        with VerticalScroll(id="help", can_focus=False):
            yield Lines(lambda width, _height: lines(width, self._pane, self._commands), id="help-lines")

    def action_scroll(self, rows: int) -> None:
        """Scroll by some rows."""
        self.query_one("#help").scroll_relative(y=rows, animate=False)


def lines(width: int, pane: str, commands: tuple[Command, ...] = COMMANDS) -> list[Line]:
    """Return the help, as wide as its window."""
    palette = next(command.first_key for command in commands if command.id == "palette")
    keys = {command.id: command.shown_keys or f"in {palette}" for command in commands}
    column = min(max(map(len, keys.values())) + 2, max(width // 3, 8))
    drawn: list[Line] = []
    rank = {pane: 0, EVERYWHERE: 1}
    for where in dict.fromkeys(
        command.where for command in sorted(commands, key=lambda command: rank.get(command.where, 2))
    ):
        drawn.append([(TITLES.get(where, where), "strong")])
        for command in commands:
            if command.where == where:
                drawn += _explained(keys[command.id], command.help, column, width)
        drawn.append([])
    drawn.append([("Signs beside figures", "strong")])
    for sign, meaning in SIGNS:
        drawn += _explained(sign, meaning, column, width)
    drawn += [[], [("Names of the commands, for keys of your own", "strong")]]
    names = ", ".join(command.id for command in commands)
    drawn += [[("  " + row, "muted")] for row in wrap(names, width - 3)]
    drawn += [[], [(worded("{close} closes this window", "window", commands), "muted")]]
    return drawn


def _explained(what: str, meaning: str, column: int, width: int) -> list[Line]:
    """Return what a key or a sign means, in as many lines as that takes; many keys have their own line."""
    first, *more = wrap(meaning, width - column - 3)
    rows: list[Line] = [[(" " * (column + 2) + row, "text")] for row in more]
    if len(what) < column:
        return [[("  ", ""), (fit(what, column), "key"), (first, "text")], *rows]
    return [[("  ", ""), (what, "key")], [(" " * (column + 2) + first, "text")], *rows]
