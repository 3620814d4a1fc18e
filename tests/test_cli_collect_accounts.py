"""`tokentui collect` with accounts: who does not answer is named, and how it ends says how it went."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests import account_server, polled_provider
from tests.account_server import Provider
from tests.test_cli_show import request, tokentui
from tokentui import config, store
from tokentui.billing import Account
from tokentui.cli import KEY_REJECTED, NO_ANSWER, OK
from tokentui.sources import providers

NOBODY = "http://127.0.0.1:9"
"""Where nothing listens."""


@pytest.fixture
def provider(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Provider]:
    """A provider on loopback that takes requests without a key, and a log on this machine."""
    path = home / ".claude" / "projects" / "-work-shop" / "5e55.jsonl"
    path.parent.mkdir(parents=True)
    path.write_text(request(1, "2026-11-20T22:30:00.000Z"))
    with account_server.serving() as served:
        row = polled_provider.ROW._replace(base_url=served.url, history_days=20, reach_days=400)
        monkeypatch.setattr(providers, "PROVIDERS", (*providers.PROVIDERS, row))
        monkeypatch.setitem(account_server.BALANCE, "x", 1)
        served.keys = {""}
        yield served


def setup(*accounts: Account) -> None:
    """Have accounts set up."""
    path = config.paths(os.environ).database
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = store.open_writer(path, "UTC")
    for account in accounts:
        writer.put_account(account, "Polled", 1)
    writer.close()


@pytest.mark.parametrize(("status", "said"), [(503, "out of order (503)"), (429, "asked too often (429)")])
def test_when_no_account_answers_it_ends_with_4_and_the_logs_are_read(
    provider: Provider, status: int, said: str
) -> None:
    setup(Account("polled"), Account("polled", "work", base_url=NOBODY))
    provider.status = status
    told = tokentui("collect", "--once", code=NO_ANSWER)
    assert "Collected usage from 1 source. Total tokens: 110" in told.stdout, "the log"
    assert f"polled: Polled was {said}" in told.stderr or f"polled: Polled is {said}" in told.stderr
    assert "polled/work: 127.0.0.1 cannot be asked" in told.stderr
    assert told.stderr.count("it is asked again in ") == 2
    again = tokentui("collect", "--once", code=NO_ANSWER)
    assert said in again.stderr, "it is still so, though nobody was asked again"


def test_one_that_is_down_takes_nothing_from_the_others(provider: Provider) -> None:  # noqa: ARG001
    setup(Account("polled", "fine"), Account("polled", "down", base_url=NOBODY))
    told = tokentui("collect", "--once", code=OK)
    assert "polled/down: 127.0.0.1 cannot be asked" in told.stderr
    assert "polled/fine" not in told.stderr


def test_a_rejected_key_is_what_counts(provider: Provider) -> None:
    setup(Account("polled"), Account("polled", "down", base_url=NOBODY))
    provider.keys = set()
    told = tokentui("collect", "--once", code=KEY_REJECTED)
    assert "tokentui account rotate polled" in told.stderr


def test_accounts_that_are_not_asked_do_not_count(provider: Provider) -> None:
    provider.status = 503
    setup(Account("polled", is_active=False), Account("groq", base_url=NOBODY))
    assert tokentui("collect", "--once", code=OK).stderr == ""
    setup(Account("polled", "work"))
    tokentui("collect", "--once", code=NO_ANSWER)


def test_what_a_provider_does_not_offer_is_no_failure(provider: Provider) -> None:
    setup(Account("polled"))
    provider.status = 404
    assert "does not offer this (404)" in tokentui("collect", "--once", code=OK).stderr


def test_a_service_that_is_named_and_down_ends_with_4(provider: Provider) -> None:
    setup(Account("polled"))
    provider.status = 500
    tokentui("collect", "polled", code=NO_ANSWER)


def billed_days() -> int:
    """How many days are billed; each costs a dollar."""
    writer = store.open_writer(config.paths(os.environ).database, "UTC")
    found = store.Reader(writer.connection).billed(0, 2**62, "cost")
    writer.close()
    return len(found)


def test_historical_asks_for_all_of_it_though_nothing_is_due(provider: Provider) -> None:
    setup(Account("polled", "fine"))
    tokentui("collect", "--once", code=OK)
    assert billed_days() == 20
    asked = len(provider.seen)
    first = datetime.now(UTC).date() - timedelta(days=99)
    tokentui("show", "--historical", "--from", first.isoformat())
    assert billed_days() == 100
    assert len(provider.seen) > asked
    told = tokentui("show", "--historical", "--from", "2020-01-01")
    assert billed_days() == 400
    assert "polled/fine: its history is there from " in told.stderr


def test_the_help_says_whom_historical_asks_and_for_what() -> None:
    told = " ".join(tokentui("show", "--help").stdout.split())
    assert "due or not, for their history back to --from" in told
