"""What works on every pane."""

from __future__ import annotations

from tokentui.ui.commands.command import EVERYWHERE, Command

COMMANDS: tuple[Command, ...] = (
    Command(
        "pane.overview",
        EVERYWHERE,
        "1",
        "show_pane('overview')",
        "Overview",
        "Show totals, accounts and what drove the cost",
    ),
    Command(
        "pane.trends",
        EVERYWHERE,
        "2",
        "show_pane('trends')",
        "Trends",
        "Show cost, tokens and requests over time",
    ),
    Command(
        "pane.explore",
        EVERYWHERE,
        "3",
        "show_pane('explore')",
        "Explore",
        "Group, filter and sort any usage, down to the request",
    ),
    Command(
        "pane.limits", EVERYWHERE, "4", "show_pane('limits')", "Limits", "Show how full each limit is"
    ),
    Command(
        "pane.accounts",
        EVERYWHERE,
        "6",
        "show_pane('accounts')",
        "Accounts",
        "Show and set up accounts: keys, state, balance",
    ),
    Command(
        "pane.health",
        EVERYWHERE,
        "7",
        "show_pane('health')",
        "Health",
        "Show whether every log is read and the database is sound",
    ),
    Command("track", EVERYWHERE, "plus", "track", "by hand", "Enter usage of a service without logs or API"),
    Command(
        "settings.open", EVERYWHERE, "comma", "show_pane('settings')", "Settings", "Change the settings"
    ),
    Command("explain", EVERYWHERE, "x", "explain", "explain", "Explain a figure by its requests", True),
    Command("refresh", EVERYWHERE, "r", "refresh_now", "refresh", "Look for new log lines now", True),
    Command(
        "palette",
        EVERYWHERE,
        "ctrl+p",
        "open_palette",
        "palette",
        "Find a command by its name",
        True,
        palette=False,
    ),
    Command("help", EVERYWHERE, "?", "open_help", "help", "Show all keys, this pane's first", True),
    Command(
        "jump", EVERYWHERE, "semicolon", "jump", "jump", "Show a letter on everything one can go to; press it"
    ),
    Command(
        "privacy", EVERYWHERE, "H", "privacy", "privacy", "Hide names, paths and costs, or show them again"
    ),
    Command("theme.next", EVERYWHERE, "T", "next_theme", "theme", "Try the next of the four themes"),
    Command("theme.dark", EVERYWHERE, "", "theme('dark')", "dark", "Colours: dark"),
    Command("theme.light", EVERYWHERE, "", "theme('light')", "light", "Colours: light"),
    Command(
        "theme.high-contrast", EVERYWHERE, "", "theme('high-contrast')", "contrast", "Colours: high contrast"
    ),
    Command(
        "theme.terminal", EVERYWHERE, "", "theme('terminal')", "terminal", "Colours: the terminal's own 16"
    ),
    Command(
        "redraw",
        EVERYWHERE,
        "ctrl+l",
        "redraw",
        "redraw",
        "Paint the screen anew, after something else wrote on it",
    ),
    Command(
        "suspend", EVERYWHERE, "ctrl+z", "suspend_process", "suspend", "Go back to the shell; `fg` returns"
    ),
    Command("quit", EVERYWHERE, "q,ctrl+c", "leave", "quit", "End the program", True),
)
