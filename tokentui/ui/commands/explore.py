"""What works on Explore."""

from __future__ import annotations

from tokentui.ui.commands.command import Command


def _command(
    name: str, keys: str, action: str, label: str, help: str, *, footer: bool = False, palette: bool = True
) -> Command:
    return Command(f"explore.{name}", "explore", keys, action, label, help, footer, palette)


COMMANDS: tuple[Command, ...] = (
    _command("filter", "/", "filter", "filter", "Type a filter: project:shop since:-7d cost:>1", footer=True),
    _command(
        "open", "enter", "drill", "open", "Go into a row: its days, its sessions, its requests", footer=True
    ),
    _command("back", "backspace,escape", "back", "back", "Go back out of a row"),
    _command("group", "g", "group(0)", "group", "Choose what the rows are grouped by", footer=True),
    _command("group_second", "G", "group(1)", "then by", "Choose a second grouping, or none"),
    _command("group_next", "}", "step_group(1)", "next group", "Group by the next dimension"),
    _command("group_previous", "{", "step_group(-1)", "last group", "Group by the dimension before"),
    _command("sort", "s,>", "sort(1)", "sort", "Sort by the next column", footer=True),
    _command("sort_previous", "<", "sort(-1)", "sort back", "Sort by the column before"),
    _command("direction", "S", "turn", "direction", "Turn the order round"),
    _command("today", "t", "days('today')", "today", "Show today"),
    _command("week", "w", "days('week')", "week", "Show this week"),
    _command("month", "m", "days('month')", "month", "Show this month"),
    _command("all", "a", "days('all')", "all", "Show all days"),
    _command("earlier", "[", "step(-1)", "earlier", "Step to the day, week or month before"),
    _command("later", "]", "step(1)", "later", "Step to the day, week or month after"),
    _command("down", "down,j", "move(1)", "down", "Go a row down", palette=False),
    _command("up", "up,k", "move(-1)", "up", "Go a row up", palette=False),
    _command("page_down", "pagedown", "page(1)", "page down", "Go a page down", palette=False),
    _command("page_up", "pageup", "page(-1)", "page up", "Go a page up", palette=False),
    _command("top", "home", "end(0)", "top", "Go to the first row"),
    _command("bottom", "end", "end(1)", "bottom", "Go to the last row"),
)
