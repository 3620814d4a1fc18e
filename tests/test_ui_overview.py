"""Journeys over the Overview: from a card to what drove its cost, day by day."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from tests.ui_program import FakeFeed, sample
from tests.ui_still_program import NOW, still_database, still_feed, still_snapshot
from tokentui.store import Reader
from tokentui.store.snapshot import Drivers, Snapshot
from tokentui.ui.account import AccountPage
from tokentui.ui.app import TokenTUI
from tokentui.ui.drivers_panel import DriversPanel
from tokentui.ui.explain import Explain
from tokentui.ui.overview import AccountCard, Overview
from tokentui.ui.widgets import Lines


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with a month of three tools."""
    return still_database(tmp_path_factory.mktemp("still"))


def program(feed: FakeFeed) -> TokenTUI:
    return TokenTUI(feed, version="0.1.0", clock=NOW.timestamp)


class WaitingFeed(FakeFeed):
    """Answers no question by itself while `holding`."""

    def __init__(self, *snapshots: Snapshot) -> None:
        super().__init__(*snapshots)
        self.holding = True
        self.waiting: list[tuple[str, object, Callable[[Any], None], Callable[[str], None]]] = []

    def ask(
        self, topic: str, question: Callable[[Reader], Any], listener: Callable[[Any], None],
        failed: Callable[[str], None],
    ) -> None:  # fmt: skip
        """Keep the question, or ask it."""
        if self.holding:
            self.waiting.append((topic, question, listener, failed))
        else:
            super().ask(topic, question, listener, failed)


async def until(pilot: Pilot[None], holds: Callable[[], bool]) -> None:
    """Let the program run until something holds."""
    end = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < end, shown(pilot)
        await asyncio.sleep(0)
        await pilot.pause()


def shown(pilot: Pilot[None]) -> str:
    """What is on the screen, as text."""
    return "\n".join(lines.plain for lines in pilot.app.screen.query(Lines) if lines.is_on_screen)


def overview(pilot: Pilot[None]) -> Overview:
    return pilot.app.screen_stack[0].query_one(Overview)


async def test_the_keys_step_through_days_weeks_and_months(database: Path) -> None:
    feed = still_feed(database)
    async with program(feed).run_test(size=(120, 50)) as pilot:
        await until(pilot, lambda: "What drove it · today" in shown(pilot))
        assert feed.topics == [], "the first picture needs no question"
        today = overview(pilot).panel.lines(110, 0)
        for keys, days in (
            ("left_square_bracket", "Thu 19 Nov"),
            ("left_square_bracket", "Wed 18 Nov"),
            ("right_square_bracket", "Thu 19 Nov"),
            ("w", "16 – 20 Nov"),
            ("left_square_bracket", "9 – 15 Nov"),
            ("m", "1 – 20 Nov"),
            ("left_square_bracket", "1 – 31 Oct"),
            ("t", "today"),
        ):
            await pilot.press(keys)
            await until(pilot, lambda days=days: f"What drove it · {days}" in shown(pilot))  # type: ignore[misc]
        await pilot.press("right_square_bracket")
        assert overview(pilot).panel.lines(110, 0) == today, "there is no day after today"
        assert set(feed.topics) == {"overview"}
        await pilot.press("m", "left_square_bracket", "left_square_bracket", "left_square_bracket")
        await until(pilot, lambda: "What drove it · 1 – 31 Oct" in shown(pilot))
        assert overview(pilot).panel.span == (date(2026, 10, 1), date(2026, 10, 31)), "nothing before"


async def test_the_month_is_the_billing_month(database: Path) -> None:
    feed = FakeFeed(replace(still_snapshot(database), billing_day=15))
    feed.database = database
    async with program(feed).run_test(size=(120, 50)) as pilot:
        await until(pilot, lambda: "What drove it · today" in shown(pilot))
        for key, days in (("m", "15 – 20 Nov"), ("left_square_bracket", "15 Oct – 14 Nov")):
            await pilot.press(key)
            await until(pilot, lambda days=days: f"· {days}" in shown(pilot))  # type: ignore[misc]


async def test_what_is_read_is_said_and_a_failure_keeps_what_there_was() -> None:
    feed = WaitingFeed(sample(now=NOW.timestamp()))
    async with program(feed).run_test(size=(120, 50)) as pilot:
        await until(pilot, lambda: "What drove it · today" in shown(pilot))
        await pilot.press("m")
        assert "reading 1 – 21 Nov …" in shown(pilot)
        assert "What drove it · today" in shown(pilot), "what is shown is still today's"
        feed.waiting[0][3]("the disk is gone")
        await until(pilot, lambda: "the disk is gone" in shown(pilot))
        assert "thing 0" in shown(pilot)


async def test_an_answer_that_comes_too_late_is_not_shown(database: Path) -> None:
    feed = WaitingFeed(still_snapshot(database))
    feed.database = database
    async with program(feed).run_test(size=(120, 50)) as pilot:
        await until(pilot, lambda: "What drove it · today" in shown(pilot))
        await pilot.press("m")
        feed.holding = False
        await pilot.press("w")
        await until(pilot, lambda: "· 16 – 20 Nov" in shown(pilot))
        panel = overview(pilot).panel
        assert panel.span is not None
        feed.waiting[0][2](Drivers(start=panel.span[0].replace(day=1), end=panel.span[1]))
        await pilot.pause()
        assert "· 16 – 20 Nov" in shown(pilot)


async def test_the_arrows_go_from_the_cards_to_the_drivers_and_back(database: Path) -> None:
    async with program(still_feed(database)).run_test(size=(120, 50)) as pilot:
        await until(pilot, lambda: len(pilot.app.query(AccountCard)) == 3)
        await pilot.press("m")
        await until(pilot, lambda: "· 1 – 20 Nov" in shown(pilot))
        panel = overview(pilot).panel
        await pilot.press("down", "down")
        assert panel.has_focus
        assert "┏" in panel.plain, "the focus shows without colours"
        assert panel.place == (0, 0)
        ways = (("j", (0, 1)), ("l", (1, 1)), ("k", (1, 0)), ("right", (2, 0)), ("right", (2, 0)))
        for keys, place in ways:
            await pilot.press(keys)
            assert panel.place == place, keys
        for _ in range(9):
            await pilot.press("down")
        assert panel.place == (2, 8)
        assert panel.condition() is None
        await pilot.press("x")
        assert "nothing here can be explained" in shown(pilot)
        await pilot.press("h", *["up"] * 9)
        assert any(card.has_focus for card in pilot.app.query(AccountCard))


async def test_the_line_in_focus_stays_when_the_order_changes() -> None:
    first = sample(now=NOW.timestamp())
    rows = first.drivers.projects
    turned = replace(first, drivers=replace(first.drivers, projects=rows[::-1]))
    feed = FakeFeed(first, turned)
    async with program(feed).run_test(size=(120, 50)) as pilot:
        await until(pilot, lambda: len(pilot.app.query(AccountCard)) == 3)
        await pilot.press("down", "down", "down")
        panel = overview(pilot).panel
        assert (panel.place, panel.driver) == ((0, 1), rows[1])
        await pilot.press("r")
        await until(pilot, lambda: panel.place == (0, 2))
        assert panel.driver == rows[1]


async def test_on_a_narrow_screen_the_tables_are_gone_through_one_below_the_other(database: Path) -> None:
    async with program(still_feed(database)).run_test(size=(45, 20)) as pilot:
        await until(pilot, lambda: len(pilot.app.query(AccountCard)) == 3)
        panel = overview(pilot).panel
        await pilot.press(*["down"] * 4)
        assert panel.place[0] == 0
        places = []
        for _ in range(24):
            await pilot.press("down")
            places.append(panel.place)
            row = panel.region.y + 1
            assert row < 20 or panel.region.bottom > 2
        assert sorted(set(places)) == list(dict.fromkeys(places)), "line after line, table after table"
        assert places[-1][0] == 2
        assert overview(pilot).scroll_y > 0, "the line is brought into view"


async def test_enter_opens_the_account_and_a_driver_is_explained(database: Path) -> None:
    async with program(still_feed(database)).run_test(size=(120, 50)) as pilot:
        await until(pilot, lambda: len(pilot.app.query(AccountCard)) == 3)
        await pilot.press("enter")
        assert "enter opens it" in shown(pilot)
        await pilot.press("right", "enter")
        assert isinstance(pilot.app.screen, AccountPage)
        await pilot.press("escape", "down")
        assert isinstance(pilot.app.focused, DriversPanel)
        await pilot.press("enter")
        assert isinstance(pilot.app.screen, Explain)


async def test_the_focus_is_where_it_was_when_the_pane_comes_back(database: Path) -> None:
    async with program(still_feed(database)).run_test(size=(120, 50)) as pilot:
        await until(pilot, lambda: len(pilot.app.query(AccountCard)) == 3)
        await pilot.press("right", "right")
        card = overview(pilot).card
        assert card is not None
        await pilot.press("7", "1")
        assert overview(pilot).card == card


async def test_o_copies_the_providers_own_page_and_shows_its_address(database: Path) -> None:
    async with program(still_feed(database)).run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: len(pilot.app.query(AccountCard)) == 3)
        await pilot.press("o")
        assert "the arrows go to an account" in shown(pilot)
        assert pilot.app.clipboard == ""
        await pilot.press("right", "o")
        assert pilot.app.clipboard == "https://chatgpt.com/codex/settings/usage"
        assert "copied: https://chatgpt.com/codex/settings/usage" in shown(pilot)
        await pilot.press("right")
        assert "copied" not in shown(pilot), "until the next key"
    async with program(FakeFeed(sample(1, now=NOW.timestamp()))).run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: len(pilot.app.query(AccountCard)) == 1)
        await pilot.press("right", "o")
        assert "no page of Claude Code is known" in shown(pilot)


async def test_with_many_accounts_every_card_can_be_reached() -> None:
    async with program(FakeFeed(sample(26, now=NOW.timestamp()))).run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: len(pilot.app.query(AccountCard)) == 26)
        cards = list(pilot.app.query(AccountCard))
        await until(pilot, lambda: cards[0].region.height > 0)
        assert cards[0].region.height == 5, "compact from seven on"
        assert not any("│" in card.plain for card in cards), "a rule over each instead of a frame around it"
        seen = set()
        for _ in range(26):
            await pilot.press("right")
            seen |= {card.key for card in cards if card.has_focus and card.is_on_screen}
            marked = [card.key for card in cards if card.plain.startswith("━") and "▌" in card.plain]
            assert marked == [card.key for card in cards if card.has_focus]
        assert len(seen) == 26
        await pilot.press("right")
        assert overview(pilot).panel.has_focus
