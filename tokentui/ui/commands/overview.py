"""What works on the Overview."""

from __future__ import annotations

from tokentui.ui.commands.command import Command

COMMANDS: tuple[Command, ...] = (
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
)
