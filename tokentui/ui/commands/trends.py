"""What works on Trends."""

from __future__ import annotations

from tokentui.ui.commands.command import Command

COMMANDS: tuple[Command, ...] = (
    Command("trends.cost", "trends", "c", "measure('cost')", "cost", "Draw the cost of each day", True),
    Command(
        "trends.tokens", "trends", "u", "measure('tokens')", "tokens", "Draw the tokens of each day", True
    ),
    Command(
        "trends.service", "trends", "s", "split('service')", "by service", "Stack the days by service", True
    ),
    Command("trends.model", "trends", "M", "split('model')", "by model", "Stack the days by model", True),
)
