"""What works on the accounts."""

from __future__ import annotations

from tokentui.ui.commands.command import Command


def _command(
    name: str, keys: str, action: str, label: str, help: str, *, footer: bool = False, palette: bool = True
) -> Command:
    return Command(f"accounts.{name}", "accounts", keys, action, label, help, footer, palette)


def _of_plans(name: str, keys: str, action: str, help: str) -> Command:
    return Command(f"plans.{name}", "plans", keys, action, name, help, palette=False)


COMMANDS: tuple[Command, ...] = (
    _command("add", "a", "app.add_account", "add", "Add an account at a provider", footer=True),
    _command("edit", "enter,e", "edit", "edit", "Change the marked account, or take the offer", footer=True),
    _command("test", "t", "test", "test", "Ask the provider what the key may do", footer=True),
    _command("probe", "dollar_sign", "probe", "probe", "Live rate limits by a paid request, after a yes"),
    _command("pause", "space,p", "pause", "pause", "Stop asking for an account, or go on", footer=True),
    _command("rotate", "k", "rotate", "key", "Replace the key of an account", footer=True),
    _command("delete", "d,delete", "delete", "delete", "Remove an account, after a preview", footer=True),
    _command("dashboard", "o", "open_dashboard", "page", "Copy the provider's own page", footer=True),
    _command("plans", "s", "app.plans", "plans", "Enter, change and remove monthly plans", footer=True),
    _command("unlock", "u", "unlock", "unlock", "Unlock the vault that keeps the keys", footer=True),
    _command("audit", "L", "audit", "log", "Show who changed which account", footer=True),
    _command("down", "down,j", "mark(1)", "down", "Go to the next one", palette=False),
    _command("up", "up", "mark(-1)", "up", "Go to the one above", palette=False),
    _command("page_down", "pagedown", "mark(8)", "page down", "Go eight down", palette=False),
    _command("page_up", "pageup", "mark(-8)", "page up", "Go up by eight", palette=False),
    _command("top", "home,g", "mark(-9999)", "top", "Go to the first account", palette=False),
    _command("bottom", "end,G", "mark(9999)", "bottom", "Go to the last line", palette=False),
    _of_plans("add", "a,plus", "add", "Enter a plan"),
    _of_plans("edit", "enter,e", "edit", "Change the marked plan, or end it"),
    _of_plans("delete", "d,delete", "delete", "Remove the marked plan, after a preview"),
    _of_plans("down", "down,j,tab", "mark(1)", "Go to the next plan"),
    _of_plans("up", "up,k,shift+tab", "mark(-1)", "Go to the plan above"),
    _of_plans("close", "escape,q,ctrl+c", "dismiss", "Close the plans"),
)
