"""Plans that are paid for each month: entered, listed, ended, shown, and never in a cost."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import pytest

from tests.store_batches import NOW, batch, record
from tests.test_ui_panes import program, shown, until
from tests.ui_program import FakeFeed
from tokentui.cli import run
from tokentui.store import open_reader, open_writer
from tokentui.store.snapshot import Snapshot

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


def test_a_plan_is_never_in_a_cost(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(["show", "--json", "--all"])
    before, totals = capsys.readouterr().out, snapshot(database).totals_month
    account(capsys, "subscribe", "claude-code", "--price", "200", "--from", "2026-03-03")
    run(["show", "--json", "--all"])
    assert capsys.readouterr().out == before
    assert snapshot(database).totals_month == totals


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
