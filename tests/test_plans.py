"""Plans that are paid for each month: entered, listed, ended, shown, in no cost and in what is to pay."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.store_batches import NOW, batch, context, record
from tests.test_ui_panes import program, shown, until
from tests.ui_program import FakeFeed
from tokentui.cli import run
from tokentui.cli.show import schema_text
from tokentui.store import open_reader, open_writer
from tokentui.store.snapshot import Snapshot
from tokentui.usage import record_key

DATABASE = ".local/share/tokentui/tokentui.db"


@pytest.fixture
def database(home: Path) -> Path:
    """A database with one request of Claude Code."""
    path = home / DATABASE
    path.parent.mkdir(parents=True, mode=0o700)
    with closing(open_writer(path, "UTC")) as writer:
        writer.ingest([batch([record("a", NOW, cost=3 * 10**9)])], NOW)
        writer.describe_services({"claude-code": "Claude Code"})
    return path


def account(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Type `tokentui account`; return its code, output and errors."""
    code = run(["account", *arguments])
    said = capsys.readouterr()
    return code, said.out, said.err


def snapshot(path: Path) -> Snapshot:
    with closing(open_reader(path)) as reader:
        return reader.snapshot(NOW, "UTC")


@pytest.mark.usefixtures("database")
def test_a_plan_is_entered_listed_and_removed_and_the_log_says_who_did_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, said, _ = account(
        capsys, "subscribe", "claude-code", "--price", "200", "--name", "Max", "--from", "2026-03-03"
    )
    assert (code, said) == (0, "plan 1: claude-code Max, 200.00 USD a month from 2026-03-03\n")
    account(capsys, "subscribe", "codex", "--price", "17.99", "--currency", "eur", "--until", "2999-01-31")
    assert "17.99 EUR  " in account(capsys, "plans")[1]
    listed = json.loads(account(capsys, "plans", "--json")[1])["plans"]
    assert [(each["service"], each["price"], each["currency"]) for each in listed] == [
        ("claude-code", "200.00", "USD"), ("codex", "17.99", "EUR"),
    ]  # fmt: skip
    assert account(capsys, "unsubscribe", "2")[1].startswith("removed plan 2: codex, 17.99 EUR")
    assert "codex" not in account(capsys, "plans")[1]
    log = account(capsys, "audit")[1]
    assert "unsubscribe" in log
    assert "price=200.00" in log


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize(
    ("arguments", "reason", "example"),
    [
        (("codex",), "--price: the price is missing", "20"),
        (("codex", "--price", "cheap"), "--price: “cheap” is no price", "20"),
        (("codex", "--price", "nan"), "--price: “nan” is no price", "20"),
        (("codex", "--price", "-5"), "--price: “-5” is no price", "20"),
        (("codex", "--price", "2000000"), "--price: “2000000” is no price", "20"),
        (("codex", "--price", "20", "--currency", "€"), "--currency: “€” is no currency", "EUR"),
        (("codex", "--price", "20", "--from", "0026-03-01"), "“0026-03-01” is no date", "2026-03-01"),
        (("codex", "--price", "20", "--from", "March"), "--from: “March” is no date", "2026-03-01"),
        (
            ("codex", "--price", "20", "--from", "2026-03-02", "--until", "2026-03-01"),
            "--until: ",
            "2026-03-02",
        ),
        (("nobody", "--price", "20"), "there is no account “nobody”", "claude-code"),
    ],
)
def test_what_is_wrong_with_a_plan_is_said(
    arguments: tuple[str, ...], reason: str, example: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, said, wrong = account(capsys, "subscribe", *arguments)
    assert (code, said) == (2, "")
    assert reason in wrong
    assert example in wrong


def show(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Type `tokentui show`; return what it prints."""
    assert run(["show", "--no-collect", *arguments]) == 0
    return capsys.readouterr().out


def document(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    """Return what `show --json` prints, which its schema describes."""
    read: dict[str, Any] = json.loads(show(capsys, "--json", *arguments))
    Draft202012Validator(json.loads(schema_text())).validate(read)
    return read


def test_a_plan_is_in_no_cost_but_in_what_is_to_pay(
    database: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before, totals = document(capsys), snapshot(database).totals_month
    assert "To pay" not in show(capsys), "without a plan nothing is said"
    account(capsys, "subscribe", "claude-code", "--price", "200", "--name", "Max", "--from", "2026-11-03")
    after = document(capsys)
    assert (after["totals"], after["groups"]) == (before["totals"], before["groups"])
    assert snapshot(database).totals_month == totals
    assert (before["plans"]["to_pay"], before["plans"]["charges"]) == ("3.00", [])
    assert after["plans"]["to_pay"].startswith("200.00")


def test_show_ends_with_what_is_to_pay(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with closing(open_writer(database, "UTC")) as writer:
        codex = record("b", NOW, cost=4 * 10**9, key=record_key("codex", "b"))
        writer.ingest([batch([codex], [context("s2", service="codex")], path="/logs/s2.jsonl")], NOW)
    account(capsys, "subscribe", "claude-code", "--price", "200", "--name", "Max", "--from", "2026-09-30")
    span = ("--from", "2026-09-01", "--to", "2026-11-21")
    lines = show(capsys, *span).splitlines()
    assert lines[-1] == "To pay: $404.00 (plans $400.00 in 2 charges + $4.00 that no plan covers)"
    said = document(capsys, *span)["plans"]
    assert said == {
        "from": "2026-09-01", "to": "2026-11-21", "to_pay": "404.00", "prices": "400.00",
        "uncovered_cost": "4.00", "quality": "exact",
        "charges": [
            {
                "service": "claude-code", "account": "", "name": "Max", "date": day, "price": "200.00",
                "currency": "USD", "cost": "200.00",
            }
            for day in ("2026-09-30", "2026-10-30")
        ],
        "uncovered": [
            {
                "service": "codex", "account": "", "book": "logs", "amount": "4.00", "currency": "USD",
                "cost": "4.00", "quality": "exact",
            }
        ],
    }  # fmt: skip
    alone = (*span, "--filter", "service:codex")
    assert document(capsys, *alone)["plans"]["to_pay"] == "4.00"
    assert "To pay" not in show(capsys, *alone), "it has no plan"
    assert "To pay: $400.00 " in show(capsys, *span, "--filter", "account:claude-code")
    assert document(capsys, *span, "--filter", "model:claude*")["plans"] is None, "no plan has a model"
    assert "To pay" not in show(capsys, *span, "--project", "shop")
    assert "404" not in show(capsys, *span, "--csv")


@pytest.mark.usefixtures("database")
def test_what_is_to_pay_is_converted_at_dated_rates(capsys: pytest.CaptureFixture[str]) -> None:
    account(capsys, "subscribe", "codex", "--price", "17.99", "--currency", "EUR", "--from", "2025-03-14")
    span = ("--from", "2025-03-01", "--to", "2025-04-30")
    said = document(capsys, *span)["plans"]
    # The ECB's rates: a euro was $1.0889 on 14 March 2025 and $1.1377 on 14 April.
    assert [each["cost"] for each in said["charges"]] == ["19.589311", "20.467223"]
    assert said["to_pay"] == "40.056534"
    assert [(each["price"], each["currency"]) for each in said["charges"]] == [("17.99", "EUR")] * 2
    assert document(capsys, *span, "--currency", "EUR")["plans"]["to_pay"] == "35.98"
    assert "To pay: €35.98 (plans €35.98 in 2 charges" in show(capsys, *span, "--currency", "EUR")


@pytest.mark.usefixtures("database")
def test_a_plan_is_ended_on_a_day_and_what_was_paid_stays_paid(capsys: pytest.CaptureFixture[str]) -> None:
    account(capsys, "subscribe", "codex", "--price", "20", "--from", "2026-01-15")
    code, said, _ = account(capsys, "unsubscribe", "1", "--until", "2026-03-01")
    assert (code, said) == (0, "changed plan 1: codex, 20.00 USD a month from 2026-01-15 until 2026-03-01\n")
    assert document(capsys)["plans"]["prices"] == "40.00", "January and February"
    assert "change plan" in account(capsys, "audit")[1]
    code, _, wrong = account(capsys, "unsubscribe", "1", "--until", "2026-01-01")
    assert code == 2
    assert "--until: it ends before it begins" in wrong


def test_an_account_of_which_only_the_plan_is_known_has_a_card(
    database: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    account(capsys, "subscribe", "codex", "--price", "20")
    assert [(card.service, len(card.plans)) for card in snapshot(database).cards] == [
        ("claude-code", 0), ("codex", 1),
    ]  # fmt: skip


async def test_the_overview_the_card_and_the_account_show_what_is_paid_for(
    database: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    account(capsys, "subscribe", "claude-code", "--price", "200", "--name", "Max", "--from", "2026-03-03")
    feed = FakeFeed(snapshot(database))
    feed.database = database
    async with program(feed).run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: "$200/mo" in shown(pilot))
        assert "$3.00~" in shown(pilot), "what was used, at API prices"
        assert "To pay" in shown(pilot)
        assert "incl. plans $200" in shown(pilot)
        await pilot.press("right", "enter")
        await until(pilot, lambda: "$200.00 a month since 3 Mar 2026" in shown(pilot))
        assert "to pay $200.00  this month, the plan covers its use" in shown(pilot)
        await pilot.press("escape", "4")
        await until(pilot, lambda: "Max" in shown(pilot) and "a month since" in shown(pilot))
