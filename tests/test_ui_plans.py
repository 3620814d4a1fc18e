"""Plans in the dashboard: entered, changed and removed by keyboard alone, on any screen."""

from __future__ import annotations

import os
from datetime import date

import pytest

from tests.store_batches import NOW
from tests.ui_accounts import Person, opened
from tests.ui_program import FakeFeed, sample
from tokentui import config
from tokentui.billing import Account
from tokentui.engine import plans as entered
from tokentui.engine.accounts import Accounts
from tokentui.store.subscriptions import Subscription
from tokentui.ui import cards

SIZES = [(120, 36), (80, 24), (45, 20)]


@pytest.fixture
def accounts() -> Accounts:
    return Accounts(config.paths(os.environ), config.Settings(), actor="me")


def stored(accounts: Accounts) -> list[Subscription]:
    return list(entered.plans(accounts))


async def typed(person: Person, text: str) -> None:
    """Fill the marked field."""
    await person.press("enter")
    await person.paste(text)
    await person.press("enter")


@pytest.mark.parametrize("size", SIZES)
async def test_a_plan_is_entered_changed_and_removed_by_keyboard(
    accounts: Accounts, size: tuple[int, int]
) -> None:
    feed = FakeFeed(sample(), sample(), sample(), sample())
    async with opened(feed, size=size) as person:
        await person.press("s")
        await person.sees("No plan is entered")
        await person.press("a")
        await person.sees("Enter a plan")
        await person.press("enter")
        await person.sees("Whose plan is it?", "claude-code")
        await person.press("c", "c", "enter")  # a letter goes to what begins with it
        for value in ("17.99", "eur", "Plus", "2026-03-31", ""):
            await typed(person, value)
        await person.press("s")
        await person.sees("entered: codex", "17.99 EUR a month since 31 Mar 2026")
        assert stored(accounts) == [
            Subscription(1, "codex", "", "Plus", 17_990_000_000, "EUR", date(2026, 3, 31))
        ]
        assert feed.refreshed == 1, "what is to pay follows at once"
        await person.press("enter")
        await person.sees("Change the plan codex")
        await person.press("up")
        await typed(person, "2026-10-30")
        await person.press("s")
        await person.sees("changed: codex", "until 30 Oct 2026")
        assert [plan.last_day for plan in stored(accounts)] == [date(2026, 10, 30)]
        await person.press("d")
        await person.sees("Remove codex Plus", "7 charges till today")
        await person.press("n")
        assert len(stored(accounts)) == 1
        await person.press("d")
        await person.sees("Remove codex Plus")
        await person.press("y")
        await person.sees("removed: codex Plus", "No plan is entered")
        assert stored(accounts) == []
        await person.press("escape", "L")
        if size[1] > 24:
            log = await person.sees("unsubscribe codex by", "change plan codex by", "price=17.99")
            assert " subscribe codex by" in log


async def test_wrong_input_gets_its_place_a_reason_and_an_example(accounts: Accounts) -> None:
    async with opened() as person:
        await person.press("s", "a")
        await person.sees("Enter a plan")
        await person.press("s")
        await person.sees("account: whose plan is it?; enter chooses the account")
        await person.press("enter", "enter", "s")
        await person.sees("price: the price is missing; such as: 20 or 17.99")
        for field, wrong, reason, right in (
            ("price", "cheap", "“cheap” is no price of a month; such as: 20", "20"),
            ("currency", "€", "“€” is no currency; such as: EUR", ""),
            ("name", "", "", "Max"),
            ("first day", "March", "“March” is no date; such as: 2026-03-01", "2026-03-03"),
            ("last day", "2026-02-30", "“2026-02-30” is no date; such as: 2026-03-01", "2026-03-02"),
        ):
            await person.press("enter")
            await person.sees(f"{field}: ")
            if reason:
                await person.paste(wrong)
                await person.press("enter")
                await person.sees(reason)
                await person.press(*["backspace"] * len(wrong))
            await person.paste(right)
            await person.press("enter")
        await person.press("s")
        await person.sees("last day: it ends before it begins; such as: 2026-03-03")
        assert stored(accounts) == []
        await person.press("escape")
        await person.sees("No plan is entered")


async def test_an_accounts_page_opens_its_own_plans(accounts: Accounts) -> None:
    accounts.add(Account("ollama", "box", base_url="http://127.0.0.1:9"))
    entered.subscribe(accounts, "codex", {"price": "20"}, date(2026, 11, 1))
    entered.subscribe(accounts, "ollama/box", {"price": "0", "name": "mine"}, date(2026, 11, 1))
    with accounts.reading() as reader:
        assert reader is not None
        shown = reader.snapshot(NOW, "UTC")
    async with opened(FakeFeed(shown, sources=()), pane="") as person:
        order = [card.service for card in cards.ordered(shown.cards, NOW / 1e6)]
        await person.press(*["right"] * (1 + order.index("ollama")), "enter", "s")
        await person.sees("Plans paid for each month", "▸ ollama/box mine $0.00", "codex $20.00")
        await person.press("a")
        await person.sees("account ollama/box")
        await typed(person, "5")
        await person.press("s")
        await person.sees("entered: ollama/box, $5.00 a month")


async def test_the_plans_are_in_the_help_and_in_the_palette() -> None:
    async with opened(size=(120, 60)) as person:
        await person.press("question_mark")
        await person.sees("Enter, change and remove monthly plans")
        await person.press("escape", "ctrl+p")
        await person.paste("monthly plans")
        await person.sees("Enter, change and remove monthly plans")
        await person.press("enter")
        await person.sees("Plans paid for each month")


async def test_privacy_hides_whose_plan_it_is_and_what_it_costs(accounts: Accounts) -> None:
    accounts.add(Account("ollama", "canary", base_url="http://127.0.0.1:9"))
    entered.subscribe(accounts, "ollama/canary", {"price": "4321"}, date(2026, 11, 1))
    async with opened() as person:
        await person.press("H", "s")
        await person.sees("Plans paid for each month", "ollama/account 1")
        await person.press("d")
        await person.sees("Remove ollama/account 1")
        assert "canary" not in person.screen
        assert "321" not in person.screen
