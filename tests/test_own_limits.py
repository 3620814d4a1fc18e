"""Limits one sets oneself: also of a tool that only logs tell of, and nobody is asked because of them."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path

import pytest

from tests.store_batches import NOW, batch, context, record
from tokentui import config
from tokentui.billing import Account
from tokentui.cli import run
from tokentui.engine import own_limits
from tokentui.engine.account_check import AccountProblem
from tokentui.engine.accounts import Accounts
from tokentui.store import open_writer
from tokentui.ui import totals

DOLLAR = 10**9


@pytest.fixture
def accounts(home: Path) -> Accounts:
    """Accounts of a home in which Codex was used, as its only login and as one called work."""
    path = config.paths({"HOME": str(home)}).database
    path.parent.mkdir(parents=True, mode=0o700)
    contexts = [context("a", service="codex"), context("b", service="codex", account="work")]
    with closing(open_writer(path, "UTC")) as writer:
        writer.ingest([batch([record("a", NOW), record("b", NOW, context=1)], contexts)], NOW)
    return Accounts(config.paths(os.environ), config.Settings(), actor="me")


def test_limits_of_a_tool_are_set_changed_and_taken_away(accounts: Accounts) -> None:
    own_limits.change(accounts, "codex/work", {"monthly_limit": 50 * DOLLAR, "token_limit": 1_000})
    found = own_limits.change(accounts, "Codex/work ", {"monthly_limit": 60 * DOLLAR}).account
    assert found == Account("codex", "work", monthly_limit=60 * DOLLAR, token_limit=1_000)
    assert own_limits.view(accounts, "codex").account == Account("codex")
    assert accounts.listed() == [], "it is not set up, so nobody is asked"
    with accounts.reading() as reader:
        assert reader is not None
        cards = {card.account: card for card in reader.snapshot(NOW, "UTC").cards}
    assert (cards["work"].monthly_limit, cards[""].monthly_limit) == (60 * DOLLAR, None)
    assert cards["work"].billing is None
    own_limits.change(accounts, "codex/work", {"monthly_limit": None, "token_limit": None})
    with accounts.reading() as reader:
        assert reader is not None
        assert reader.limited_accounts() == []
    assert [dict(entry.after) for entry in accounts.audit_log()][1:] == [
        {"monthly_limit": 60 * DOLLAR}, {"monthly_limit": 50 * DOLLAR, "token_limit": 1_000},
    ]  # fmt: skip


def test_what_is_no_limit_and_who_is_not_known_is_refused(accounts: Accounts) -> None:
    with pytest.raises(AccountProblem, match="known from logs only") as refused:
        own_limits.change(accounts, "codex", {"label": "Mine"})
    assert "tokentui account add codex" in refused.value.hint
    with pytest.raises(AccountProblem, match="monthly limit is out of range"):
        own_limits.change(accounts, "codex", {"monthly_limit": -1})
    with pytest.raises(AccountProblem, match="no account “nobody”"):
        own_limits.view(accounts, "nobody")


def test_who_is_set_up_later_keeps_the_limits(accounts: Accounts) -> None:
    own_limits.change(accounts, "codex", {"monthly_limit": 50 * DOLLAR, "session_limit": 3 * DOLLAR})
    view = accounts.add(Account("codex", session_limit=4 * DOLLAR))
    assert (view.account.monthly_limit, view.account.session_limit) == (50 * DOLLAR, 4 * DOLLAR)
    view = own_limits.change(accounts, "codex", {"monthly_limit": None, "label": "Mine"})
    assert (view.account.monthly_limit, view.account.label) == (None, "Mine"), "now it is an account as any"
    accounts.remove("codex")
    assert own_limits.view(accounts, "codex").account == Account("codex")


def test_the_command_line_sets_them_too(accounts: Accounts, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["account", "edit", "codex", "--monthly-limit", "50", "--session-limit", "2.50"]) == 0
    found = own_limits.view(accounts, "codex").account
    assert (found.monthly_limit, found.session_limit) == (50 * DOLLAR, 2_500_000_000)
    capsys.readouterr()
    assert run(["account", "edit", "codex", "--label", "Mine"]) == 1
    assert "codex is known from logs only, and has limits alone" in capsys.readouterr().err


def test_they_are_the_months_budget_where_each_tool_has_one(accounts: Accounts) -> None:
    def budget() -> int | None:
        with accounts.reading() as reader:
            assert reader is not None
            return totals.budget(reader.snapshot(NOW, "UTC"), 0)

    own_limits.change(accounts, "codex", {"monthly_limit": 50 * DOLLAR})
    assert budget() is None, "the other login has none"
    own_limits.change(accounts, "codex/work", {"monthly_limit": 60 * DOLLAR})
    assert budget() == 110 * DOLLAR
