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
    _key("form", "close", "escape,q,ctrl+c", "dismiss", "Leave all as it was"),
    _key("form", "next", "down,j,tab", "mark(1)", "Mark the next line"),
    _key("form", "previous", "up,k,shift+tab", "mark(-1)", "Mark the line before"),
    _key("form", "edit", "enter,space,e", "edit", "Change the marked line"),
    _key("form", "store", "s,ctrl+s", "save", "Store what was entered, where that is not done line by line"),
    _key("choose", "close", "escape,ctrl+c", "dismiss", "Choose nothing"),
    _key("choose", "next", "down,tab", "mark(1)", "Mark the next choice"),
    _key("choose", "previous", "up,shift+tab", "mark(-1)", "Mark the choice before"),
    _key("choose", "first", "home", "go(0)", "Mark the first choice"),
    _key("choose", "last", "end", "go(-1)", "Mark the last choice"),
    _key("choose", "take", "enter", "take", "Take the marked choice"),
    _key("ask", "close", "escape,ctrl+c", "dismiss", "Stop asking; nothing is changed"),
    _key("ask", "go_on", "enter", "enter", "Go on with what was typed or marked"),
    _key("ask", "next", "down,tab", "mark(1)", "Mark the next answer"),
    _key("ask", "previous", "up,shift+tab", "mark(-1)", "Mark the answer before"),
    _key("confirm", "yes", "y,Y", "answer(True)", "Yes, do it"),
    _key("confirm", "no", "n,N,escape,ctrl+c,enter,q", "answer(False)", "No"),
    _key("filter", "complete", "tab", "take", "Complete the word"),
    _key("filter", "next", "down", "mark(1)", "Mark the next completion"),
    _key("filter", "previous", "up", "mark(-1)", "Mark the completion before"),
    _key("filter", "leave", "escape,ctrl+c", "leave", "Leave the filter as it was"),
    _key("log", "close", "escape,q,L,ctrl+c", "dismiss", "Close the log"),
    _key("log", "down", "down,j", "scroll(1)", "Scroll a line down"),
    _key("log", "up", "up,k", "scroll(-1)", "Scroll a line up"),
    _key("log", "page_down", "pagedown,space", "scroll(10)", "Scroll a page down"),
    _key("log", "page_up", "pageup", "scroll(-10)", "Scroll a page up"),
)

TYPED = frozenset({"choose", "ask", "filter", "palette"})
"""Where letters are text: a command there cannot have one as its key."""
