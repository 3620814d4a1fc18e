"""Every action with its key: the bindings, the palette, the footer and the help all read this table.

One file a pane; a new pane is one file here, one row in `_PANES` and one in `ui.panes`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from textual.binding import Binding, BindingType

from tokentui.ui.commands import (
    account,
    accounts,
    everywhere,
    explain,
    explore,
    first_run,
    health,
    limits,
    overview,
    settings,
    trends,
    windows,
)
from tokentui.ui.commands.command import EVERYWHERE, Command, shown
from tokentui.ui.draw import Line, length

__all__ = [
    "COMMANDS", "EVERYWHERE", "OVERLAY_KEYS", "TITLES", "Command", "bindings", "footer", "of_pane",
    "remapped", "shown", "worded",
]  # fmt: skip

_PANES = (
    overview, trends, explore, limits, accounts, health, settings, first_run, account, explain, everywhere,
    windows,
)  # fmt: skip

COMMANDS: tuple[Command, ...] = tuple(command for pane in _PANES for command in pane.COMMANDS)
"""Every command, pane by pane, those that work everywhere last."""

TITLES = {
    EVERYWHERE: "Everywhere",
    "overview": "Overview",
    "trends": "Trends",
    "explore": "Explore",
    "limits": "Limits",
    "accounts": "Accounts",
    "health": "Health",
    "settings": "Settings",
    "first-run": "While there is nothing to show",
    "account": "On an account's page",
    "plans": "In the plans",
    "limit": "On a limit's page",
    "explain": "In an explanation",
    "compare": "In a comparison",
    "views": "In the saved views",
    "export": "While exporting",
    "form": "In a form",
    "choose": "Where one of several is chosen",
    "ask": "Where something is asked",
    "confirm": "Before something is done",
    "filter": "In the filter line",
    "log": "In the log of what was changed",
    "window": "Windows",
    "help": "This window",
    "palette": "The palette",
    "jump": "Jumping",
}
"""The headings of the help."""

WINDOWS = ("account", "limit", "explain", "compare", "views", "export", "plans")
"""Windows with commands of their own: what works everywhere works on the panes below them only."""


def bindings(where: str, *, without: str = "") -> list[BindingType]:
    """Return the bindings of a pane, a window or the whole program; without one that makes no sense there."""
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
        if command.where == where and command.keys and command.id != without
    ]


OVERLAY_KEYS: tuple[BindingType, ...] = tuple(bindings("window"))
"""How a window over the panes is closed."""


def remapped(keys: Mapping[str, tuple[str, ...]]) -> tuple[Command, ...]:
    """Return every command with the keys a person has given it."""
    return tuple(
        command._replace(keys=",".join(keys[command.id])) if keys.get(command.id) else command
        for command in COMMANDS
    )


def worded(words: str, where: str, commands: Iterable[Command]) -> str:
    """Return words with the keys of a place in them: `{take} takes it` becomes `enter takes it`."""
    keys = {each.id.partition(".")[2]: each.first_key for each in commands if each.where == where}
    return words.format_map(keys)


def of_pane(pane: str, commands: Iterable[Command] = COMMANDS) -> Iterable[Command]:
    """Return the commands that work while a pane is shown, its own first."""
    wheres = (pane,) if pane in WINDOWS else (pane, EVERYWHERE)
    return [command for where in wheres for command in commands if command.where == where]


def footer(pane: str, width: int, commands: Iterable[Command] = COMMANDS) -> list[Line]:
    """Return the line of keys that matter on a pane. Help and quit stay when not all of them fit."""
    working = of_pane(pane, commands)
    items = [_hint(command.first_key, command.label) for command in working if command.footer]
    if pane == "overview":
        moves = {command.id: command.first_key for command in working}
        items.insert(0, _hint("".join(moves.get(f"card.{way}", "") for way in _WAYS), "card"))
    last = items[-2:]
    line: Line = []
    for item in items[:-2]:
        if length(line) + sum(length(hint) for hint in (item, *last)) <= width:
            line += item
    for item in last:
        line += item
    return [line]


_WAYS = ("left", "up", "down", "right")


def _hint(key: str, label: str) -> Line:
    return [(f" {key}", "key"), (f" {label} ", "text")]
