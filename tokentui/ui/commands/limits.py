"""What works on the limits."""

from __future__ import annotations

from tokentui.ui.commands.command import Command


def _command(
    name: str, keys: str, action: str, label: str, help: str, *, footer: bool = False, palette: bool = True
) -> Command:
    return Command(f"limits.{name}", "limits", keys, action, label, help, footer, palette)


COMMANDS: tuple[Command, ...] = (
    _command("history", "enter", "history", "history", "Show past windows and what took it", footer=True),
    _command("edit", "l,e", "edit", "limits", "Change the account's own limits", footer=True),
    _command("down", "down,j", "mark(1)", "down", "Go to the next limit", palette=False),
    _command("up", "up,k", "mark(-1)", "up", "Go to the limit above", palette=False),
    _command("page_down", "pagedown,space", "mark(5)", "page down", "Go five down", palette=False),
    _command("page_up", "pageup", "mark(-5)", "page up", "Go up by five", palette=False),
    _command("top", "home,g", "mark(-9999)", "top", "Go to the first limit", palette=False),
    _command("bottom", "end,G", "mark(9999)", "bottom", "Go to the last limit", palette=False),
    Command("limit.down", "limit", "down,j", "scroll(1)", "down", "Scroll a line down", palette=False),
    Command("limit.up", "limit", "up,k", "scroll(-1)", "up", "Scroll a line up", palette=False),
    Command("limit.page_down", "limit", "pagedown,space", "scroll(10)", "down", "Page down", palette=False),
    Command("limit.page_up", "limit", "pageup", "scroll(-10)", "up", "Page up", palette=False),
    Command(
        "limit.close", "limit", "escape,q,backspace,enter,ctrl+c", "dismiss", "back", "Back to the limits",
        footer=True, palette=False,
    ),
)  # fmt: skip
