"""What works on the settings."""

from __future__ import annotations

from tokentui.ui.commands.command import Command

COMMANDS: tuple[Command, ...] = (
    Command("settings.down", "settings", "down,j", "mark(1)", "down", "Go to the next one", palette=False),
    Command("settings.up", "settings", "up,k", "mark(-1)", "up", "Go to the setting above", palette=False),
    Command(
        "settings.page_down", "settings", "pagedown", "mark(8)", "page down", "Go eight down", palette=False
    ),
    Command("settings.page_up", "settings", "pageup", "mark(-8)", "page up", "Go up by eight", palette=False),
    Command("settings.top", "settings", "home,g", "mark(-99)", "top", "Go to the first setting"),
    Command("settings.bottom", "settings", "end,G", "mark(99)", "bottom", "Go to the last setting"),
    Command("settings.edit", "settings", "enter,space,e", "edit", "change", "Change the marked one", True),
    Command("settings.default", "settings", "d", "default", "default", "Put the default back", True),
)
