"""An account's page and the window behind `x` where there is a provider: both books, side by side."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.billed_accounts import DAY, WORK, at, busy, cost, state, tell
from tests.store_batches import batch, context, record
from tests.test_cli_books import ACCOUNT
from tests.test_cli_show import tokentui
from tests.test_ui_account import SIZES, plain
from tests.test_ui_overview import overview, program, shown, until
from tests.ui_program import HOSTILE, FakeFeed
from tests.ui_still_program import NOW, still_feed, still_snapshot
from tests.ui_terminal import SECONDS, Terminal
from tokentui import store
from tokentui.billing import Account, Balance
from tokentui.engine import explain_account
from tokentui.store import open_reader
from tokentui.ui import account_books, draw, selections
from tokentui.ui.account import AccountPage
from tokentui.ui.explain import Explain
from tokentui.ui.overview import AccountCard

TODAY = NOW.date()
SECONDS_NOW = NOW.timestamp()
MOST_BYTES = 8_000
"""What opening an account's page may write at 120x36."""


def database(folder: Path, name: str = "", *, logs: bool = False) -> Path:
    """A database with an account at a provider; with `logs` one that logs know as well."""
    path = folder / "tokentui.db"
    writer = store.open_writer(path, "UTC")
    if logs:
        own = context("s1", service=WORK.service, account=WORK.name)
        records = [record(f"r{n}", round(SECONDS_NOW * 1e6) - n * DAY, 10_000 * (n + 1)) for n in range(9)]
        writer.ingest([batch(records, [own])], round(SECONDS_NOW * 1e6))
    busy(writer, TODAY, name)
    writer.close()
    return path


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One account, of which only its provider tells."""
    return database(tmp_path_factory.mktemp("api"))


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One account that its provider and logs here know."""
    return database(tmp_path_factory.mktemp("both"), logs=True)


def told(path: Path) -> account_books.Told:
    """What the page shows of the account."""
    reader = open_reader(path)
    try:
        found = account_books.told(reader, WORK.service, WORK.name, SECONDS_NOW)
    finally:
        reader.close()
    assert found is not None
    return found


def page_text(path: Path, width: int = 116) -> str:
    return plain(account_books.books(told(path), width, SECONDS_NOW))


async def test_the_page_shows_the_bill_the_tokens_the_balances_and_how_asking_goes(api: Path) -> None:
    async with program(still_feed(api)).run_test(size=(120, 60)) as pilot:
        await until(pilot, lambda: len(pilot.app.query(AccountCard)) == 1)
        await pilot.press("right", "enter")
        await until(pilot, lambda: "Billed and computed" in shown(pilot))
        text = shown(pilot)
        for words in (
            "Work", "of $100", "UTC days", "last 30 days", "billed in 12 months", "closed 22 Oct",
            "not closed 17 – 20 Nov", "gpt-5.5, output", "provider counts", "OpenAI API tier 4",
            "credits   $25.00 of $50.00  50 % left", "25.00 CNY", "throttled by the provider",
            "it asked us to wait", "never answered", "a month $100.00", "5.0M tokens",
            "usage may lag by an hour", "https://platform.openai.com/usage",
        ):  # fmt: skip
            assert words in text
        assert "What drove it" not in text, "no log knows the account"
        await pilot.press("down", "t", "o")
        assert pilot.app.clipboard == "https://platform.openai.com/usage"
        await pilot.press("escape")
        assert overview(pilot).card is not None


async def test_an_account_that_logs_know_as_well_has_both_books_and_what_drove_it(both: Path) -> None:
    async with program(still_feed(both)).run_test(size=(120, 90)) as pilot:
        await until(pilot, lambda: len(pilot.app.query(AccountCard)) == 1)
        await pilot.press("right", "enter")
        await until(pilot, lambda: "What drove it" in shown(pilot) and "logs here" in shown(pilot))
        text = shown(pilot)
        for words in ("computed from logs here", "its tokens at list prices", "last 12 months"):
            assert words in text
        assert "req  logs here" in text


def test_billed_and_computed_stand_side_by_side_for_closed_days_and_the_rest(api: Path, both: Path) -> None:
    one, other = page_text(api), page_text(both)
    assert "┄ at list prices" in one
    assert "┄ computed from logs here" in other
    assert "logs here" not in one
    rows = {line[2:].split("  ")[0]: line.split()[-3:-1] for line in other.splitlines()}
    assert rows["billed"] == ["$93.00", "$12.00"]
    assert rows["its tokens at list prices"] == ["≥$52.00~", "$8.00~"]
    assert rows["logs here"] == ["$26.25~", "$7.50~"]
    said = "billed is $41.50 (83.0 %) more than list prices on 25 closed days"
    assert said in one
    assert said in other


def test_another_currency_stands_beside_the_dollars(tmp_path: Path) -> None:
    path = database(tmp_path)
    writer = store.open_writer(path, "UTC")
    day = TODAY - timedelta(days=2)
    tell(writer, [cost(day, 5.0, currency="EUR"), cost(day, 2.0)], at(TODAY) + DAY)
    writer.close()
    rows = {line[2:].split("  ")[0]: line for line in page_text(path).splitlines()}
    assert "5.00 EUR, $10.50" in rows["billed"]


@pytest.mark.parametrize("width", [20, 41, 45, 76, 94, 116, 300])
def test_the_page_fits_and_no_amount_is_cut(api: Path, width: int) -> None:
    drawn = account_books.books(told(api), width, SECONDS_NOW)
    assert {draw.length(line) for line in drawn} == {width}
    if width >= 41:
        for amount in ("$93.00", "$12.00", "≥$52.00~", "$8.00~"):
            assert amount in plain(drawn)


def test_a_provider_of_balances_only_says_so(tmp_path: Path) -> None:
    path = tmp_path / "tokentui.db"
    writer = store.open_writer(path, "UTC")
    deepseek = Account("deepseek", is_active=False)
    tell(writer, (), at(TODAY), deepseek, [Balance(12 * 10**9, "CNY")])
    writer.put_states([state("balance", at(TODAY), TODAY, deepseek, status="key-rejected", error="401")])
    writer.put_account(deepseek, "DeepSeek", at(TODAY))
    writer.close()
    reader = open_reader(path)
    known = account_books.told(reader, "deepseek", "", SECONDS_NOW)
    reader.close()
    assert known is not None
    text = plain(account_books.books(known, 80, SECONDS_NOW))
    for words in ("nothing billed or counted is known", "12.00 CNY", "paused", "key rejected", "401"):
        assert words in text


async def test_x_on_the_card_and_on_the_page_shows_both_books_day_by_day(api: Path) -> None:
    async with program(still_feed(api)).run_test(size=(120, 60)) as pilot:
        await until(pilot, lambda: len(pilot.app.query(AccountCard)) == 1)
        for keys in (["right", "x"], ["enter", "x"]):
            await pilot.press(*keys)
            explain = pilot.app.screen
            assert isinstance(explain, Explain)
            await until(pilot, lambda: "why there is no gap" in shown(pilot))
            text = shown(pilot)
            for words in (
                "22 Oct – 20 Nov 2026, UTC days", "openai-api/work", "may change", "-$0.50 (-25.0 %)",
                "no list price: images", "line of the bill", "model the provider counts",
            ):  # fmt: skip
                assert words in text
            assert "price put on" not in text, "no log knows the account"
            await pilot.press("y")
            command = "tokentui explain --account openai-api/work --from 2026-10-22 --to 2026-11-20"
            assert pilot.app.clipboard == explain.command == command
            await pilot.press("escape")
            if "enter" in keys:
                assert isinstance(pilot.app.screen, AccountPage)


async def test_x_tells_of_logs_below_where_both_know_the_account(both: Path) -> None:
    async with program(still_feed(both)).run_test(size=(120, 120)) as pilot:
        await until(pilot, lambda: len(pilot.app.query(AccountCard)) == 1)
        await pilot.press("right", "x")
        await until(pilot, lambda: "price put on" in shown(pilot))
        text = shown(pilot)
        assert text.index("logs here  ") < text.index("Computed from logs here") < text.index("price put on")
        assert text.count("the same: tokentui explain --") == 2


def test_the_window_and_the_command_say_the_same(api: Path) -> None:
    folder = str(api.parent)
    days = ("--from", "2026-10-22", "--to", "2026-11-20")
    said = tokentui(*ACCOUNT, WORK.key, *days, HOME=folder, TOKENTUI_HOME=folder, TZ="UTC")
    printed = said.stdout
    reader = open_reader(api)
    found = explain_account.asked(
        reader, WORK.service, WORK.name, *explain_account.widened(TODAY, TODAY, TODAY)
    )
    reader.close()
    assert found is not None
    assert all(sentence in printed for sentence in explain_account.sentences(found))


@pytest.mark.parametrize("size", SIZES)
async def test_the_page_and_the_window_draw_hostile_names_at_every_size(
    size: tuple[int, int], tmp_path: Path
) -> None:
    path = database(tmp_path, HOSTILE, logs=True)
    feed = FakeFeed(still_snapshot(path))
    feed.database = path
    async with program(feed).run_test(size=size) as pilot:
        await until(pilot, lambda: len(pilot.app.query(AccountCard)) == 1)
        await pilot.press("right", "enter")
        page = pilot.app.screen
        assert isinstance(page, AccountPage)
        await until(pilot, lambda: page._facts is not None)
        for keys in (["pagedown"], ["pagedown", "x"]):
            await pilot.press(*keys)
            await pilot.pause()
            assert not any(character in shown(pilot) for character in "\x1b\x07\u202e\u200b\x9b\x00")
            assert max(map(len, shown(pilot).splitlines()), default=0) <= size[0]


async def test_amounts_and_names_are_hidden_with_the_rest(both: Path) -> None:
    async with program(still_feed(both)).run_test(size=(120, 90)) as pilot:
        await until(pilot, lambda: len(pilot.app.query(AccountCard)) == 1)
        await pilot.press("H")
        await until(pilot, lambda: len(pilot.app.query(AccountCard)) == 1)
        await pilot.press("right", "x")
        explain = pilot.app.screen
        assert isinstance(explain, Explain)
        await until(pilot, lambda: explain.answer is not None)
        assert explain.answer is not None
        assert explain.answer.books is not None, "the stand-in is understood"
        assert explain.answer.books.books.account == "account 1"


def test_the_addresses_of_providers_are_known() -> None:
    assert selections.dashboard_url("openai-api") == "https://platform.openai.com/usage"


@pytest.fixture(scope="module")
def terminal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    """The dashboard on an account that both books know."""
    folder = tmp_path_factory.mktemp("terminal")
    database(folder, logs=True)
    with Terminal("tests.ui_still_program", str(folder), HOME=str(folder)) as terminal:
        terminal.wait("What drove it")
        terminal.quiet()
        yield terminal


def test_the_page_takes_less_than_eight_kilobytes(terminal: Terminal) -> None:
    terminal.press("\x1b[C")
    terminal.quiet(0.2)
    before = len(terminal.raw)
    terminal.press("\r")
    assert terminal.read(SECONDS)
    terminal.wait("Billed and computed")
    assert terminal.quiet(0.2) - before < MOST_BYTES
