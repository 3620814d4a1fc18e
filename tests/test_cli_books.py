"""What providers billed, at the command line: explain --account, show --book billed, show --historical."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests import account_server, polled_provider
from tests.account_server import Provider
from tests.billed_accounts import WORK, at, busy, cost, tell
from tests.test_cli_show import document as computed
from tests.test_cli_show import request, tokentui
from tests.ui_program import HOSTILE
from tokentui import config, store
from tokentui.billing import Account
from tokentui.cli import MISUSED
from tokentui.cli import explain as explaining
from tokentui.cli import show as showing
from tokentui.sources import providers

TODAY = datetime.now(UTC).date()
ACCOUNT = ("explain", "--no-collect", "--account")
BILLED = ("show", "--no-collect", "--book", "billed")


@pytest.fixture
def database(home: Path) -> Path:  # noqa: ARG001 (it is where the home is)
    """Two accounts with a bill of 41 days, and one in euros."""
    path = config.paths(os.environ).database
    path.parent.mkdir(parents=True)
    writer = store.open_writer(path, "UTC")
    busy(writer, TODAY)
    busy(writer, TODAY, account=Account("anthropic-api"))
    yesterday = TODAY - timedelta(days=1)
    tell(writer, [cost(yesterday, 7.0, currency="EUR")], at(TODAY) + 1, Account("mistral"))
    writer.close()
    return path


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Iterator[Provider]:
    """A provider on loopback that bills a dollar a day."""
    with account_server.serving() as served:
        row = polled_provider.ROW._replace(base_url=served.url)
        monkeypatch.setattr(providers, "PROVIDERS", (*providers.PROVIDERS, row))
        yield served


def explained(*arguments: str) -> Any:
    """What `explain --account … --json` says, held against its schema."""
    read = json.loads(tokentui(*ACCOUNT, *arguments, "--json").stdout)
    Draft202012Validator(json.loads(explaining.schema_text(of_account=True))).validate(read)
    return read


def billed(*arguments: str) -> Any:
    """What `show --book billed --json` says, held against its schema."""
    read = json.loads(tokentui(*BILLED, "--json", *arguments).stdout)
    Draft202012Validator(json.loads(showing.schema_text("billed"))).validate(read)
    return read


def dollars(money: list[dict[str, str]]) -> str:
    return next((each["amount"] for each in money if each["currency"] == "USD"), "")


@pytest.mark.usefixtures("database")
def test_the_gap_is_told_day_by_day_for_the_last_thirty_utc_days() -> None:
    read = explained("openai-api/work")
    assert (read["from"], read["to"]) == ((TODAY - timedelta(days=29)).isoformat(), TODAY.isoformat())
    assert len(read["days"]) == 30
    old = next(day for day in read["days"] if day["day"] == (TODAY - timedelta(days=10)).isoformat())
    assert (dollars(old["billed"]), old["listed_cost"], old["state"]) == ("1.50", "2.00", "closed")
    assert old["gap"] == {"gap": "-0.50", "percent": -25.0, "why": None}
    assert old["gap_to_logs"]["why"] == "no log here knows of it"
    assert read["days"][-1]["state"] == "open"
    assert read["unpriced"] == ["images"]
    assert [line["name"] for line in read["lines"]] == ["gpt-5.5, input", "gpt-5.5, output"]
    assert read["balances"][-1]["history"][-1]["amount"] == "25.00"
    assert "usage may lag by an hour" in read["remarks"]


@pytest.mark.usefixtures("database")
def test_a_person_reads_what_is_closed_what_may_change_and_why_there_is_no_gap() -> None:
    said = tokentui(*ACCOUNT, "openai-api/work").stdout
    for words in (
        "openai-api/work, ", "May still change: ", "A day closes once it was fetched three days after",
        "-$0.50 (-25.0 %)", "no list price: images", "OpenAI API: usage may lag by an hour",
        "throttled by the provider; it asked us to wait", "gpt-5.5, output",
    ):  # fmt: skip
        assert words in said
    row = next(line for line in said.splitlines() if line.startswith(f"{TODAY - timedelta(days=10)}"))
    assert row.split()[1:4] == ["closed", "$1.50", "$2.00~"]
    assert "7.00 EUR" in tokentui(*ACCOUNT, "mistral").stdout


@pytest.mark.usefixtures("database")
def test_days_can_be_named() -> None:
    read = explained("openai-api/work", "--from", "-3d", "--to", "yesterday")
    assert [day["day"] for day in read["days"]] == [
        (TODAY - timedelta(days=age)).isoformat() for age in (3, 2, 1)
    ]
    assert explained("openai-api/work", "--from", "this month")["to"] == TODAY.isoformat()


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((*ACCOUNT, "nobody"), "there are: anthropic-api, mistral, openai-api/work"),
        ((*ACCOUNT, "mistral", "--project", "x"), "exclude each other"),
        ((*ACCOUNT, "mistral", "--tz", "Europe/Berlin"), "whole UTC days"),
        ((*ACCOUNT, "mistral", "--from", "someday"), "such as"),
        ((*BILLED, "--project", "x"), "without --book billed"),
        ((*BILLED, "--currency", "EUR"), "in their own currency"),
        ((*BILLED, "--by", "project"), "one or two of day"),
        ((*BILLED, "--by", "day,model,service"), "two at most"),
        ((*BILLED, "--sort", "tokens"), "cost:asc"),
        ((*BILLED, "--filter", "project:shop"), "service, account, model, operation and day only"),
        (("show", "--book", "paper"), "paper"),
    ],
)
def test_a_mistake_ends_with_2_and_shows_what_is_right(arguments: tuple[str, ...], said: str) -> None:
    assert said in tokentui(*arguments, code=MISUSED).stderr


def test_without_any_account_it_says_how_to_set_one_up(home: Path) -> None:  # noqa: ARG001
    assert "tokentui account add" in tokentui(*ACCOUNT, "openai-api", code=MISUSED).stderr
    assert "Nothing billed is known" in tokentui(*BILLED).stdout
    assert billed()["groups"] == []


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("by", ["day", "week", "month", "service", "account", "model", "operation"])
def test_what_was_billed_is_the_same_by_day_week_month_service_account_and_model(by: str) -> None:
    read = billed("--by", by)
    assert (read["book"], read["group_by"]) == ("billed", [by])
    assert read["totals"] == [{"currency": "EUR", "amount": "7.00"}, {"currency": "USD", "amount": "283.00"}]
    keys = [group["key"][by] for group in read["groups"]]
    assert len(keys) == len(set(keys))
    if by in ("day", "week", "month"):
        assert keys == sorted(keys)
    lines = list(csv.DictReader(io.StringIO(tokentui(*BILLED, "--by", by, "--csv").stdout)))
    assert sum(float(line["billed"]) for line in lines if line["currency"] == "USD") == 283.0
    assert {line["book"] for line in lines} == {"billed"}


@pytest.mark.usefixtures("database")
def test_bills_are_filtered_and_sorted() -> None:
    def accounts(*arguments: str) -> list[str]:
        return [group["key"]["account"] for group in billed("--by", "account", *arguments)["groups"]]

    assert accounts("--sort", "key:desc") == ["openai-api/work", "mistral", "anthropic-api"]
    assert accounts("--sort", "cost:asc")[0] == "mistral"
    assert accounts("--filter", "account:work") == ["openai-api/work"]
    assert accounts("--filter", "account:openai-api/*") == ["openai-api/work"]
    assert accounts("--filter", "-service:openai* model:gpt*") == ["anthropic-api", "mistral"]
    assert dollars(billed("--filter", f"since:{TODAY} service:anthropic-api")["totals"]) == "1.50"
    assert dollars(billed("--from", "yesterday", "--to", "yesterday")["totals"]) == "5.00"


@pytest.mark.usefixtures("database")
def test_the_table_says_that_it_is_a_bill_and_what_may_still_change() -> None:
    said = tokentui(*BILLED, "--by", "account").stdout
    assert said.startswith("Billed by providers, ")
    assert "7.00 EUR, $283.00" in said
    assert "may change" in said
    assert "closed" in tokentui(*BILLED, "--to", "-20d").stdout


@pytest.mark.usefixtures("database")
def test_what_was_billed_is_never_in_the_report_of_what_logs_come_to(home: Path) -> None:
    path = home / ".claude" / "projects" / "-work-shop" / "5e55.jsonl"
    path.parent.mkdir(parents=True)
    path.write_text(request(1, "2026-11-20T22:30:00.000Z"))
    before = computed()
    assert before["totals"]["request_count"] == 1
    assert "book" not in before
    assert computed("--book", "computed") == before
    assert tokentui("show", "--schema").stdout == showing.schema_text()
    assert json.loads(tokentui("show", "--schema", "--book", "billed").stdout)["title"].endswith(
        "--book billed --json"
    )


@pytest.mark.usefixtures("home")
def test_historical_asks_the_providers_first_and_then_prints(provider: Provider) -> None:
    provider.keys = {""}
    tokentui("show", "--no-collect")
    path = config.paths(os.environ).database
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = store.open_writer(path, "UTC")
    writer.put_account(Account("polled"), "Polled", 1)
    writer.close()
    assert billed()["groups"] == []
    tokentui("show", "--book", "billed")
    assert provider.seen == [], "nobody is asked unless it is asked for"
    said = tokentui("show", "--book", "billed", "--historical", "--by", "service")
    assert provider.seen
    row = next(line for line in said.stdout.splitlines() if line.startswith("polled"))
    assert row.split()[1:3] == ["$10.00", "$6.00"]
    provider.status = 503
    again = tokentui("show", "--historical")
    assert "polled: " in again.stderr


@pytest.mark.usefixtures("home")
def test_historical_without_an_account_says_that_nobody_was_asked() -> None:
    assert "no account is set up" in tokentui("show", "--historical").stderr


def test_hostile_names_command_no_terminal(home: Path) -> None:  # noqa: ARG001
    path = config.paths(os.environ).database
    path.parent.mkdir(parents=True)
    writer = store.open_writer(path, "UTC")
    busy(writer, TODAY, HOSTILE)
    writer.close()
    for arguments in (
        (*ACCOUNT, WORK.key), (*ACCOUNT, WORK.key, "--json"), (*BILLED, "--by", "model", "--by", "operation"),
        (*BILLED, "--by", "model", "--csv"), (*BILLED, "--by", "model", "--json"),
    ):  # fmt: skip
        said = tokentui(*arguments).stdout
        assert not any(character in said for character in "\x1b\x07\u202e\u200b\x9b\x00"), arguments
    assert date.fromisoformat(explained(WORK.key)["from"])
