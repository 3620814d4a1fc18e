"""The paid request for live rate limits: what it costs is read before, and only a `y` sends it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentui.engine.account_probe import probe, proposal
from tokentui.ui.aside import Problem, aside

if TYPE_CHECKING:
    from tokentui.engine.account_probe import Proposal
    from tokentui.ui.accounts import AccountsPane


def propose(pane: AccountsPane, key: str) -> None:
    """Look up what it would cost; nothing is sent."""
    accounts = pane.accounts
    aside(pane, f"proposal {key}", lambda: proposal(accounts, key))


def decide(pane: AccountsPane, key: str, wanted: Proposal | None, problem: Problem | None) -> None:
    """Ask whether to send it; say why where it cannot be sent."""
    if wanted is None:
        pane.program.say(str(problem))
        return
    from tokentui.ui.choosing import Confirm

    accounts = pane.accounts

    def decided(yes: bool | None) -> None:
        if yes:
            pane.ask_provider(key, lambda: probe(accounts, wanted))

    pane.app.push_screen(Confirm(f"{wanted.sentence} Send it, and pay for it?"), decided)
