"""An account's own prices on the screens: typed into its form, shown beside its limits, explained by x."""

from __future__ import annotations

import os
from datetime import date

import pytest

from tests.engine_watch import SETTINGS
from tests.test_ui_panes import NOW, program, shown, until
from tests.ui_accounts import opened
from tests.ui_program import FakeFeed, sample
from tokentui import config
from tokentui.billing import Account
from tokentui.cli import run
from tokentui.engine import account_prices
from tokentui.engine.accounts import Accounts
from tokentui.engine.collect import collect_once
from tokentui.store.usage_table import UsageQuery
from tokentui.ui.explain import Explain


@pytest.fixture
def accounts() -> Accounts:
    """A proxy on this machine, set up twice."""
    made = Accounts(config.paths(os.environ), SETTINGS)
    for name in ("", "work"):
        made.add(Account("litellm", name, secret_reference="env:X", base_url="http://127.0.0.1:9"))
    return made


@pytest.mark.usefixtures("accounts")
async def test_what_an_account_pays_is_typed_into_its_form() -> None:
    async with opened() as person:
        await person.press("j", "e", *["down"] * 9)
        await person.sees("▸ prices –", "empty: list")
        await person.press("enter", *"gpt-5.5 1.25", "enter")
        await person.sees("“gpt-5.5 1.25”: a price is input/output", "such as: gpt-5.5 1.25/10")
        await person.press("ctrl+u", *"gpt-5.5 1.25/10; -20%", "enter")
        await person.sees("▸ prices gpt-5.5 1.25/10; * -20 %", "saved")
        await person.press("escape")
        await person.sees("your prices: gpt-5.5 1.25/10; * -20 %")
        await person.press("H", "j")
        await person.sees("your prices: (hidden)")
        await person.press("H", "L")
        await person.sees("prices: none → gpt-5.5 1.25/10; * -20 %")
    assert account_prices.lines(config.paths(os.environ)) == {"litellm/work": "gpt-5.5 1.25/10; * -20 %"}


async def test_x_names_the_price_and_hides_whose_it_is_where_names_are_hidden() -> None:
    here = config.paths(os.environ)
    account_prices.put(here, "openai-api/secret-client", "* -20 %")
    used = ["--model", "gpt-5.5", "--provider", "openai", "--input", "100k", "--time", "2026-06-01"]
    assert run(["track", "--service", "openai-api", "--account", "secret-client", *used]) == 0
    collect_once(here, SETTINGS)
    feed = FakeFeed(sample())
    feed.database = here.database
    app = program(feed)
    async with app.run_test(size=(120, 36)) as pilot:
        query = UsageQuery(date(2026, 6, 1), date(2026, 6, 1), "UTC")
        app.push_screen(Explain("a day", query, app.feed, lambda: NOW))
        await until(pilot, lambda: "for openai-api/secret-client" in shown(pilot))
        assert "20 % off for this account, from prices.toml" in shown(pilot)
        await pilot.press("escape", "H")
        app.push_screen(Explain("a day", query, app.feed, lambda: NOW))
        await until(pilot, lambda: "for openai-api/account 1" in shown(pilot))
        assert "secret-client" not in shown(pilot)
