"""The Accounts pane: what it shows of each account, and what its keys do."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests import account_server
from tests.account_server import GOOD, NEWER, Provider
from tests.test_engine_accounts import stored
from tests.ui_accounts import opened, with_vault
from tests.ui_program import HOSTILE, FakeFeed, Source, sample
from tests.vaults import PASSPHRASE, means
from tokentui import config, secrets
from tokentui.billing import Account, Balance, Fetched
from tokentui.engine import keychain
from tokentui.engine.accounts import Accounts
from tokentui.secrets import Secret
from tokentui.sources import providers
from tokentui.store.ledger import StoredState

MINUTE = 60_000_000


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrets.Means, "of", staticmethod(lambda environ, _cost=None: means(environ)))


@pytest.fixture(autouse=True)
def provider(monkeypatch: pytest.MonkeyPatch) -> Iterator[Provider]:
    with account_server.serving() as served:
        account_server.point(monkeypatch, served)
        yield served


@pytest.fixture
def accounts() -> Accounts:
    """Two accounts at DeepSeek: one without a name, one called work."""
    made = with_vault()
    made.add(Account("deepseek"), Secret(GOOD))
    made.add(Account("deepseek", "work", "The shop"), Secret(GOOD))
    return made


def now() -> int:
    return time.time_ns() // 1000


def told(accounts: Accounts, *states: StoredState, left: int | None = None, key: str = "deepseek") -> None:
    """Store what the collector has found out."""
    with accounts.writing() as writer:
        writer.put_states(states)
        if left is not None:
            answer = Fetched(balances=(Balance(left, "CNY"),))
            writer.put_fetched(accounts.view(key).account, answer, now())


def state(accounts: Accounts, status: str, key: str = "deepseek", **more: object) -> StoredState:
    given: dict[str, object] = {"next_due": now() + 600 * MINUTE, **more}
    return stored(accounts.view(key).account, status, **given)


async def test_an_account_is_listed_with_all_that_matters(accounts: Accounts) -> None:
    told(accounts, state(accounts, "ok", last_success_at=now() - 3 * MINUTE), left=1_234_567_890_123)
    tools = (Source("codex", "Codex", ("/home/me/.codex",), 12), Source("gemini-cli", "Gemini CLI"))
    async with opened(FakeFeed(sample(), sources=tools)) as person:
        screen = await person.sees("Accounts 2", "The shop", "not asked yet")
        assert "▸● deepseek ok 3 min" in screen
        assert "vault · now" in screen
        assert "1,234.57 CNY" in screen
        assert "Codex from logs, nothing to set up" in screen
        assert "Gemini" not in screen, "no log of it was found"
        assert "history, cost no it offers no usage API" in screen
        assert "key: in the vault" in screen
        await person.press("end")
        await person.sees("12 log files found in /home/me/.codex", "it needs no account")
        for key in ("enter", "t", "space", "k", "d"):
            await person.press(key)
            await person.sees("nothing is set up here: 4 l sets limits")


@pytest.mark.parametrize(
    ("status", "words", "hint"),
    [
        ("degraded", "degraded", "next try"),
        ("open", "down", "next try"),
        ("key-rejected", "key rejected", "k replaces the key"),
        ("locked", "vault locked", "u unlocks the vault"),
        ("off", "not offered", "next try"),
    ],
)
async def test_what_is_wrong_is_said_with_what_to_do(
    accounts: Accounts, status: str, words: str, hint: str
) -> None:
    told(accounts, state(accounts, status, error="it went wrong", hint="try this"))
    async with opened() as person:
        await person.sees(f"deepseek {words}", "balance: it went wrong", hint, "try this")


async def test_the_next_try_is_told_by_the_clock(accounts: Accounts) -> None:
    at = now() + 5 * MINUTE
    told(accounts, state(accounts, "degraded", error="x", next_due=at))
    async with opened() as person:
        clock = time.strftime("%H:%M", time.gmtime(at // 1_000_000))
        await person.sees(f"next try {clock}")
        told(accounts, state(accounts, "degraded", error="x", next_due=now() - MINUTE))
        await person.press("r")
        await person.sees("next try soon")


async def test_an_account_is_tested(accounts: Accounts, provider: Provider) -> None:
    async with opened() as person:
        await person.press("t")
        await person.sees("✓ the key is valid; the account has enough balance")
        provider.keys.clear()
        await person.press("t")
        await person.sees("failed: DeepSeek rejected the key (401)", "platform.deepseek.com/api_keys")
        await person.press("down")
        assert "rejected" not in person.screen, "it is told of the account that was tested"
    assert [view.states for view in accounts.listed()] == [(), ()]


async def test_a_provider_that_hangs_keeps_no_key_waiting(accounts: Accounts, provider: Provider) -> None:
    provider.waits.clear()
    async with opened() as person:
        await person.press("t")
        await person.sees("asking the provider")
        await person.press("t", "down")
        await person.sees("▸○ deepseek/work")
        await person.until(lambda: provider.seen == [GOOD])
        await person.press("1")
        await person.sees("This month")
    assert len(accounts.listed()) == 2


async def test_an_account_is_paused_and_goes_on(accounts: Accounts) -> None:
    async with opened() as person:
        await person.press("space")
        await person.sees("deepseek paused", "paused: it is not asked")
        assert not accounts.view("deepseek").account.is_active
        await person.press("space")
        await person.sees("deepseek not asked yet")
        assert accounts.view("deepseek").account.is_active


async def test_an_account_goes_after_a_preview_and_a_y(accounts: Accounts) -> None:
    told(accounts, state(accounts, "ok"), left=10**9)
    async with opened() as person:
        await person.press("d")
        await person.sees("Remove deepseek: 1 balance, its key in the vault?")
        await person.press("enter")
        assert len(accounts.listed()) == 2, "only y is yes"
        await person.press("d")
        await person.sees("Remove deepseek:")
        await person.press("y")
        await person.sees("removed deepseek", "Accounts 1", "▸○ deepseek/work")
    assert [view.account.key for view in accounts.listed()] == ["deepseek/work"]


async def test_a_key_is_replaced_after_a_test(accounts: Accounts, provider: Provider) -> None:
    told(accounts, state(accounts, "key-rejected", error="rejected"))
    feed = FakeFeed(sample())
    async with opened(feed) as person:
        await person.press("k")
        await person.at("key")
        await person.paste(NEWER)
        await person.press("enter")
        await person.sees("the key is valid", "enter replaces the key")
        await person.press("escape", "t")
        await person.until(lambda: provider.seen == [NEWER, GOOD], "escape keeps the old key")
        await person.press("k")
        await person.at("key")
        await person.paste(NEWER)
        await person.press("enter")
        await person.sees("enter replaces the key")
        await person.press("enter")
        await person.sees("the key is replaced", "deepseek not asked yet")
        assert feed.refreshed == 1, "the collector asks at once"
        await person.press("t")
        await person.until(lambda: provider.seen[-1] == NEWER)


async def test_a_key_that_is_elsewhere_is_replaced_there(accounts: Accounts) -> None:
    accounts.add(Account("groq", secret_reference="env:GROQ_API_KEY"))
    async with opened() as person:
        await person.press("end", "k")
        await person.sees("from what stands in the environment variable GROQ_API_KEY", "change it there")
        await person.press("enter", "escape")
        await person.sees("Accounts 3")


async def test_the_vault_is_unlocked(accounts: Accounts) -> None:
    keychain._vault.cache_clear()
    async with opened() as person:
        await person.press("t")
        await person.sees("the test failed", "locked")
        await person.press("u")
        await person.at("phrase")
        await person.secret("wrong passphrase")
        await person.sees("does not open the vault")
        await person.secret(PASSPHRASE)
        await person.sees("the vault is unlocked")
        await person.press("t")
        await person.sees("the key is valid")
        await person.press("u")
        await person.sees("open already")
    assert accounts.listed()


async def test_an_account_whose_key_lies_in_a_locked_vault_is_removed(accounts: Accounts) -> None:
    keychain._vault.cache_clear()
    async with opened() as person:
        await person.press("d")
        await person.sees("Remove deepseek", "its key in the vault")
        await person.press("y")
        await person.until(lambda: "goes when the vault is unlocked next" in person.app.said, "what is left")
        await person.sees("Accounts 1")
    assert [view.account.key for view in accounts.listed()] == ["deepseek/work"]


async def test_of_a_vault_that_is_cut_short_no_passphrase_is_asked(home: Path) -> None:
    with_vault()
    (vault,) = home.rglob("vault.json")
    vault.write_text(vault.read_text()[:200])
    keychain._vault.cache_clear()
    async with opened() as person:
        await person.press("u")
        await person.sees("the vault is cut short", "the copy beside it may be whole")
        assert "passphrase" not in person.screen


async def test_without_a_vault_there_is_nothing_to_unlock() -> None:
    async with opened() as person:
        await person.press("u")
        await person.sees("there is no vault yet")


async def test_the_log_says_who_changed_what(accounts: Accounts) -> None:
    accounts.edit("deepseek/work", {"monthly_limit": 20 * 10**9})
    async with opened() as person:
        await person.press("L")
        await person.sees("edit deepseek/work by me", "monthly_limit: none → $20")
        screen = await person.sees("add deepseek by me")
        assert "secret_reference=vault:deepseek" in screen
        await person.press("down", "up", "escape")
        await person.sees("Accounts 2")


async def test_fields_are_edited_and_wrong_ones_refused(accounts: Accounts) -> None:
    async with opened() as person:
        await person.press("e", "enter")
        await person.paste("Mine")
        await person.press("enter")
        await person.sees("▸ title Mine", "saved")
        await person.press("down", "down", "enter", *"abc", "enter")
        await person.sees("an amount of dollars, such as: 150")
        await person.press("ctrl+u", *"12.5", "enter")
        await person.sees("monthly limit $12.5")
        await person.press("down", "down", "enter", *"5,000", "enter")
        await person.sees("token limit 5000")
        await person.press("down", "enter")
        await person.paste("http://example.com")
        await person.press("enter")
        await person.sees("without https would show the key to others", "base URL –")
        await person.press("escape")
        await person.sees("Mine", "your limits: $12.50 a month · 5,000 tokens a month")
    account = accounts.view("deepseek").account
    assert (account.label, account.monthly_limit, account.base_url) == ("Mine", 12_500_000_000, "")


async def test_what_is_off_by_default_is_warned_of_before_it_is_turned_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rows = tuple(
        row._replace(opt_ins={"guess": "this endpoint is not documented and may be withdrawn"})
        if row.name == "groq"
        else row
        for row in providers.PROVIDERS
    )
    monkeypatch.setattr(providers, "PROVIDERS", rows)
    accounts = with_vault()
    accounts.add(Account("groq"), Secret(GOOD))
    async with opened() as person:
        await person.press("e", "up")
        await person.sees("▸ guess off")
        await person.press("enter")
        await person.sees("Turn on guess? this endpoint is not documented")
        await person.press("n")
        await person.sees("▸ guess off")
        assert not accounts.view("groq").account.opted_in("guess")
        await person.press("enter", "y")
        await person.sees("▸ guess on", "saved")
        assert accounts.view("groq").account.opted_in("guess")
        await person.press("enter")
        await person.sees("▸ guess off")
    assert accounts.view("groq").account.options == {}


async def test_the_address_of_the_providers_page_is_copied(
    accounts: Accounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert accounts.listed()
    async with opened() as person:
        copied: list[str] = []
        monkeypatch.setattr(person.app, "copy_to_clipboard", copied.append)
        await person.press("o")
        await person.sees("copied: https://platform.deepseek.com/usage")
        assert copied == ["https://platform.deepseek.com/usage"]


async def test_names_are_hidden_where_names_are_hidden(accounts: Accounts) -> None:
    told(accounts, state(accounts, "ok", "deepseek/work"), left=5 * 10**9, key="deepseek/work")
    async with opened() as person:
        await person.sees("The shop", "5.00 CNY")
        await person.press("H")
        await person.sees("deepseek/account 1")
        await person.press("down")
        for hidden in ("The shop", "work", "5.00", "vault:"):
            assert hidden not in person.screen
        await person.press("e")
        await person.sees("Change DeepSeek")
        assert "work" not in person.screen
        await person.press("escape", "L")
        await person.sees("by user 1")
        assert "work" not in person.screen


async def test_hostile_words_of_a_provider_are_harmless(accounts: Accounts) -> None:
    told(accounts, state(accounts, "degraded", error=HOSTILE, hint=HOSTILE, notes=(HOSTILE,)))
    async with opened() as person:
        screen = await person.sees("[@click=app.leave]x[/]")
        assert "\x1b" not in screen
        assert "\u202e" not in screen


async def test_many_accounts_scroll_and_the_marked_one_stays_marked(accounts: Accounts) -> None:
    for number in range(50):
        accounts.add(Account("groq", f"n{number:02}", secret_reference="env:X"))
    async with opened(size=(80, 24)) as person:
        await person.press("end")
        await person.sees("▸○ groq/n49")
        accounts.remove("groq/n00")
        await person.press("r")
        await person.sees("Accounts 51", "▸○ groq/n49")
        await person.press("pageup", "home")
        await person.sees("▸○ deepseek ")


@pytest.mark.parametrize("size", [(120, 36), (80, 24), (45, 20), (20, 6)])
async def test_every_size_shows_the_account_and_its_state(accounts: Accounts, size: tuple[int, int]) -> None:
    told(accounts, state(accounts, "key-rejected", error="the key is wrong"))
    async with opened(size=size) as person:
        await person.until(lambda: "deepseek" in person.screen)
        if size[0] > 20:
            await person.sees("key rejected", "the key is wrong")
        lines = person.pane.lines(size[0], size[1] - 2)
        assert all(sum(len(text) for text, _ in line) <= size[0] for line in lines[:3])


async def test_without_a_database_the_pane_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: Accounts) -> None:
        raise RuntimeError("sk-secret-in-a-message")

    monkeypatch.setattr(Accounts, "listed", broken)
    async with opened(pane="") as person:
        await person.press("6")
        screen = await person.sees("this failed (RuntimeError)", "the log file says more")
        assert "sk-secret" not in screen


async def test_a_change_by_another_program_shows_within_seconds(accounts: Accounts) -> None:
    async with opened() as person:
        await person.sees("Accounts 2")
        assert accounts.listed()
        Accounts(config.paths(os.environ), config.Settings()).remove("deepseek")
        await person.sees("Accounts 1")


async def test_an_equal_answer_repaints_nothing(accounts: Accounts) -> None:
    async with opened() as person:
        await person.sees("Accounts 2")
        before = person.pane._drawn
        drawn = person.pane._laid_out()
        person.pane.look()
        await person.until(lambda: not person.pane._looking)
        assert person.pane._laid_out() == drawn
        assert before == drawn
    assert accounts.listed()


async def test_a_service_that_is_not_known_any_more_is_still_listed(
    accounts: Accounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = tuple(row for row in providers.PROVIDERS if row.name != "deepseek")
    monkeypatch.setattr(providers, "PROVIDERS", rows)
    async with opened() as person:
        await person.sees("deepseek", "this version of tokentui does not know the service")
        await person.press("o")
        await person.sees("no page of this service is known")
        await person.press("d")
        await person.sees("Remove deepseek")
    assert replace(accounts.view("deepseek"), states=()).provider is None


