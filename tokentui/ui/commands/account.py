"""What works on an account's page."""

from __future__ import annotations

from tokentui.ui.commands.command import Command


def _command(name: str, keys: str, action: str, label: str, help: str, *, footer: bool = False) -> Command:
    return Command(f"account.{name}", "account", keys, action, label, help, footer, palette=False)


COMMANDS: tuple[Command, ...] = (
    _command("today", "t", "days('today')", "today", "Show what drove today", footer=True),
    _command("week", "w", "days('week')", "week", "Show what drove this week", footer=True),
    _command("month", "m", "days('month')", "month", "Show what drove this month", footer=True),
    _command("earlier", "[", "step(-1)", "earlier", "Step to the day, week or month before", footer=True),
    _command("later", "]", "step(1)", "later", "Step to the day, week or month after", footer=True),
    _command("left", "left,h", "move(-1, 0)", "left", "Go to the table on the left"),
    _command("down", "down,j", "move(0, 1)", "down", "Go a line down"),
    _command("up", "up,k", "move(0, -1)", "up", "Go a line up"),
    _command("right", "right,l", "move(1, 0)", "right", "Go to the table on the right"),
    _command("page_down", "pagedown,space", "scroll(10)", "page down", "Scroll ten lines down"),
    _command("page_up", "pageup", "scroll(-10)", "page up", "Scroll ten lines up"),
    _command("dashboard", "o", "open_dashboard", "dashboard", "Copy the provider's own page", footer=True),
    _command("plans", "s", "plans", "plans", "Enter, change and remove monthly plans", footer=True),
    _command("explain", "x,enter", "explain", "explain", "Explain the line, or the account", footer=True),
    _command("close", "escape,q,backspace,ctrl+c", "dismiss", "back", "Back to the Overview", footer=True),
)
