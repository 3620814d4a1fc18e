"""What works in the window that explains a figure."""

from __future__ import annotations

from tokentui.ui.commands.command import Command


def _command(name: str, keys: str, action: str, label: str, help: str, *, footer: bool = False) -> Command:
    return Command(f"explain.{name}", "explain", keys, action, label, help, footer, palette=False)


COMMANDS: tuple[Command, ...] = (
    _command("down", "down,j", "scroll(1)", "down", "Scroll a line down", footer=True),
    _command("up", "up,k", "scroll(-1)", "up", "Scroll a line up", footer=True),
    _command("page_down", "pagedown,space", "scroll(10)", "page down", "Scroll ten lines down"),
    _command("page_up", "pageup", "scroll(-10)", "page up", "Scroll ten lines up"),
    _command("top", "home,g", "end(0)", "top", "Go to the figure"),
    _command("bottom", "end,G", "end(1)", "bottom", "Go to the logs behind it"),
    _command("copy", "y", "copy", "copy command", "Copy the command line that prints the same", footer=True),
    _command("close", "escape,q,x,ctrl+c", "dismiss", "close", "Go back to the figure", footer=True),
)
