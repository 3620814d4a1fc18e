"""An account's page: what was spent, its limits and their past, its history, what drove it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from tests.store_batches import batch, context, record
from tests.test_ui_overview import database, program, shown, until
from tests.ui_program import HOSTILE, FakeFeed, sample, usage
from tests.ui_still_program import NOW, still_feed, still_snapshot
from tokentui.store import UsageQuery, open_reader, open_writer
from tokentui.store.snapshot import LimitHistory, PastWindow, Snapshot
from tokentui.ui import account_lines, draw, figures, selections
from tokentui.ui.account import AccountPage
from tokentui.ui.explain import Explain
from tokentui.ui.overview import AccountCard, Overview

__all__ = ["database"]

SIZES = [(120, 36), (80, 24), (45, 20), (20, 5), (1, 1)]


def plain(lines: list[list[tuple[str, str]]]) -> str:
    return "\n".join("".join(text for text, _ in line) for line in lines)


async def test_the_page_shows_limits_history_and_drivers_of_its_account_only(database: Path) -> None:
    async with program(still_feed(database)).run_test(size=(120, 60)) as pilot:
        await until(pilot, lambda: len(pilot.app.query(AccountCard)) == 3)
        await pilot.press("right", "enter")
        await until(pilot, lambda: "last 12 months" in shown(pilot) and "· 1 – 20 Nov" in shown(pilot))
        text = shown(pilot)
        codex = next(card for card in still_snapshot(database).cards if card.service == "codex")
        for words in (
            "Codex", figures.cost(codex.month), "https://chatgpt.com/codex/settings/usage", "5 h", "week",
            "windows", "last 30 days", "22 Oct", "gpt-5",
        ):  # fmt: skip
            assert words in text
        assert "claude" not in text
        page = pilot.app.screen
        assert isinstance(page, AccountPage)
        drivers = page.panel._drivers
        assert drivers is not None
        assert drivers.totals == codex.month
        await pilot.press("t")
        await until(pilot, lambda: "What drove it · today" in shown(pilot))
        await pilot.press("o")
        assert pilot.app.clipboard == "https://chatgpt.com/codex/settings/usage"
        await pilot.press("escape")
        assert pilot.app.screen is pilot.app.screen_stack[0]
        assert pilot.app.query_one(Overview).card == codex, "the focus is where it was"


async def test_x_explains_the_account_or_the_line_in_focus(database: Path) -> None:
    async with program(still_feed(database)).run_test(size=(120, 60)) as pilot:
        await until(pilot, lambda: len(pilot.app.query(AccountCard)) == 3)
        await pilot.press("right", "enter")
        await until(pilot, lambda: "· 1 – 20 Nov" in shown(pilot))
        for keys, title in (("x", "Codex  1 – 20 Nov"), ("down", "Codex · ")):
            await pilot.press(keys, *([] if keys == "x" else ["x"]))
            assert isinstance(pilot.app.screen, Explain)
            await until(pilot, lambda: "price put on" in shown(pilot))
            assert title in shown(pilot)
            await pilot.press("escape")
        await pilot.press("up", "up")
        assert pilot.app.screen.focused is None


async def test_the_page_follows_the_snapshots_and_an_account_may_vanish(database: Path) -> None:
    first = still_snapshot(database)
    codex = next(card for card in first.cards if card.service == "codex")
    dearer = replace(codex, month=replace(codex.month, cost=12_345_000_000_000))
    feed = FakeFeed(
        first, replace(first, cards=(dearer,)), replace(first, cards=(replace(codex, account="other"),))
    )
    feed.database = database
    async with program(feed).run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: len(pilot.app.query(AccountCard)) == 3)
        await pilot.press("right", "enter")
        feed.next()
        await until(pilot, lambda: "$12,345.00~" in shown(pilot))
        feed.next()
        await until(pilot, lambda: "not there any more" in shown(pilot))
        await pilot.press("x", "o", "down", "up", "pagedown", "escape")
        assert pilot.app.is_running


@pytest.mark.parametrize("size", SIZES)
async def test_the_page_fits_every_size_and_draws_hostile_names(
    size: tuple[int, int], database: Path
) -> None:
    feed = FakeFeed(sample(2, name=HOSTILE, now=NOW.timestamp()))
    feed.database = database
    async with program(feed).run_test(size=size) as pilot:
        await until(pilot, lambda: len(pilot.app.query(AccountCard)) == 2)
        await pilot.press("right", "enter", "m", "down", "left_square_bracket")
        assert isinstance(pilot.app.screen, AccountPage)
        assert not any(character in shown(pilot) for character in "\x1b\x07\u202e\u200b\x9b\x00")
        assert max(map(len, shown(pilot).splitlines()), default=0) <= size[0]


async def test_a_named_account_is_one_of_its_service_also_under_a_stand_in(tmp_path: Path) -> None:
    path = tmp_path / "tokentui.db"
    writer = open_writer(path, "UTC")
    contexts = [context("s1", account="work"), context("s2", account=""), context("s3", account="other")]
    times = round(NOW.timestamp() * 1e6)
    writer.ingest([batch([record(f"r{n}", times - n, 10**n, context=n) for n in range(3)], contexts)], times)
    writer.close()
    feed = FakeFeed(still_snapshot(path))
    feed.database = path
    async with program(feed).run_test(size=(120, 60)) as pilot:
        await until(pilot, lambda: len(pilot.app.query(AccountCard)) == 3)
        for hidden in (False, True):
            for card in range(3):
                list(pilot.app.query(AccountCard))[card].focus()
                await pilot.pause()
                focused = pilot.app.query_one(Overview).card
                assert focused is not None
                assert hidden == focused.account.startswith("account ") or not focused.account
                await pilot.press("enter")
                page = pilot.app.screen
                assert isinstance(page, AccountPage)
                await until(pilot, lambda page=page: bool(page._facts and page.panel._drivers))  # type: ignore[misc]
                assert page._facts is not None
                assert page.panel._drivers is not None
                assert page._facts.months[-1][1] == page.panel._drivers.totals == focused.month
                await pilot.press("x")
                explain = pilot.app.screen
                assert isinstance(explain, Explain)
                await until(pilot, lambda explain=explain: explain.answer is not None)  # type: ignore[misc]
                assert explain.answer is not None
                assert explain.answer.found.explanation.totals == focused.month
                await pilot.press("escape", "escape")
            await pilot.press("H")
            await until(pilot, lambda: len(pilot.app.query(AccountCard)) == 3)


def test_the_history_is_that_of_the_tables(database: Path) -> None:
    snapshot = still_snapshot(database)
    card = next(card for card in snapshot.cards if card.service == "codex")
    where = selections.of_account(card)
    reader = open_reader(database)
    try:
        found = account_lines.facts(reader, card.service, card.account, where, snapshot.today, "UTC")
        whole = reader.usage(UsageQuery(date(2026, 10, 22), date(2026, 11, 20), where=where)).totals
    finally:
        reader.close()
    assert [day for day, _ in found.days][:: account_lines.DAYS - 1] == [date(2026, 10, 22), snapshot.today]
    assert figures.total(usage for _, usage in found.days if usage) == whole
    assert found.months[0][0] == date(2025, 12, 1)
    assert found.months[-1][1] == card.month
    assert tuple(None if usage is None else usage.known_cost for _, usage in found.days) == card.daily_cost


def test_past_windows_say_how_many_were_full() -> None:
    card = sample(now=NOW.timestamp()).cards[1]
    limit = card.limits[0]
    windows = tuple(PastWindow(number, 100.0 if number % 3 else 40.0) for number in range(6))
    past = LimitHistory(limit.limit_id, "", limit.window_minutes, windows)
    shown = plain(account_lines.head(card, [past], 100, NOW.timestamp(), None))
    assert "last 6 windows  ▃██▃██  4 full" in shown
    assert "no limits in its logs" in plain(
        account_lines.head(replace(card, limits=()), None, 100, NOW.timestamp(), None)
    )


@pytest.mark.parametrize("width", [20, 45, 80, 94, 100, 120, 300])
def test_the_charts_fit_and_no_figure_is_cut(width: int) -> None:
    days = tuple((date(2026, 11, 1 + number), usage(1_234.5, 10**7)) for number in range(20))
    known = account_lines.Facts(days, days[:12], ())
    drawn = account_lines.history(known, "", "floor", width)
    assert {draw.length(line) for line in drawn} == {width}
    if width >= 45:
        assert "≥$24,690.00~" in plain(drawn)
        assert "≥$14,814.00~" in plain(drawn)
    blank = account_lines.history(None, "", "floor", width)
    assert len(blank) == len(drawn), "what stands below stays where it is"


def test_where_each_source_shows_its_usage() -> None:
    assert [selections.dashboard_url(name) for name in ("claude-code", "codex", "gemini-cli", "x")] == [
        "https://claude.ai/settings/usage",
        "https://chatgpt.com/codex/settings/usage",
        "https://aistudio.google.com/usage",
        None,
    ]


async def test_a_history_that_cannot_be_read_says_why() -> None:
    feed = FakeFeed(sample(2, now=NOW.timestamp()))
    async with program(feed).run_test(size=(80, 40)) as pilot:
        await until(pilot, lambda: len(pilot.app.query(AccountCard)) == 2)
        await pilot.press("right", "enter")
        await until(pilot, lambda: "this test has no database" in shown(pilot))
        feed.deliver(Snapshot(date(2026, 11, 22), "UTC"))
        await until(pilot, lambda: "not there any more" in shown(pilot))
