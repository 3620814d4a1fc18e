"""What works on Trends."""

from __future__ import annotations

from tokentui.ui.commands.command import Command

_KEY, _PALETTE, _FOOTER, _BOTH = (False, False), (False, True), (True, False), (True, True)
"""Whether a command is in the footer, and in the palette."""


def _command(
    name: str, keys: str, action: str, label: str, said: str, shown: tuple[bool, bool] = _PALETTE
) -> Command:
    return Command(f"trends.{name}", "trends", keys, action, label, said, *shown)


COMMANDS: tuple[Command, ...] = (
    _command("left", "left", "move(-1, 0)", "read", "Read out the values before", _FOOTER),
    _command("right", "right", "move(1, 0)", "later", "Read out the values after", _KEY),
    _command("up", "up", "move(0, -1)", "up", "Go to the weekday above, in the heatmap", _KEY),
    _command("down", "down", "move(0, 1)", "down", "Go to the weekday below, in the heatmap", _KEY),
    _command("first", "home", "move_to_end(True)", "first", "Read out the first values", _KEY),
    _command("last", "end", "move_to_end(False)", "last", "Read out the newest values", _KEY),
    _command("whole", "escape", "leave_cursor", "all", "Show the sums of all again", _KEY),
    _command("open", "enter", "open", "explore", "Open the days under the cursor in Explore", _BOTH),
    _command("cost", "c", "measure('cost')", "cost", "Draw the cost", _BOTH),
    _command("tokens", "u", "measure('tokens')", "tokens", "Draw the tokens", _BOTH),
    _command("requests", "n", "measure('requests')", "requests", "Draw the number of requests", _BOTH),
    _command("bucket", "b", "show_in('next')", "period", "Draw days, weeks or months in turn", _BOTH),
    _command("day", "d", "show_in('day')", "days", "Draw the last 30 days"),
    _command("week", "w", "show_in('week')", "weeks", "Draw the last 26 weeks"),
    _command("month", "m", "show_in('month')", "months", "Draw the last 12 months"),
    _command("previous", "p", "compare", "compare", "Show the period before as well, or hide it", _BOTH),
    _command("heatmap", "h", "show_hours", "hours", "Show hours and weekdays, or the bars again", _BOTH),
    _command("month_end", "f", "add_up", "month end", "Add up the month to its end, or show the bars", _BOTH),
    _command("service", "s", "split('service')", "by service", "Stack by service", _BOTH),
    _command("model", "M", "split('model')", "by model", "Stack by model", _BOTH),
    _command("project", "P", "split('project')", "by project", "Stack by project"),
    _command("account", "a", "split('account')", "by account", "Stack by account"),
    _command("kind", "k", "split('kind')", "by kind", "Stack tokens by kind"),
    _command("back", "[,left_curly_bracket", "step(1)", "back", "Go back by one whole period"),
    _command("forward", "],right_curly_bracket", "step(-1)", "forward", "Go forward by one whole period"),
    _command("copy", "y", "copy", "copy command", "Copy the command line that prints the same"),
    _command("cost_by_service", "C", "preset('cost')", "cost", "Cost a day by service"),
    _command("input_output", "I", "preset('direction')", "in/out", "Input against output, in tokens a day"),
    _command("calls", "N", "preset('calls')", "calls", "Calls a day: requests by service"),
)
