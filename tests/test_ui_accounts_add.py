"""Adding an account with the keyboard alone: each way a key comes in, each way it goes wrong."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from tests import account_server
from tests.account_server import GOOD, Provider
from tests.engine_watch import SETTINGS
from tests.test_engine_accounts import everything
from tests.ui_accounts import opened, with_vault
from tests.ui_program import FakeFeed, sample
from tests.vaults import PASSPHRASE, means
from tokentui import config, secrets
from tokentui.billing import Account
from tokentui.engine import keychain
from tokentui.engine.accounts import Accounts
from tokentui.engine.feed import EngineFeed
from tokentui.sources import providers
from tokentui.store.snapshot import Snapshot
from tokentui.ui.accounts_add import AddAccount
from tokentui.ui.lock import Locked
from tokentui.ui.plain_field import PlainField
from tokentui.ui.secret_field import SecretField

MOST_KEYS = 25


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrets.Means, "of", staticmethod(lambda environ, _cost=None: means(environ)))


@pytest.fixture(autouse=True)
def provider(monkeypatch: pytest.MonkeyPatch) -> Iterator[Provider]:
    with account_server.serving() as served:
        account_server.point(monkeypatch, served)
        yield served


def accounts() -> Accounts:
    return Accounts(config.paths(os.environ), config.Settings())


async def test_first_run_add_an_account_test_it_its_card_appears_its_limit_is_edited(
    provider: Provider, home: Path
) -> None:
    feed = EngineFeed(config.paths(os.environ), SETTINGS)
    async with opened(feed, pane="") as person:
        await person.sees("Welcome to tokentui", "a adds an account")
        await person.press("a", *"deep", "enter")
        await person.at("place")
        await person.press("enter")
        await person.at("key")
        await person.paste(GOOD)
        await person.press("enter")
        await person.at("first")
        await person.secret("correct horse")
        await person.at("again")
        await person.secret("correct horse")
        await person.sees("the key is valid")
        await person.press("enter")
        await person.sees("added deepseek")
        assert person.keys <= MOST_KEYS
        await person.until(
            lambda: any(card.service == "deepseek" for card in person.app.snapshot.cards), "the card"  # type: ignore[union-attr]
        )
        await person.sees("DeepSeek", "12.34")
        await person.press("6")
        await person.sees("deepseek ok", "12.34 USD", "vault · now")
        await person.press("e", "down", "down", "enter", *"150", "enter")
        await person.sees("$150", "saved")
        await person.press("escape")
        await person.sees("your limits: $150.00 a month")
        feed.stop(5)
    assert accounts().view("deepseek").account.monthly_limit == 150 * 10**9
    assert set(provider.seen) == {GOOD}
    assert GOOD.encode() not in everything(home)


async def test_with_an_open_vault_it_takes_a_handful_of_keys(provider: Provider) -> None:
    with_vault()
    async with opened() as person:
        await person.press("a", *"deep", "enter")
        await person.at("place")
        await person.press("enter")
        await person.at("key")
        await person.paste(f"  {GOOD}\n")
        await person.press("enter")
        await person.sees("the key is valid")
        await person.press("enter")
        await person.sees("not asked yet", "deepseek")
        assert person.keys <= 9
    assert provider.seen == [GOOD]


async def test_the_list_narrows_and_says_what_a_service_shows_and_needs() -> None:
    async with opened() as person:
        await person.press("a")
        screen = await person.sees("OpenAI API", "DeepSeek", "needs an admin key (sk-admin-…)")
        assert "OpenAI offers no balance" in screen
        await person.press(*"open", "down")
        screen = await person.sees("▸ OpenRouter", "any key (sk-or-v1-…) shows its own limit")
        assert "DeepSeek" not in screen
        await person.press(*"zzz")
        await person.sees("There is no service of that name")
        await person.press("enter")
        assert person.step == "service"


@pytest.mark.parametrize("depth", range(7))
async def test_escape_anywhere_leaves_nothing_behind(home: Path, depth: int) -> None:
    async with opened() as person:
        before = sorted(str(path) for path in home.rglob("*"))
        await person.press("a")
        await person.at("service")
        steps: list[tuple[str, Callable[[], Awaitable[None]]]] = [
            ("place", lambda: person.press(*"deep", "enter")),
            ("key", lambda: person.press("enter")),
            ("key", lambda: person.paste(GOOD)),
            ("first", lambda: person.press("enter")),
            ("again", lambda: person.secret(PASSPHRASE)),
            ("test", lambda: person.secret(PASSPHRASE)),
        ]
        for step, go in steps[:depth]:
            await go()
            await person.at(step)
        if depth == len(steps):
            await person.sees("the key is valid")
        await person.press("escape")
        await person.sees("6 Accounts")
        assert accounts().listed() == []
        assert accounts().vault_state == "none"
        assert {path for path in map(str, home.rglob("*")) if "vault" in path} <= set(before)


async def test_a_wrong_key_is_told_with_what_it_takes_and_can_be_saved_all_the_same(
    provider: Provider
) -> None:
    with_vault()
    async with opened() as person:
        await person.pick("deep")
        await person.paste("sk-wrong-wrong-wrong")
        await person.press("enter")
        await person.sees("DeepSeek rejected the key (401)", "platform.deepseek.com/api_keys")
        provider.keys.add("sk-wrong-wrong-wrong")
        await person.press("t")
        await person.sees("the key is valid")
        provider.keys.clear()
        await person.press("t")
        await person.sees("rejected", "enter saves it all the same")
        await person.press("enter")
        await person.sees("added deepseek")
    assert accounts().view("deepseek").account.secret_reference == "vault:deepseek"


async def test_a_provider_that_hangs_can_be_saved_without_waiting(provider: Provider) -> None:
    with_vault()
    provider.waits.clear()
    async with opened() as person:
        await person.pick("deep")
        await person.paste(GOOD)
        await person.press("enter")
        await person.sees("asking the provider", "s saves without waiting")
        await person.press("enter")
        assert person.step == "test", "what it may do is not known yet"
        await person.press("s")
        await person.sees("added deepseek")
    provider.waits.set()


async def test_what_is_saved_below_the_lock_of_the_screen_is_told_after_it(provider: Provider) -> None:
    with_vault()
    async with opened() as person:
        provider.waits.clear()
        await person.pick("deep")
        await person.paste(GOOD)
        await person.press("enter")
        await person.at("test")
        await person.app.push_screen(Locked(id="locked"))
        provider.waits.set()
        window = person.app.screen_stack[1]
        assert isinstance(window, AddAccount)
        await person.until(lambda: window._report is not None)
        await window._enter_test()
        await person.until(lambda: window.step == "saved")
        await person.press("x")
        await person.sees("added deepseek", "enter closes")
        await person.press("enter")
        await person.sees("its figures come within seconds")


async def test_what_is_no_key_is_asked_for_again() -> None:
    with_vault()
    async with opened() as person:
        await person.pick("deep")
        await person.paste("two words")
        await person.press("enter")
        await person.sees("this is no key: it holds a blank", "copy the key again")
        assert "two" not in person.screen
        await person.press("enter")
        await person.sees("it is empty")


async def test_a_short_passphrase_and_two_that_differ_are_asked_for_again(provider: Provider) -> None:
    async with opened() as person:
        await person.pick("deep")
        await person.paste(GOOD)
        await person.press("enter")
        await person.at("first")
        await person.secret("short")
        await person.sees("at least 8 characters", "random words")
        await person.secret("long enough")
        await person.at("again")
        await person.secret("long enougH")
        await person.sees("the two differ")
        assert person.step == "first"
    assert provider.seen == []


async def test_a_locked_vault_is_opened_on_the_way() -> None:
    with_vault()
    keychain._vault.cache_clear()
    async with opened() as person:
        await person.pick("deep")
        await person.paste(GOOD)
        await person.press("enter")
        await person.at("phrase")
        await person.secret("wrong passphrase")
        await person.sees("does not open the vault")
        await person.secret(PASSPHRASE)
        await person.sees("the key is valid")
        await person.press("enter")
        await person.sees("added deepseek")


async def test_a_key_that_was_found_is_offered_and_one_key_takes_the_offer(
    monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEEPSEEK_API_KEY", GOOD)
    async with opened() as person:
        screen = await person.sees("$DEEPSEEK_API_KEY is set", "It is not used until you say so")
        assert GOOD not in screen
        assert accounts().listed() == []
        await person.press("enter")
        await person.sees("the key is valid")
        await person.press("enter")
        await person.sees("deepseek not asked yet")
        assert "$DEEPSEEK_API_KEY is set" not in person.screen
        assert person.keys == 2
    assert accounts().view("deepseek").account.secret_reference == "env:DEEPSEEK_API_KEY"


async def test_a_found_key_is_among_the_places_of_its_service_only(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEEPSEEK_API_KEY", GOOD)
    async with opened() as person:
        await person.press("a", *"groq", "enter")
        await person.at("place")
        assert "$DEEPSEEK_API_KEY" not in person.screen
        await person.press("escape", "a", *"deep", "enter")
        await person.at("place")
        await person.press("down", "enter")
        await person.sees("the key is valid")
    assert provider.seen == [GOOD]


@pytest.mark.parametrize(
    ("downs", "kind", "wrong", "why", "right"),
    [
        (1, "env", "no name", "no name of an environment variable", "MY_KEY"),
        (2, "file", "key.txt", "must be a full path", "~/key"),
        (3, "command", "cat | head", "without a shell", "cat {home}/key"),
    ],
)
async def test_a_key_stays_where_it_is_named(
    provider: Provider, home: Path, monkeypatch: pytest.MonkeyPatch,
    downs: int, kind: str, wrong: str, why: str, right: str,
) -> None:  # fmt: skip
    monkeypatch.setenv("MY_KEY", GOOD)
    monkeypatch.chdir(home)
    (home / "key").write_text(f"{GOOD}\n")
    (home / "key").chmod(0o600)
    async with opened() as person:
        await person.press("a", *"deep", "enter")
        await person.at("place")
        await person.press(*["down"] * downs, "enter")
        await person.at("reference")
        await person.paste(wrong)
        await person.press("enter")
        await person.sees(why)
        await person.press("ctrl+u")
        await person.paste(right.format(home=home))
        await person.press("enter")
        await person.sees("the key is valid")
        await person.press("enter")
        await person.sees("added deepseek")
    assert accounts().view("deepseek").account.secret_reference == f"{kind}:{right.format(home=home)}"
    assert accounts().vault_state == "none", "it needs no vault"
    assert provider.seen == [GOOD]


async def test_a_key_pasted_into_a_field_that_shows_it_is_not_taken() -> None:
    async with opened() as person:
        await person.press("a")
        await person.at("service")
        await person.paste(GOOD)
        screen = await person.sees("this looks like a key")
        assert "canary" not in screen
        assert GOOD not in str([vars(node) for node in person.app.screen.walk_children()])


async def test_only_what_a_service_needs_is_asked_for(provider: Provider) -> None:
    accounts().add(Account("moonshot", secret_reference="env:FIRST"))
    with_vault()
    async with opened() as person:
        await person.pick("moon")
        await person.paste(GOOD)
        await person.press("enter")
        await person.sees("A name for this account", "there is one already")
        await person.press("enter")
        await person.sees("this is needed")
        await person.press(*"work", "enter")
        await person.sees("Base URL", "For the Chinese platform")
        await person.paste("http://example.com")
        await person.press("enter")
        await person.sees("without https would show the key to others")
        await person.press("ctrl+u")
        await person.paste(provider.url)
        await person.press("enter")
        await person.sees("enter saves it")
        await person.press("enter")
        await person.sees("added moonshot/work")
    assert accounts().view("moonshot/work").account.base_url == provider.url


async def test_an_address_that_will_not_do_stays_to_be_mended_with_the_reason() -> None:
    with_vault()
    async with opened() as person:
        await person.pick("litellm")
        await person.paste(GOOD)
        await person.press("enter")
        await person.sees("Base URL")
        await person.paste("here")  # behind the address that stands there
        await person.press("enter")
        await person.sees("the base URL is no address")
        assert person.app.screen.query_one(PlainField).value == "http://127.0.0.1:4000here"
        await person.press(*["backspace"] * 4)
        assert "is no address" not in person.screen


async def test_what_runs_on_this_machine_needs_no_key() -> None:
    async with opened() as person:
        await person.press("a", *"ollama", "enter")
        await person.sees("Base URL")
        await person.press("enter")
        await person.sees("enter saves")
        await person.press("enter")
        await person.sees("added ollama")
    assert accounts().view("ollama").account.base_url == "http://127.0.0.1:11434"


async def test_a_key_that_may_do_more_than_read_is_warned_of(monkeypatch: pytest.MonkeyPatch) -> None:
    from tokentui.billing import KeyReport
    from tokentui.sources.providers import deepseek

    async def test(*_: object) -> KeyReport:
        return KeyReport("an admin key", ("balance",), ("it can also create keys; keep it in the vault",))

    monkeypatch.setattr(deepseek, "test", test)
    monkeypatch.setenv("DEEPSEEK_API_KEY", GOOD)
    async with opened() as person:
        await person.press("enter")
        await person.sees("an admin key", "! it can also create keys")


async def test_the_overview_adds_too_and_a_key_is_nowhere_in_the_tree() -> None:
    with_vault()
    async with opened(FakeFeed(sample()), pane="") as person:
        await person.pick("deep")
        field = person.app.screen.query_one(SecretField)
        await person.paste(GOOD)
        assert "•" in field.plain
        assert GOOD not in person.screen
        await person.press("enter")
        await person.sees("the key is valid")
        assert field._typed == []
        assert GOOD not in str([vars(node) for node in person.app.screen.walk_children()])
        assert GOOD not in str(vars(person.app.screen))
        await person.press("enter")
        await person.sees("added deepseek")


async def test_what_cannot_be_saved_is_said_and_can_be_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEEPSEEK_API_KEY", GOOD)
    async with opened() as person:
        await person.press("enter")
        await person.sees("the key is valid")
        accounts().add(Account("deepseek", secret_reference="env:OTHER"))
        await person.press("enter")
        await person.sees("there is an account deepseek already", "A name for this account")
        await person.press(*"b", "enter")
        await person.sees("the key is valid")
        await person.press("enter")
        await person.sees("added deepseek/b")


def test_a_snapshot_without_requests_but_with_a_card_is_no_first_run() -> None:
    from tokentui.ui.app import TokenTUI

    card = sample().cards[0]
    app = TokenTUI(FakeFeed(), version="0")
    app.set_reactive(TokenTUI.snapshot, Snapshot(sample().today, "UTC", cards=(card,)))
    assert app.shown_pane() == "overview"
    app.set_reactive(TokenTUI.snapshot, Snapshot(sample().today, "UTC"))
    assert app.shown_pane() == "first-run"


def test_the_services_are_those_of_the_registry() -> None:
    from tokentui.ui.accounts_steps import services

    every = list(providers.rows().values())
    assert services(every, "") == every
    assert [row.name for row in services(every, "API open")] == ["openai-api"]
