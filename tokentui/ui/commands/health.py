"""What works on the health pane."""

from __future__ import annotations

from tokentui.ui.commands.command import Command

COMMANDS: tuple[Command, ...] = (
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
)
