"""What a person does with accounts: each use case with a real vault, a real database, a real server."""

from __future__ import annotations

import os
import pwd
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import account_server
from tests.account_server import GOOD, NEWER, Provider
from tests.vaults import PASSPHRASE, again, means, shown_by
from tokentui import config, secrets
from tokentui.billing import Account, Balance, Fetched
from tokentui.engine import keychain
from tokentui.engine.account_check import AccountProblem
from tokentui.engine.account_words import (
    answered_at,
    change_words,
    in_trouble,
    next_at,
    removal_words,
    state_of,
)
from tokentui.engine.accounts import Accounts
from tokentui.secrets import BadKey, Secret, VaultLocked, WrongPassphrase
from tokentui.sources.providers.errors import KeyRejected, Unavailable
from tokentui.store.errors import DiskFull
from tokentui.store.ledger import StoredState
from tokentui.store.place import WITHOUT_WAL, Place
from tokentui.usage import LimitReading

NOW = 1_795_000_000_000_000


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """A vault that opens at once."""
    monkeypatch.setattr(secrets.Means, "of", staticmethod(lambda environ, _cost=None: means(environ)))


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Iterator[Provider]:
    with account_server.serving() as served:
        account_server.point(monkeypatch, served)
        yield served


@pytest.fixture
def accounts(home: Path) -> Accounts:  # noqa: ARG001 (it is where they are kept)
    """No account yet; a vault that is open."""
    made = Accounts(config.paths(os.environ), config.Settings(), actor="me")
    made.create_vault(Secret(PASSPHRASE))
    return made


def stored(key: Account, status: str, **more: object) -> StoredState:
    given: dict[str, object] = {
        "failures": 0, "next_due": NOW, "error_code": "", "error": "", "hint": "", "last_success_at": None,
        "last_asked_at": None, "key_mark": "", "filled_from": None, "notes": (), "plan": "", **more,
    }  # fmt: skip
    feature = str(given.pop("feature", "balance"))
    return StoredState(key.service, key.name, feature, status, **given)  # type: ignore[arg-type]


def everything(folder: Path) -> bytes:
    """All bytes of all files below a folder."""
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def test_an_account_is_added_with_its_key_in_the_vault(accounts: Accounts, home: Path) -> None:
    view = accounts.add(Account("DeepSeek", " Work ", label="shop"), Secret(f" {GOOD}\n"))
    assert view.account == Account("deepseek", "work", "shop", "vault:deepseek.work")
    assert (view.title, view.key_changed_at is not None) == ("shop", True)
    assert accounts.listed() == [view]
    vault = again(keychain.vault_of(config.paths(os.environ)))
    vault.unlock(Secret(PASSPHRASE))
    assert vault.get("deepseek.work") == Secret(GOOD)
    assert GOOD.encode() not in everything(home), "the key is on the disk in the clear"


def test_a_second_account_of_a_service_needs_a_name(accounts: Accounts) -> None:
    accounts.add(Account("deepseek"), Secret(GOOD))
    with pytest.raises(AccountProblem, match="deepseek already") as refused:
        accounts.add(Account("deepseek"), Secret(NEWER))
    assert refused.value.field == "name"
    assert accounts.view("deepseek").account.secret_reference == "vault:deepseek"
    accounts.add(Account("deepseek", "b"), Secret(NEWER))
    assert [view.account.key for view in accounts.listed()] == ["deepseek", "deepseek/b"]


def test_an_account_without_the_key_it_needs_is_refused(accounts: Accounts) -> None:
    with pytest.raises(AccountProblem, match="needs a key") as refused:
        accounts.add(Account("deepseek"))
    assert (refused.value.field, "api_keys" in refused.value.hint) == ("key", True)
    accounts.add(Account("ollama"))
    assert [view.account.key for view in accounts.listed()] == ["ollama"]


@pytest.mark.parametrize(
    ("account", "field"),
    [
        (Account("nothing"), "service"),
        (Account("deepseek", "a b"), "name"),
        (Account("deepseek", label="\x1b[31m"), "label"),
        (Account("deepseek", label=GOOD), "label"),
        (Account("deepseek", organization=GOOD), "organization"),
        (Account("deepseek", options={"user": GOOD}), "user"),
        (Account("deepseek", base_url="http://example.com"), "base_url"),
        (Account("deepseek", base_url="https://me:pass@example.com"), "base_url"),
        (Account("deepseek", secret_reference="nonsense"), "key"),
        (Account("deepseek", interval_seconds=1), "interval_seconds"),
        (Account("deepseek", monthly_limit=-1), "monthly_limit"),
        (Account("deepseek", token_limit=1 << 62), "token_limit"),
        (Account("xai", secret_reference="env:XAI"), "team_id"),
    ],
)
def test_a_field_that_cannot_be_so_is_named_and_nothing_is_stored(
    accounts: Accounts, account: Account, field: str
) -> None:
    with pytest.raises(AccountProblem) as refused:
        accounts.add(account, None if account.secret_reference else Secret(GOOD))
    assert refused.value.field == field
    assert GOOD not in f"{refused.value!r} {refused.value} {refused.value.hint}"
    assert accounts.listed() == [], field
    assert accounts.audit_log() == [], field


def test_a_team_with_a_uuid_is_no_key(accounts: Accounts) -> None:
    team = "0a1b2c3d-4e5f-4a6b-8c7d-0e1f2a3b4c5d"
    view = accounts.add(Account("xai", secret_reference="env:XAI", options={"team_id": team}))
    assert view.account.options == {"team_id": team}


def test_a_key_with_a_blank_inside_is_refused_before_anything_is_written(accounts: Accounts) -> None:
    with pytest.raises(BadKey):
        accounts.add(Account("deepseek"), Secret("two words"))
    assert accounts.listed() == []


def test_editing_changes_what_is_named_and_the_log_says_from_what_to_what(accounts: Accounts) -> None:
    accounts.add(Account("deepseek", label="old"), Secret(GOOD))
    view = accounts.edit("deepseek", {"monthly_limit": 150 * 10**9, "label": "new"})
    assert (view.account.monthly_limit, view.title) == (150 * 10**9, "new")
    entry = accounts.audit_log()[0]
    assert (entry.actor, entry.action, entry.subject) == ("me", "edit", "deepseek")
    assert entry.before == {"monthly_limit": None, "label": "old"}
    assert entry.after == {"monthly_limit": 150 * 10**9, "label": "new"}
    assert change_words(entry) == "label: old → new, monthly_limit: none → $150"
    accounts.edit("deepseek", {"label": "new"})
    assert len(accounts.audit_log()) == 2, "what changes nothing is no change"


def test_pausing_and_going_on_are_told_as_such(accounts: Accounts) -> None:
    accounts.add(Account("deepseek"), Secret(GOOD))
    assert state_of(accounts.pause("deepseek")) == "paused"
    assert next_at(accounts.view("deepseek")) is None
    assert state_of(accounts.pause("deepseek", active=True)) == "not asked yet"
    assert [entry.action for entry in accounts.audit_log()] == ["resume", "pause", "add"]


def test_a_test_says_what_the_key_may_do_and_stores_nothing(
    accounts: Accounts, provider: Provider
) -> None:
    report = accounts.test(Account("deepseek"), Secret(GOOD))
    assert report.summary == "the key is valid; the account has enough balance for requests"
    with pytest.raises(KeyRejected, match="rejected the key") as refused:
        accounts.test(Account("deepseek"), Secret("sk-canary-wrong-wrong"))
    assert "sk-canary" not in shown_by(refused.value)
    provider.status = 503
    with pytest.raises(Unavailable):
        accounts.test(Account("deepseek"), Secret(GOOD))
    assert provider.seen == [GOOD, "sk-canary-wrong-wrong", GOOD]
    assert accounts.listed() == []


def test_an_account_is_tested_with_the_key_where_it_is(
    accounts: Accounts, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    accounts.add(Account("deepseek"), Secret(GOOD))
    accounts.test(accounts.view("deepseek").account)
    monkeypatch.setenv("MY_KEY", NEWER)
    accounts.test(Account("deepseek", secret_reference="env:MY_KEY"))
    assert provider.seen == [GOOD, NEWER]


def test_a_replaced_key_is_tried_at_once(accounts: Accounts, provider: Provider) -> None:
    account = accounts.add(Account("deepseek"), Secret(GOOD)).account
    rejected = stored(account, "key-rejected", failures=3, next_due=NOW * 2, error="rejected", hint="x")
    with accounts.writing() as writer:
        writer.put_states([rejected])
    assert state_of(accounts.view("deepseek")) == "key rejected"
    assert [state.error for state in in_trouble(accounts.view("deepseek"))] == ["rejected"]
    view = accounts.rotate("deepseek", Secret(NEWER))
    assert (view.states[0].status, view.states[0].next_due, view.states[0].error) == ("new", 0, "")
    accounts.test(view.account)
    assert provider.seen == [NEWER]
    assert [entry.action for entry in accounts.audit_log()] == ["rotate", "add"]


def test_a_key_that_is_elsewhere_is_replaced_there(accounts: Accounts) -> None:
    accounts.add(Account("deepseek", secret_reference="env:MY_KEY"))
    with pytest.raises(AccountProblem, match="not in the vault") as refused:
        accounts.rotate("deepseek", Secret(NEWER))
    assert "change it there" in refused.value.hint


def test_removing_says_before_what_goes_and_takes_the_key_with_it(accounts: Accounts) -> None:
    draft = Account("deepseek", prices="* -20 %", monthly_limit=5 * 10**9)
    account = accounts.add(draft, Secret(GOOD)).account
    reading = LimitReading("deepseek", "", "requests", 1440, 5.0, None, NOW, origin="api")
    with accounts.writing() as writer:
        told = Fetched(balances=(Balance(10**9), Balance(10**9, "CNY")), limits=(reading,))
        writer.put_fetched(account, told, NOW)
        writer.put_states([stored(account, "ok", last_success_at=NOW)])
    view = accounts.view("deepseek")
    assert answered_at(view) == NOW
    assert state_of(view) == "ok"
    going = accounts.removal("deepseek")
    assert (going["balances"], going["account_states"], going["limit_readings"]) == (2, 1, 1)
    assert removal_words(view, going) == (
        "deepseek: 2 balances, 1 reading of its limits, the limits you set, its own prices,"
        " its key in the vault"
    )
    accounts.remove("deepseek")
    assert accounts.listed() == []
    assert keychain.vault_of(config.paths(os.environ)).read().items == {}
    assert accounts.audit_log()[0].action == "remove"
    with pytest.raises(AccountProblem, match="no account"):
        accounts.remove("deepseek")


def test_a_key_that_moves_elsewhere_leaves_the_vault(accounts: Accounts) -> None:
    accounts.add(Account("deepseek"), Secret(GOOD))
    with pytest.raises(AccountProblem, match="needs a key"):
        accounts.edit("deepseek", {"secret_reference": ""})
    accounts.edit("deepseek", {"secret_reference": "env:MY_KEY"})
    assert keychain.vault_of(config.paths(os.environ)).read().items == {}


def test_an_account_that_cannot_be_stored_leaves_no_key_behind(
    accounts: Accounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tokentui.store.Writer.put_account", full)
    with pytest.raises(DiskFull):
        accounts.add(Account("deepseek"), Secret(GOOD))
    assert keychain.vault_of(config.paths(os.environ)).read().items == {}


def test_a_locked_vault_is_said_so_and_opens_by_its_passphrase(accounts: Accounts, home: Path) -> None:
    accounts.add(Account("deepseek"), Secret(GOOD))
    keychain._vault.cache_clear()
    later = Accounts(config.paths(os.environ), config.Settings(), actor="me")
    assert later.vault_state == "locked"
    with pytest.raises(VaultLocked):
        later.test(later.view("deepseek").account)
    with pytest.raises(WrongPassphrase):
        later.unlock(Secret("not the passphrase"))
    later.unlock(Secret(PASSPHRASE))
    assert later.vault_state == "open"
    assert home.exists()


def test_an_account_is_removed_while_the_vault_is_locked_and_its_key_goes_when_it_opens(
    accounts: Accounts,
) -> None:
    accounts.add(Account("deepseek"), Secret(GOOD))
    accounts.add(Account("deepseek", "work"), Secret(NEWER))
    keychain._vault.cache_clear()
    later = Accounts(config.paths(os.environ), config.Settings(), actor="me")
    left = later.remove("deepseek/work")
    assert "the vault is locked" in left
    assert left.startswith("its key goes when the vault is unlocked next")
    assert [view.account.key for view in later.listed()] == ["deepseek"]
    vault = keychain.vault_of(config.paths(os.environ))
    assert set(vault.read().items) == {"deepseek", "deepseek.work"}
    later.unlock(Secret(PASSPHRASE))
    assert set(vault.read().items) == {"deepseek"}, "the other account's key stays"
    assert later.remove("deepseek") == ""
    assert set(vault.read().items) == set()


def test_a_key_that_a_new_account_of_that_name_uses_is_not_dropped(accounts: Accounts) -> None:
    accounts.add(Account("deepseek"), Secret(GOOD))
    accounts.remove("deepseek")
    accounts.add(Account("deepseek"), Secret(NEWER))
    accounts.unlock(Secret(PASSPHRASE))
    assert keychain.vault_of(config.paths(os.environ)).get("deepseek") == Secret(NEWER)


def test_keys_in_the_environment_are_offered_until_an_account_has_them(home: Path) -> None:
    environ = {"HOME": str(home), "DEEPSEEK_API_KEY": GOOD, "ANTHROPIC_ADMIN_KEY": ""}
    accounts = Accounts(config.paths(os.environ), config.Settings(), environ)
    (offered,) = accounts.offered()
    assert (offered.provider.name, offered.reference) == ("deepseek", "env:DEEPSEEK_API_KEY")
    assert accounts.listed() == [], "nothing is taken silently"
    accounts.add(Account("deepseek", secret_reference="env:DEEPSEEK_API_KEY"))
    assert accounts.offered() == []


def test_beside_an_exclusive_connection_nothing_is_opened(home: Path) -> None:
    place = Place(str(home / "tokentui.db"), dict(WITHOUT_WAL))
    accounts = Accounts(config.paths(os.environ), config.Settings(), place=lambda: place)
    with pytest.raises(AccountProblem, match="network file system"):
        accounts.listed()
    assert not (home / "tokentui.db").exists()


def test_a_key_is_in_no_file_but_sealed(
    accounts: Accounts, provider: Provider, home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(0)
    accounts.add(Account("deepseek"), Secret(GOOD))
    accounts.test(accounts.view("deepseek").account)
    accounts.rotate("deepseek", Secret(NEWER))
    accounts.edit("deepseek", {"label": "x"})
    accounts.pause("deepseek")
    provider.keys.clear()
    with pytest.raises(KeyRejected) as refused:
        accounts.test(accounts.view("deepseek").account)
    accounts.remove("deepseek")
    found = everything(home)
    assert b"deepseek" in found, "the audit log is read"
    for key in (GOOD, NEWER):
        assert key.encode() not in found
        assert key not in shown_by(refused.value)
        assert key not in caplog.text
        assert key not in repr(accounts.audit_log())


def test_who_changed_what_has_a_name_also_where_the_environment_has_none() -> None:
    who = Accounts(config.paths(os.environ), config.Settings(), environ={}).actor
    assert who == pwd.getpwuid(os.getuid()).pw_name
