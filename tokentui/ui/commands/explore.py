"""What works on Explore."""

from __future__ import annotations

from tokentui.ui.commands.command import Command


def _command(
    name: str, keys: str, action: str, label: str, help: str, *, footer: bool = False, palette: bool = True
) -> Command:
    return Command(f"explore.{name}", "explore", keys, action, label, help, footer, palette)


def _of_window(where: str, name: str, keys: str, action: str, help: str) -> Command:
    footer = name in ("group", "sort", "export", "close")
    return Command(
        f"{where}.{name}", where, keys, action, name.replace("_", " "), help, footer, palette=False
    )


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
    _command(
        "compare",
        "c",
        "compare",
        "compare",
        "Compare two marked rows, or this span with the last",
        footer=True,
    ),
    _command("mark", "space", "mark", "mark", "Mark a row to compare it with another"),
    _command("views", "v", "views", "views", "Open, save, pin or delete views", footer=True),
    _command(
        "export", "e", "export", "export", "Write what is shown into a CSV, JSON or JSONL file", footer=True
    ),
    _command("copy", "y", "copy", "copy command", "Copy the command line that prints the same", footer=True),
    _command("down", "down,j", "move(1)", "down", "Go a row down", palette=False),
    _command("up", "up,k", "move(-1)", "up", "Go a row up", palette=False),
    _command("page_down", "pagedown", "page(1)", "page down", "Go a page down", palette=False),
    _command("page_up", "pageup", "page(-1)", "page up", "Go a page up", palette=False),
    _command("top", "home", "end(0)", "top", "Go to the first row"),
    _command("bottom", "end", "end(1)", "bottom", "Go to the last row"),
    *(
        _of_window("compare", *row)
        for row in (
            ("down", "down,j", "move(1)", "Go a line down"),
            ("up", "up,k", "move(-1)", "Go a line up"),
            ("page_down", "pagedown,space", "page(1)", "Go a page down"),
            ("page_up", "pageup", "page(-1)", "Go a page up"),
            ("top", "home", "end(0)", "Go to the largest change"),
            ("bottom", "end", "end(1)", "Go to the smallest change"),
            ("group", "g,}", "group(1)", "Tell what changed by the next dimension"),
            ("group_back", "G,{", "group(-1)", "Tell what changed by the dimension before"),
            ("sort", "s", "measure", "Order by the change of cost, tokens or requests"),
            ("export", "e", "export", "Write the comparison into a file"),
            ("close", "escape,q,c,ctrl+c,backspace", "dismiss", "Go back to the table"),
        )
    ),
    *(
        _of_window("views", *row)
        for row in (
            ("open", "enter", "open", "Open the view"),
            ("save", "a", "add", "Save what is shown under a name"),
            ("pin", "p", "pin", "Show the view on the Overview, or no longer"),
            ("delete", "d,delete", "delete", "Delete the view, after asking"),
            ("down", "down,j,tab", "mark(1)", "Mark the next view"),
            ("up", "up,k,shift+tab", "mark(-1)", "Mark the view before"),
            ("close", "escape,q,v,ctrl+c", "dismiss", "Go back to the table"),
        )
    ),
    *(
        _of_window("export", *row)
        for row in (
            ("form", "tab,down", "form(1)", "Choose another form"),
            ("form_back", "shift+tab,up", "form(-1)", "Choose the form before"),
            ("close", "escape,ctrl+c", "dismiss", "Write nothing"),
        )
    ),
)
