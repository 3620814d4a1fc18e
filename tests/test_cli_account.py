"""`tokentui account`, `providers` and `url`, as typed: keys on standard input, each failure said."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests import account_server
from tests.account_server import GOOD, NEWER, Provider
from tests.test_engine_accounts import everything
from tests.ui_accounts import with_vault
from tests.vaults import PASSPHRASE, means
from tokentui import secrets
from tokentui.cli import run
from tokentui.engine import keychain
from tokentui.sources import matrix, providers

Typed = Callable[..., tuple[int, str, str]]


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrets.Means, "of", staticmethod(lambda environ, _cost=None: means(environ)))
    monkeypatch.setenv("USER", "me")


@pytest.fixture(autouse=True)
def provider(monkeypatch: pytest.MonkeyPatch) -> Iterator[Provider]:
    with account_server.serving() as served:
        account_server.point(monkeypatch, served)
        yield served


@pytest.fixture
def typed(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Typed:
    """Run a command with `given` as its standard input; return its code, output and errors."""

    def run_it(*arguments: str, given: str = "") -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given.encode())))
        code = run(list(arguments))
        shown = capsys.readouterr()
        assert "canary" not in shown.out + shown.err, "a key is on the terminal"
        return code, shown.out, shown.err

    return run_it


def added(typed: Typed) -> None:
    """Have DeepSeek set up, its key in an open vault."""
    with_vault()
    code, _, err = typed("account", "add", "deepseek", given=f"{GOOD}\n")
    assert (code, err) == (0, "")


def test_a_key_from_standard_input_is_tested_and_kept(typed: Typed, provider: Provider, home: Path) -> None:
    with_vault()
    code, out, err = typed("account", "add", "DeepSeek", "--label", "Mine", given=f"{GOOD}\n")
    assert (code, err) == (0, "")
    assert out.splitlines()[0] == "the key is valid; the account has enough balance for requests"
    assert "added deepseek" in out
    assert provider.seen == [GOOD]
    assert GOOD.encode() not in everything(home)
    code, out, _ = typed("account", "list")
    assert code == 0
    (line,) = [line for line in out.splitlines() if line.startswith("deepseek")]
    assert " ".join(line.split()) == "deepseek Mine not asked yet never – vault 0 days –"
    (account,) = json.loads(typed("account", "list", "--json")[1])["accounts"]
    assert (account["account"], account["key"], account["state"]) == (
        "deepseek", "vault:deepseek", "not asked yet"
    )  # fmt: skip


def test_a_rejected_key_is_not_saved_and_ends_with_3(typed: Typed) -> None:
    with_vault()
    code, out, err = typed("account", "add", "deepseek", given="sk-wrong-wrong-wrong\n")
    assert (code, out) == (3, "")
    assert "DeepSeek rejected the key (401)" in err
    assert "any API key: platform.deepseek.com/api_keys" in err
    assert "--no-test saves it all the same" in err
    assert json.loads(typed("account", "list", "--json")[1])["accounts"] == []
    code, out, _ = typed("account", "add", "deepseek", "--no-test", given="sk-wrong-wrong-wrong\n")
    assert (code, "added deepseek" in out) == (0, True)
    code, _, err = typed("account", "test", "deepseek")
    assert code == 3
    assert "then: tokentui account rotate deepseek" in err


def test_a_provider_out_of_order_ends_with_1(typed: Typed, provider: Provider) -> None:
    added(typed)
    provider.status = 503
    code, _, err = typed("account", "test", "deepseek")
    assert (code, "out of order (503)" in err) == (1, True)
    provider.status = 0
    assert typed("account", "test", "deepseek")[:2] == (
        0, "the key is valid; the account has enough balance for requests\n"
    )  # fmt: skip


def test_without_a_vault_or_with_a_locked_one_the_key_is_not_even_asked_for(
    typed: Typed, provider: Provider
) -> None:
    code, _, err = typed("account", "add", "deepseek", given=f"{GOOD}\n")
    assert (code, "there is no vault" in err, "tokentui vault init" in err) == (1, True, True)
    with_vault()
    keychain._vault.cache_clear()
    code, _, err = typed("account", "add", "deepseek", given=f"{GOOD}\n")
    assert (code, "the vault is locked" in err, "TOKENTUI_VAULT_PASSPHRASE" in err) == (1, True, True)
    assert provider.seen == []


def test_why_the_vault_stays_shut_is_told(typed: Typed, monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    added(typed)
    monkeypatch.setenv("TOKENTUI_VAULT_PASSPHRASE", "another one 123")
    keychain._vault.cache_clear()
    code, _, err = typed("account", "test", "deepseek")
    assert (code, "what was found there does not open it" in err) == (1, True)
    (vault,) = home.rglob("vault.json")
    vault.write_text(vault.read_text()[:200])
    keychain._vault.cache_clear()
    code, _, err = typed("account", "test", "deepseek")
    assert (code, "cut short" in err, f"{vault}.bak" in err) == (1, True, True)


def test_the_passphrase_may_come_from_the_environment(typed: Typed, monkeypatch: pytest.MonkeyPatch) -> None:
    with_vault()
    keychain._vault.cache_clear()
    monkeypatch.setenv("TOKENTUI_VAULT_PASSPHRASE", PASSPHRASE)
    code, _, err = typed("account", "add", "deepseek", given=f"{GOOD}\n")
    assert (code, err) == (0, "")


def test_a_key_stays_where_an_option_says_it_is(
    typed: Typed, home: Path, monkeypatch: pytest.MonkeyPatch, provider: Provider
) -> None:
    (home / "key").write_text(f"{NEWER}\n")
    (home / "key").chmod(0o600)
    monkeypatch.setenv("MY_KEY", GOOD)
    assert typed("account", "add", "deepseek", "env", "--key-env", "MY_KEY")[0] == 0
    assert typed("account", "add", "deepseek", "file", "--key-file", str(home / "key"))[0] == 0
    assert typed("account", "add", "deepseek", "command", "--key-command", f"cat {home}/key")[0] == 0
    assert provider.seen == [GOOD, NEWER, NEWER]
    code, _, err = typed("account", "rotate", "deepseek/env", given=f"{NEWER}\n")
    assert code == 1
    assert "there is no vault" in err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("add", "nothing"), "there is no service “nothing”"),
        (("add", "deepseek", "two words"), "no name for an account"),
        (("add", "deepseek", GOOD), "the name looks like a key"),
        (("add", "deepseek", GOOD, "--key-env", "X", "--no-test"), "the name looks like a key"),
        (("test", GOOD), "no account of that name"),
        (("add", "xai", "--key-env", "X"), "team id is missing"),
        (("add", "deepseek", "--key-env", "X", "--key-file", "/y"), "a key comes from one place"),
        (("add", "deepseek", "--key-env", "X", "--base-url", "http://example.com"), "without https"),
        (("add", "deepseek", "--key-env", GOOD), "not shown"),
        (("add", "xai", "--key-env", "X", "--set", "team_id"), "has no value"),
        (("add", "xai", "--key-env", "X", "--set", f"team_id={GOOD}"), "looks like a key"),
        (("add", "deepseek", "--key-env", "X", "--set", "a=b"), "has no option “a”"),
        (("add", "deepseek", "--key-env", "X", "--opt-in", "a"), "nothing that can be turned on"),
        (("add", "deepseek", "--key-env", "X", "--monthly-limit", "much"), "no amount of dollars"),
        (("test", "nothing"), "there is no account “nothing”"),
        (("edit", "deepseek/x", "--label", "x"), "there is no account"),
        (("remove", "deepseek/x", "--yes"), "there is no account"),
        (("pause", "deepseek/x"), "there is no account"),
        (("audit", "--limit", "0"), "0"),
    ],
)
def test_what_cannot_be_is_said_and_changes_nothing(
    typed: Typed, arguments: tuple[str, ...], says: str
) -> None:
    code, out, err = typed("account", *arguments)
    assert code in (1, 2)
    assert out == ""
    assert says in err
    assert "Traceback" not in err
    assert json.loads(typed("account", "list", "--json")[1])["accounts"] == []


def test_an_account_that_is_there_is_not_added_again(typed: Typed, provider: Provider) -> None:
    added(typed)
    code, _, err = typed("account", "add", "deepseek", given=f"{NEWER}\n")
    assert (code, "deepseek already" in err, "account edit deepseek" in err) == (2, True, True)
    assert provider.seen == [GOOD]


def test_fields_are_changed_and_taken_away(typed: Typed) -> None:
    added(typed)
    given = "--monthly-limit $1,150.50 --token-limit 5000 --label Mine --interval 900"
    assert typed("account", "edit", "deepseek", *given.split())[:2] == (0, "changed deepseek\n")
    (account,) = json.loads(typed("account", "list", "--json")[1])["accounts"]
    assert (account["monthly_limit"], account["token_limit"], account["title"]) == ("1150.5", 5000, "Mine")
    assert typed("account", "edit", "deepseek", "--monthly-limit", "0", "--token-limit", "0")[0] == 0
    (account,) = json.loads(typed("account", "list", "--json")[1])["accounts"]
    assert (account["monthly_limit"], account["token_limit"]) == (None, None)
    code, _, err = typed("account", "edit", "deepseek")
    assert (code, "nothing to change was named" in err) == (2, True)
    code, _, err = typed("account", "edit", "deepseek", "--interval", "1")
    assert (code, "too often" in err) == (1, True)


def test_what_is_off_by_default_is_warned_of(typed: Typed, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = tuple(
        row._replace(opt_ins={"guess": "not documented"}) if row.name == "groq" else row
        for row in providers.PROVIDERS
    )
    monkeypatch.setattr(providers, "PROVIDERS", rows)
    typed("account", "add", "groq", "--key-env", "X", "--no-test")
    code, _, err = typed("account", "edit", "groq", "--opt-in", "guess")
    assert (code, err) == (0, "guess: not documented\n")
    assert "options: none → opt_in=guess" in typed("account", "audit")[1]
    assert typed("account", "edit", "groq", "--opt-out", "guess")[0] == 0


def test_pausing_and_going_on(typed: Typed) -> None:
    added(typed)
    assert typed("account", "pause", "deepseek")[:2] == (0, "paused deepseek\n")
    assert "paused" in typed("account", "list")[1]
    assert typed("account", "resume", "deepseek")[:2] == (0, "resumed deepseek\n")
    entries = json.loads(typed("account", "audit", "--json")[1])["entries"]
    assert [entry["action"] for entry in entries] == ["resume", "pause", "add"]


def test_a_key_is_replaced_and_the_log_says_so(typed: Typed, provider: Provider, home: Path) -> None:
    added(typed)
    code, _, err = typed("account", "rotate", "deepseek", given="sk-wrong-wrong-wrong\n")
    assert (code, "--no-test replaces it all the same" in err) == (3, True)
    code, out, _ = typed("account", "rotate", "deepseek", given=f"{NEWER}\n")
    assert (code, "withdraw the old one at the provider" in out) == (0, True)
    typed("account", "test", "deepseek")
    assert provider.seen == [GOOD, "sk-wrong-wrong-wrong", NEWER, NEWER]
    code, out, _ = typed("account", "audit")
    told = [line.split()[3:5] for line in out.splitlines()[-2:]]
    assert told == [["rotate", "deepseek"], ["add", "deepseek"]]
    assert NEWER.encode() not in everything(home)


def test_removing_says_what_goes_and_asks(typed: Typed) -> None:
    added(typed)
    code, out, err = typed("account", "remove", "deepseek", given="y\n")
    assert (code, out) == (1, "deepseek: its key in the vault\n")
    assert "--yes removes it without asking" in err
    code, out, _ = typed("account", "remove", "deepseek", "--yes")
    assert (code, out.splitlines()[-1]) == (0, "removed deepseek")
    assert typed("account", "list")[1].startswith("No accounts are set up.")


def test_collecting_knows_an_account_that_is_paused(typed: Typed) -> None:
    added(typed)
    assert typed("account", "pause", "deepseek")[0] == 0
    for words in (("collect", "--once"), ("collect", "deepseek")):
        code, out, err = typed(*words)
        assert (code, err) == (0, ""), "not: No configuration found"
        assert out.startswith("Collected usage from 0 sources.")


def test_what_is_due_another_day_says_which(typed: Typed, provider: Provider) -> None:
    added(typed)
    provider.status = 404
    assert typed("collect", "--once")[0] == 0
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    assert f" {tomorrow:%b} {tomorrow.day} " in typed("account", "list")[1]


def test_a_key_in_the_environment_is_offered_in_the_list(
    typed: Typed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEEPSEEK_API_KEY", GOOD)
    out = typed("account", "list")[1]
    assert "DEEPSEEK_API_KEY is set; to use it for DeepSeek: tokentui account add deepseek --key-env" in out
    assert typed("account", "add", "deepseek", "--key-env", "DEEPSEEK_API_KEY")[0] == 0
    assert "is set; to use it" not in typed("account", "list")[1]


def test_the_providers_are_those_of_the_registry(typed: Typed) -> None:
    code, out, _ = typed("providers", "--matrix")
    assert code == 0
    for row in providers.PROVIDERS:
        assert f"\n{row.name} " in out
    told = json.loads(typed("providers", "--json")[1])["providers"]
    assert [each["name"] for each in told] == [each.name for each in matrix.matrix()]
    openai = next(each for each in told if each["name"] == "openai-api")
    assert openai["capabilities"]["balance"]["offer"] == "no"
    code, out, _ = typed("providers", "DeepSeek")
    assert "key        any API key: platform.deepseek.com/api_keys" in out
    assert "balance    yes" in out
    code, _, err = typed("providers", "nothing")
    assert (code, "there is no service “nothing”" in err) == (2, True)


def test_the_page_of_a_service_is_printed(typed: Typed) -> None:
    assert typed("url", "claude") == (0, "https://claude.ai/settings/usage\n", "")
    assert typed("url", "deepseek") == (0, "https://platform.deepseek.com/usage\n", "")
    code, _, err = typed("url", "ollama")
    assert (code, "has no page of its own" in err) == (2, True)
