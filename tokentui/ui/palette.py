"""The palette: every command by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import BindingType
from textual.containers import Vertical
from textual.widgets import Input

from tokentui.ui.commands import COMMANDS, EVERYWHERE, TITLES, Command, bindings
from tokentui.ui.draw import Line, length, spread
from tokentui.ui.widgets import Lines
from tokentui.ui.window import Window

if TYPE_CHECKING:
    from textual.app import ComposeResult


class Palette(Window[Command], inherit_bindings=False):
    """A list of all commands that narrows while a name is typed; enter runs the marked one."""

    AUTO_FOCUS = "Input"
    BINDINGS: ClassVar[list[BindingType]] = bindings("palette")

    def __init__(self, pane: str, commands: tuple[Command, ...] = COMMANDS) -> None:
        """`pane` is what the screen shows: its commands come first. Those of the first-run page help nobody
        elsewhere. `commands` have the keys they are given.
        """
        super().__init__()
        absent = "overview" if pane == "first-run" else "first-run"
        rank = {pane: 0, EVERYWHERE: 1}
        offered = [each for each in commands if each.palette and each.where != absent]
        self._commands = sorted(offered, key=lambda each: rank.get(each.where, 2))
        self._marked = self._top = 0
        self._list = Lines(self._lines, id="palette-list")

    def compose(self) -> ComposeResult:
        """A field for the name, the commands below it."""
        # The field's cursor stands still: a blinking one writes 2 KB a second.
        field = Input(placeholder="what to do", id="palette-name", compact=True)
        field.cursor_blink = False
        yield Vertical(field, self._list, id="palette")

    def matching(self) -> list[Command]:
        """Return the commands whose label or help holds every word that was typed."""
        words = self.query_one(Input).value.casefold().split()
        return [
            command
            for command in self._commands
            if all(word in f"{command.label} {command.help} {_place(command)}".casefold() for word in words)
        ]

    def on_input_changed(self) -> None:
        """Narrow the list."""
        self._marked = 0
        self._list.redraw()

    def on_input_submitted(self) -> None:
        """Run the marked command."""
        if commands := self.matching():
            self.dismiss(commands[min(self._marked, len(commands) - 1)])

    def action_mark(self, step: int) -> None:
        """Mark another command; one step from either end leads to the other."""
        last = len(self.matching()) - 1
        if abs(step) == 1:
            self._marked = (self._marked + step) % max(1, last + 1)
        else:
            self._marked = max(0, min(self._marked + step, last))
        self._list.redraw()

    def _lines(self, width: int, height: int) -> list[Line]:
        found = self.matching()
        rows = max(height - (len(found) > height), 1)  # the last line tells how many more there are
        self._top = max(0, min(self._top, self._marked, len(found) - rows))
        self._top = max(self._top, self._marked - rows + 1)
        shown = list(enumerate(found))[self._top : self._top + rows]
        drawn = [self._row(command, width, marked=number == self._marked) for number, command in shown]
        if len(found) > height > 1:
            last = self._top + len(shown)
            drawn.append([(f"  {self._top + 1}–{last} of {len(found)}", "muted")])
        return drawn or [[("  no command of that name", "muted")]]

    def _row(self, command: Command, width: int, *, marked: bool) -> Line:
        what: Line = [("▸ " if marked else "  ", "key"), (command.help, "strong" if marked else "text")]
        right: Line = [(f"  {command.shown_keys} ", "key")]
        place = _place(command)
        if place and width - length(what) - length(right) > len(place) + 3:
            right.insert(0, (f"  {place}", "muted"))
        return spread(what, right, width)


def _place(command: Command) -> str:
    return "" if command.where == EVERYWHERE else TITLES.get(command.where, command.where)
