"""What works on the Overview."""

from __future__ import annotations

from tokentui.ui.commands.command import Command


def _command(
    name: str, keys: str, action: str, label: str, help: str, *, footer: bool = False, palette: bool = True
) -> Command:
    return Command(name, "overview", keys, action, label, help, footer, palette)


COMMANDS: tuple[Command, ...] = (
    _command("overview.today", "t", "days('today')", "today", "Show what drove today", footer=True),
    _command("overview.week", "w", "days('week')", "week", "Show what drove this week", footer=True),
    _command("overview.month", "m", "days('month')", "month", "Show what drove this month", footer=True),
    _command("overview.open", "enter", "open", "open", "Open the account's page", footer=True),
    _command("overview.earlier", "[", "step(-1)", "step", "Step a day, week or month back", footer=True),
    _command("overview.later", "]", "step(1)", "later", "Step a day, week or month on"),
    _command(
        "overview.add", "a", "app.add_account", "add account", "Add an account at a provider",
        footer=True, palette=False,
    ),
    _command(
        "overview.dashboard", "o", "open_dashboard", "dashboard",
        "Copy the address of the page where the provider shows the account's usage",
    ),
    _command(
        "card.left", "left,h,shift+tab", "move(-1, 0)", "left", "Go to the card on the left", palette=False
    ),
    _command("card.down", "down,j", "move(0, 1)", "down", "Go to the card below", palette=False),
    _command("card.up", "up,k", "move(0, -1)", "up", "Go to the card above", palette=False),
    _command(
        "card.right", "right,l,tab", "move(1, 0)", "right", "Go to the card on the right", palette=False
    ),
    _command(
        "overview.page_down", "pagedown,space", "page_down", "page down", "Scroll a page down", palette=False
    ),
    _command("overview.page_up", "pageup", "page_up", "page up", "Scroll a page up", palette=False),
    _command("overview.top", "home,g", "scroll_home", "top", "Scroll to the top"),
    _command("overview.bottom", "end,G", "scroll_end", "bottom", "Scroll to the bottom"),
)  # fmt: skip
