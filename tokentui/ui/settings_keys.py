"""Keys of one's own: which commands and keys there are, and which two would be in each other's way."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from difflib import get_close_matches

from textual.keys import Keys

from tokentui.config import shown
from tokentui.ui.commands import COMMANDS, EVERYWHERE, Command
from tokentui.ui.commands.windows import TYPED

EXAMPLE = 'refresh = "f5,R"'
_KEYS = frozenset(key.value for key in Keys if not key.value.startswith("<"))
_MODIFIERS = ("ctrl+", "shift+", "alt+", "super+", "meta+", "hyper+")
_WINDOWS = frozenset(
    {"window", "help", "palette", "jump", "first-run", "form", "choose", "ask", "confirm", "filter", "log"}
)
"""Where a command of everywhere does not reach, or stands in for a pane."""


def usable(keys: Mapping[str, tuple[str, ...]]) -> tuple[dict[str, tuple[str, ...]], dict[str, str]]:
    """Return the keys that can be used, and for each command of the others why they cannot."""
    wrong: dict[str, str] = {}
    known = {command.id: command for command in COMMANDS}
    for name, given in keys.items():
        if name not in known:
            near = get_close_matches(name, known, 1, 0.5)
            meant = f"did you mean {near[0]}?" if near else "? in the dashboard lists the commands"
            wrong[name] = f"there is no command {shown(name)}; {meant}"
        elif strange := [key for key in given if not is_key(key)]:
            wrong[name] = f"there is no key {shown(strange[0])}; such as: f5, ctrl+r, R, question_mark"
        elif known[name].where in TYPED and (typed := [key for key in given if _is_typed(key)]):
            wrong[name] = f"{shown(typed[0])} is text where {name} works; such as: f5, ctrl+n, pagedown"
    good = {name: given for name, given in keys.items() if name not in wrong}
    while clash := _clash(good):
        name, key, other = clash
        wrong[name] = f"{shown(key)} is the key of {other} already, and both work at the same place"
        del good[name]
    return good, wrong


def is_key(name: str) -> bool:
    """Whether a terminal can send such a key, as Textual names it: `f5`, `ctrl+r`, `R`, `question_mark`."""
    base = name
    while base.startswith(_MODIFIERS):
        base = base.split("+", 1)[1]
    if len(base) == 1:
        return base.isprintable() and not base.isspace()
    if name in _KEYS or base in _KEYS:
        return True
    try:
        unicodedata.lookup(base.replace("_", " ").upper())
    except KeyError:
        return base in ("slash", "plus", "minus", "underscore")
    return True


def _is_typed(name: str) -> bool:
    """Whether a key writes a character."""
    return _same(name) == "space" or len(name) == 1 or (name not in _KEYS and "+" not in name)


def _clash(keys: Mapping[str, tuple[str, ...]]) -> tuple[str, str, str] | None:
    """Return a command whose key is another's where both work: its id, the key, the other's id."""
    for place in {command.where for command in COMMANDS}:
        owners: dict[str, str] = {}
        for command in _working(place, keys):
            for key in keys.get(command.id) or command.keys.split(","):
                other = owners.setdefault(_same(key), command.id)
                if key and other != command.id and (command.id in keys or other in keys):
                    return (command.id, key, other) if command.id in keys else (other, key, command.id)
    return None


def _working(place: str, keys: Mapping[str, tuple[str, ...]]) -> Iterable[Command]:
    """Return the commands that work at a place, those whose keys are their own first."""
    places = {place} if place in _WINDOWS else {place, EVERYWHERE}
    return sorted((each for each in COMMANDS if each.where in places), key=lambda each: each.id in keys)


def _same(key: str) -> str:
    """Return one name for a key that has two: `?` is `question_mark`."""
    if len(key) == 1 and not key.isalnum():
        return unicodedata.name(key, key).lower().replace(" ", "_").replace("-", "_")
    return key
