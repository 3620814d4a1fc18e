"""What works in the windows over the panes."""

from __future__ import annotations

from tokentui.ui.commands.command import Command


def _key(where: str, name: str, keys: str, action: str, help: str) -> Command:
    return Command(f"{where}.{name}", where, keys, action, name.replace("_", " "), help, palette=False)


COMMANDS: tuple[Command, ...] = (
    _key("window", "close", "escape,q,ctrl+c,?", "dismiss", "Close the window"),
    _key("help", "down", "down,j", "scroll(1)", "Scroll a line down"),
    _key("help", "up", "up,k", "scroll(-1)", "Scroll a line up"),
    _key("help", "page_down", "pagedown,space", "scroll(10)", "Scroll a page down"),
    _key("help", "page_up", "pageup", "scroll(-10)", "Scroll a page up"),
    _key("palette", "close", "escape,ctrl+c,ctrl+p", "dismiss", "Close the palette"),
    _key("palette", "next", "down,ctrl+n,tab", "mark(1)", "Mark the next command"),
    _key("palette", "previous", "up,shift+tab", "mark(-1)", "Mark the command before"),
    _key("palette", "page_down", "pagedown", "mark(10)", "Mark a command further down"),
    _key("palette", "page_up", "pageup", "mark(-10)", "Mark a command further up"),
    _key("jump", "close", "escape,ctrl+c,semicolon", "dismiss", "Stay where you are"),
)
