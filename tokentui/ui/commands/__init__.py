"""Every action with its key: the bindings, the palette, the footer and the help all read this table.

One file a pane; a new pane is one file here, one row in `_PANES` and one in `ui.panes`.
"""

from __future__ import annotations

from collections.abc import Iterable

from textual.binding import Binding, BindingType

from tokentui.ui.commands import everywhere, explore, first_run, health, overview, trends
from tokentui.ui.commands.command import EVERYWHERE, Command, shown
from tokentui.ui.draw import Line, length

__all__ = [
    "COMMANDS", "EVERYWHERE", "OVERLAY_KEYS", "TITLES", "Command", "bindings", "footer", "of_pane", "shown",
]  # fmt: skip

_PANES = (overview, trends, explore, health, first_run, everywhere)

COMMANDS: tuple[Command, ...] = tuple(command for pane in _PANES for command in pane.COMMANDS)
"""Every command, pane by pane, those that work everywhere last."""

TITLES = {
    EVERYWHERE: "Everywhere",
    "overview": "Overview",
    "trends": "Trends",
    "explore": "Explore",
    "health": "Health",
    "first-run": "While there is nothing to show",
}
"""The headings of the help."""

OVERLAY_KEYS: tuple[BindingType, ...] = (Binding("escape,q,ctrl+c,?", "dismiss", "close"),)
"""How a window over the panes is closed."""


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
