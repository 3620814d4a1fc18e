"""What works while there is nothing to show."""

from __future__ import annotations

from tokentui.ui.commands.command import Command

COMMANDS: tuple[Command, ...] = (
    Command(
        "first_run.add", "first-run", "a", "app.add_account", "add account", "Add an account at a provider",
        True, palette=False,
    ),
    Command(
        "first_run.demo", "first-run", "d", "tell_of_demo", "demo", "Say how to see a made-up history", True
    ),
)  # fmt: skip
