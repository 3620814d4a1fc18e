"""Every action with its key: the bindings, the palette, the footer and the help all read this table."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar, NamedTuple, TypeVar

from textual.await_complete import AwaitComplete
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input

from tokentui.ui.draw import Line, length, spread
from tokentui.ui.widgets import Lines

if TYPE_CHECKING:
    from textual.app import ComposeResult

Result = TypeVar("Result")

EVERYWHERE = "everywhere"
"""Where a command works that works on every pane."""


class Command(NamedTuple):
    """Something a person can do."""

    id: str
    where: str
    """`everywhere`, or the pane it works on."""
    keys: str
    """Keys as Textual names them, comma-separated; the first one is shown."""
    action: str
    label: str
    """One or two words, for the footer."""
    help: str
    """A sentence, for the help and the palette."""
    footer: bool = False
    palette: bool = True

    @property
    def shown_keys(self) -> str:
        """All its keys as a person would write them."""
        return " ".join(shown(key) for key in self.keys.split(","))


COMMANDS: tuple[Command, ...] = (
    Command(
        "pane.overview",
        EVERYWHERE,
        "1",
        "show_pane('overview')",
        "Overview",
        "Show totals, accounts and what drove the cost",
    ),
    Command(
        "pane.trends",
        EVERYWHERE,
        "2",
        "show_pane('trends')",
        "Trends",
        "Show cost and tokens a day over 30 days",
    ),
    Command(
        "pane.health",
        EVERYWHERE,
        "7",
        "show_pane('health')",
        "Health",
        "Show whether every log is read and the database is sound",
    ),
    Command(
        "card.left",
        "overview",
        "left,h,shift+tab",
        "move(-1, 0)",
        "left",
        "Go to the card on the left",
        palette=False,
    ),
    Command("card.down", "overview", "down,j", "move(0, 1)", "down", "Go to the card below", palette=False),
    Command("card.up", "overview", "up,k", "move(0, -1)", "up", "Go to the card above", palette=False),
    Command(
        "card.right",
        "overview",
        "right,l,tab",
        "move(1, 0)",
        "right",
        "Go to the card on the right",
        palette=False,
    ),
    Command(
        "overview.page_down",
        "overview",
        "pagedown,space",
        "page_down",
        "page down",
        "Scroll a page down",
        palette=False,
    ),
    Command(
        "overview.page_up", "overview", "pageup", "page_up", "page up", "Scroll a page up", palette=False
    ),
    Command("overview.top", "overview", "home,g", "scroll_home", "top", "Scroll to the top"),
    Command("overview.bottom", "overview", "end,G", "scroll_end", "bottom", "Scroll to the bottom"),
    Command("trends.cost", "trends", "c", "measure('cost')", "cost", "Draw the cost of each day", True),
    Command(
        "trends.tokens", "trends", "u", "measure('tokens')", "tokens", "Draw the tokens of each day", True
    ),
    Command(
        "trends.service", "trends", "s", "split('service')", "by service", "Stack the days by service", True
    ),
    Command("trends.model", "trends", "M", "split('model')", "by model", "Stack the days by model", True),
    Command("health.down", "health", "down,j", "scroll(1)", "down", "Scroll a line down", palette=False),
    Command("health.up", "health", "up,k", "scroll(-1)", "up", "Scroll a line up", palette=False),
    Command(
        "health.page_down",
        "health",
        "pagedown,space",
        "page_down",
        "page down",
        "Scroll a page down",
        palette=False,
    ),
    Command("health.page_up", "health", "pageup", "page_up", "page up", "Scroll a page up", palette=False),
    Command("health.top", "health", "home,g", "scroll_home", "top", "Go to the first source"),
    Command("health.bottom", "health", "end,G", "scroll_end", "bottom", "Go to the database"),
    Command(
        "first_run.demo", "first-run", "d", "tell_of_demo", "demo", "Say how to see a made-up history", True
    ),
    Command("refresh", EVERYWHERE, "r", "refresh_now", "refresh", "Look for new log lines now", True),
    Command(
        "palette",
        EVERYWHERE,
        "ctrl+p",
        "open_palette",
        "palette",
        "Find a command by its name",
        True,
        palette=False,
    ),
    Command("help", EVERYWHERE, "?", "open_help", "help", "Show all keys", True),
    Command(
        "redraw",
        EVERYWHERE,
        "ctrl+l",
        "redraw",
        "redraw",
        "Paint the screen anew, after something else wrote on it",
    ),
    Command(
        "suspend", EVERYWHERE, "ctrl+z", "suspend_process", "suspend", "Go back to the shell; `fg` returns"
    ),
    Command("quit", EVERYWHERE, "q,ctrl+c", "leave", "quit", "End the program", True),
)

OVERLAY_KEYS: tuple[BindingType, ...] = (Binding("escape,q,ctrl+c,?", "dismiss", "close"),)
"""How a window over the panes is closed."""

_NAMES = {
    "left": "←",
    "right": "→",
    "up": "↑",
    "down": "↓",
    "pagedown": "pgdn",
    "pageup": "pgup",
    "ctrl+p": "^p",
    "ctrl+c": "^c",
    "ctrl+z": "^z",
    "ctrl+l": "^l",
    "shift+tab": "⇧tab",
    "question_mark": "?",
}


def shown(key: str) -> str:
    """Return a key as a person would write it: `^p` for `ctrl+p`."""
    return _NAMES.get(key, key)


def bindings(where: str) -> list[BindingType]:
    """Return the bindings of a pane, or of the whole program."""
    return [
        Binding(
            command.keys,
            command.action,
            command.label,
            show=command.footer,
            tooltip=command.help,
            id=command.id,
        )
        for command in COMMANDS
        if command.where == where
    ]


def of_pane(pane: str) -> Iterable[Command]:
    """Return the commands that work while a pane is shown, its own first."""
    return [
        *(command for command in COMMANDS if command.where == pane),
        *(command for command in COMMANDS if command.where == EVERYWHERE),
    ]


def footer(pane: str, width: int) -> list[Line]:
    """Return the line of keys that matter on a pane. Help and quit stay when not all of them fit."""
    items = [
        _hint(shown(command.keys.split(",")[0]), command.label) for command in of_pane(pane) if command.footer
    ]
    if pane == "overview":
        items.insert(0, _hint("←↑↓→", "card"))
    last = items[-2:]
    line: Line = []
    for item in items[:-2]:
        if length(line) + sum(length(hint) for hint in (item, *last)) <= width:
            line += item
    for item in last:
        line += item
    return [line]


def _hint(key: str, label: str) -> Line:
    return [(f" {key}", "key"), (f" {label} ", "text")]


class Window(ModalScreen[Result], inherit_bindings=False):
    """A window over the panes. It closes once, however many keys that were typed ahead ask it to."""

    def dismiss(self, result: Result | None = None) -> AwaitComplete:
        """Close it; nothing where it is not on top, as closing then ends the screen below."""
        return super().dismiss(result) if self.is_active else AwaitComplete()


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
