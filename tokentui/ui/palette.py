"""The palette: every command by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input

from tokentui.ui.commands import COMMANDS, Command
from tokentui.ui.draw import Line, spread
from tokentui.ui.widgets import Lines
from tokentui.ui.window import Window

if TYPE_CHECKING:
    from textual.app import ComposeResult


class Palette(Window[Command], inherit_bindings=False):
    """A list of all commands that narrows while a name is typed; enter runs the marked one."""

    AUTO_FOCUS = "Input"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,ctrl+c,ctrl+p", "dismiss", "close"),
        Binding("down,ctrl+n,tab", "mark(1)", "next"),
        Binding("up,shift+tab", "mark(-1)", "previous"),
    ]

    def __init__(self, pane: str) -> None:
        """`pane` is what the screen shows: a command of the first-run page helps nobody elsewhere."""
        super().__init__()
        absent = "overview" if pane == "first-run" else "first-run"
        self._commands = [each for each in COMMANDS if each.palette and each.where != absent]
        self._marked = 0
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
            if all(word in f"{command.label} {command.help}".casefold() for word in words)
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
        """Mark the next or the previous command."""
        self._marked = (self._marked + step) % max(1, len(self.matching()))
        self._list.redraw()

    def _lines(self, width: int, _height: int) -> list[Line]:
        every = len(self._commands)
        lines = [
            spread(
                [
                    ("▸ " if number == self._marked else "  ", "key"),
                    (command.help, "strong" if number == self._marked else "text"),
                ],
                [(" ", ""), (command.shown_keys, "key"), (" ", "")],
                width,
            )
            for number, command in enumerate(self.matching())
        ]
        return [*(lines or [[("  no command of that name", "muted")]]), *([[]] * every)][:every]
