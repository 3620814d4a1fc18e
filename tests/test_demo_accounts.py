"""The demo shows accounts as well, always the same ones, and asks nobody."""

from __future__ import annotations

import os
from datetime import UTC, datetime

from tokentui import config, store
from tokentui.engine.demo_accounts import put_accounts
from tokentui.sources import providers
from tokentui.sources.providers.http import checked, is_loopback
from tokentui.store.snapshot import Card

NOW = datetime(2026, 11, 20, 15, 30, tzinfo=UTC)


def cards(seed: int) -> tuple[Card, ...]:
    """The cards of a demo's accounts."""
    paths = config.paths({"HOME": os.environ["HOME"], "TOKENTUI_HOME": f"{os.environ['HOME']}/{seed}"})
    put_accounts(paths, config.Settings(), seed, NOW)
    reader = store.open_reader(paths.database)
    try:
        return reader.snapshot(int(NOW.timestamp() * 1e6), "UTC").cards
    finally:
        reader.close()


def test_three_accounts_say_what_they_bill_allow_and_have_left() -> None:
    found = {card.service: card for card in cards(1)}
    (plan,) = found.pop("claude-code").plans
    assert (plan.name, plan.price, plan.currency) == ("Max", 100 * 10**9, "USD")
    assert set(found) == {"openai-api", "openrouter", "deepseek"}
    bill = found["openai-api"].billing
    assert bill is not None
    assert bill.month
    assert bill.monthly_limit
    assert 0 < bill.month < bill.monthly_limit
    assert bill.today_tokens
    assert found["openrouter"].limits
    for card in found.values():
        assert card.billing is not None
        assert card.billing.status == "ok"


def test_the_same_seed_gives_the_same_accounts() -> None:
    assert cards(2) == cards(2)
    assert cards(2) != cards(3)


def test_their_address_is_nobodys_on_this_machine() -> None:
    cards(1)
    paths = config.paths({"HOME": os.environ["HOME"], "TOKENTUI_HOME": f"{os.environ['HOME']}/1"})
    reader = store.open_reader(paths.database)
    for each in reader.configured_accounts():
        assert is_loopback(checked(each.account.base_url).host)
        assert not each.account.secret_reference
    reader.close()


def test_nothing_that_an_account_offers_is_asked_for_within_the_hour() -> None:
    cards(1)
    paths = config.paths({"HOME": os.environ["HOME"], "TOKENTUI_HOME": f"{os.environ['HOME']}/1"})
    reader = store.open_reader(paths.database)
    due = {(state.service, state.feature): state.next_due for state in reader.account_states()}
    offered = {
        (each.account.service, feature)
        for each in reader.configured_accounts()
        for feature, capability in providers.rows()[each.account.service].capabilities.items()
        if capability.offer != "no"
    }
    reader.close()
    assert len(offered) == 8
    assert due.keys() == offered, "what was never answered is due at once"
    assert min(due.values()) > (NOW.timestamp() + 3_600) * 1e6
