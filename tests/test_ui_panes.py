"""Journeys through the dashboard, without a terminal."""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.ui_program import HOSTILE, TODAY, FakeFeed, Source, changed, sample
from tokentui.store.snapshot import ImportProgress, Snapshot
from tokentui.ui.app import TokenTUI
from tokentui.ui.commands import COMMANDS
from tokentui.ui.feed import Inbox
from tokentui.ui.first_run import FirstRun, Pace
from tokentui.ui.overview import AccountCard, Overview
from tokentui.ui.palette import Palette
from tokentui.ui.trends import Trends
from tokentui.ui.widgets import Lines

NOW = 1_800_000_000.0
EMPTY = Snapshot(TODAY, "UTC")


def program(feed: FakeFeed) -> TokenTUI:
    return TokenTUI(feed, version="0.1.0", clock=lambda: NOW)


async def until(pilot: Pilot[None], holds: Callable[[], bool]) -> None:
    """Let the program run until something holds."""
    end = time.monotonic() + 5
    while not holds():
        assert time.monotonic() < end, shown(pilot)
        await asyncio.sleep(0)
        await pilot.pause()


def shown(pilot: Pilot[None]) -> str:
    """What is on the screen, as text."""
    lines = [
        lines
        for lines in pilot.app.screen.query(Lines)
        if all(node.display for node in lines.ancestors_with_self)
    ]
    return "\n".join(each.plain for each in lines)


async def test_a_journey_over_all_panes() -> None:
    feed = FakeFeed(sample(4, now=NOW))
    async with program(feed).run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: "What drove it" in shown(pilot))
        assert "1 Overview" in shown(pilot)
        assert "Nov 2026 · UTC" in shown(pilot)
        assert not pilot.app.query(Trends), "Trends comes when it is first opened"
        await pilot.press("2")
        assert "Cost a day by service" in shown(pilot)
        assert "What drove it" not in shown(pilot)
        await pilot.press("M")
        assert "Cost a day by model" in shown(pilot)
        assert "model-0" in shown(pilot)
        await pilot.press("u")
        assert "Tokens a day by model" in shown(pilot)
        await pilot.press("s", "c")
        assert "Cost a day by service" in shown(pilot)
        assert "month end" in shown(pilot).splitlines()[-1], "the footer has the keys of the moment"
        await pilot.press("1")
        assert "What drove it" in shown(pilot)
        assert "month end" not in shown(pilot).splitlines()[-1]
        await pilot.press("r")
        assert feed.refreshed == 1
        await pilot.press("q")
    assert pilot.app.return_code == 0


async def test_the_arrows_move_from_card_to_card() -> None:
    async with program(FakeFeed(sample(5, now=NOW))).run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: len(pilot.app.query(AccountCard)) == 5)
        cards = list(pilot.app.query(AccountCard))
        for keys, at in (
            ("right", 0),
            ("right", 1),
            ("j", 4),
            ("left", 3),
            ("k", 0),
            ("up", 0),
            ("l", 1),
            ("tab", 2),
        ):
            await pilot.press(keys)
            assert [card.has_focus for card in cards].index(True) == at, keys
        assert "┏" in cards[2].plain
        assert "┏" not in cards[1].plain


async def test_the_focus_stays_with_its_account_when_cards_change_places() -> None:
    first = sample(3, now=NOW)
    dear = replace(first.cards[2], month=replace(first.cards[2].month, cost=10**15))
    feed = FakeFeed(
        first, replace(first, cards=(*first.cards[:2], dear)), replace(first, cards=first.cards[:1])
    )
    async with program(feed).run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: len(pilot.app.query(AccountCard)) == 3)
        await pilot.press("right", "right")
        assert [card.card.title for card in pilot.app.query(AccountCard)] == [
            "Codex",
            "Claude Code",
            "Gemini CLI",
        ]
        await pilot.press("r")
        await until(pilot, lambda: list(pilot.app.query(AccountCard))[1].card.title == "Gemini CLI")
        focused = pilot.app.focused
        assert isinstance(focused, AccountCard)
        assert focused.card.title == "Claude Code"
        await pilot.press("r")
        await until(pilot, lambda: len(pilot.app.query(AccountCard)) == 1)
        await pilot.press("right", "2", "1")
        assert "Claude Code" in shown(pilot)


async def test_an_equal_snapshot_repaints_nothing_and_a_figure_its_own_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first = sample(now=NOW)
    feed = FakeFeed(first, sample(now=NOW), changed(first))
    painted: list[object] = []
    refresh = Lines.refresh
    async with program(feed).run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: "Day by day" in shown(pilot))
        await pilot.pause()

        def noted(self: Lines, *regions: object, **options: bool) -> Lines:
            painted.extend(regions or [options])
            return refresh(self, *regions, **options)  # type: ignore[arg-type]

        monkeypatch.setattr(Lines, "refresh", noted)
        feed.next()
        await pilot.pause()
        assert painted == []
        feed.next()
        await until(pilot, lambda: "7.7M" in shown(pilot))
        assert len(painted) == 1


async def test_trends_without_recent_use_say_when_the_newest_was() -> None:
    used = 1_782_800_000_000_000  # 2026-06-30 06:13 UTC
    first = sample(1, now=NOW)
    old = replace(first, zone="UTC", days=(), cards=(replace(first.cards[0], last_used_at=used),))
    async with program(FakeFeed(old)).run_test(size=(80, 24)) as pilot:
        await pilot.press("2")
        await until(pilot, lambda: "the newest is of 30 Jun 2026" in shown(pilot))
        assert "nothing yet" not in shown(pilot)


async def test_nothing_found_says_where_it_was_looked() -> None:
    feed = FakeFeed(
        EMPTY, sample(now=NOW), sources=(Source(looked=("/a", "/b")), Source("x", "Gemini CLI", files=3))
    )
    async with program(feed).run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "Welcome" in shown(pilot))
        text = shown(pilot)
        assert "Codex            not found; looked in /a" in text
        assert "and in /b" in text
        assert "Gemini CLI       found, 3 files" in text
        await pilot.press("d")
        assert "tokentui demo" in shown(pilot)
        await pilot.press("2")
        assert "nothing yet" in shown(pilot)
        await pilot.press("1")
        assert "Welcome" in shown(pilot)
        feed.next()
        await until(pilot, lambda: "What drove it" in shown(pilot))
        assert not pilot.app.query_one(FirstRun).display


async def test_nothing_is_said_of_logs_before_they_were_looked_for() -> None:
    feed = FakeFeed(EMPTY, sources=())
    async with program(feed).run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "Looking for the logs" in shown(pilot))
        assert "No logs" not in shown(pilot)
        feed.sources = (Source(),)
        feed.deliver(replace(EMPTY, zone="Europe/Berlin"))
        await until(pilot, lambda: "No logs of AI tools were found" in shown(pilot))


async def test_on_a_narrow_screen_everything_that_helps_can_be_read(home: Path) -> None:
    folder = str(home / "a" / "very" / "long" / "way" / "to" / ".codex" / "sessions")
    async with program(FakeFeed(EMPTY, sources=(Source(looked=(folder,)),))).run_test(size=(45, 20)) as pilot:
        await until(pilot, lambda: "Welcome" in shown(pilot))
        await pilot.press("d")
        await until(pilot, lambda: "tokentui demo" in shown(pilot))
        text = " ".join(shown(pilot).split())
        for words in (
            "No logs of AI tools were found on this machine.",
            "its log, its use shows here.",
            "Codex not found; looked in ~/a/very/long/way/to/.codex/sessions",
            "Quit, then run tokentui demo: a made-up history, apart from your own data.",
            "q quits",
        ):
            assert words in text
        assert max(map(len, shown(pilot).splitlines())) <= 45
        await pilot.press("?")
        help_of = [command.help for command in COMMANDS]
        await until(pilot, lambda: all(each in " ".join(shown(pilot).split()) for each in help_of))
        await pilot.press("escape", "2")
        await until(pilot, lambda: "Cost a day by service · last 30 days" in shown(pilot))


async def test_an_import_shows_how_far_it_is_and_what_is_left() -> None:
    now = [NOW]
    feed = FakeFeed()
    app = TokenTUI(feed, version="0", clock=lambda: now[0])
    async with app.run_test(size=(80, 24)) as pilot:
        feed.progress(ImportProgress(0, 340, 0, 1_020_000_000, 0))
        await until(pilot, lambda: "0 of 340 files" in shown(pilot))
        now[0] += 2
        app.progress = ImportProgress(34, 340, 102_000_000, 1_020_000_000, 12_345)
        await pilot.pause()
        for text in ("10 %", "34 of 340 files", "102 of 1,020 MB", "12,345 requests", "about 18 s left"):
            assert text in shown(pilot)
        feed.deliver(sample(now=NOW))
        await until(pilot, lambda: "the figures still grow" in shown(pilot))
        assert "What drove it" in shown(pilot)
        feed.progress(None)
        await until(pilot, lambda: "still grow" not in shown(pilot))


async def test_once_the_engine_works_the_screen_gets_its_turn_within_a_millisecond() -> None:
    before = sys.getswitchinterval()
    try:
        sys.setswitchinterval(0.005)
        async with program(FakeFeed(sample(now=NOW))).run_test(size=(80, 24)) as pilot:
            await until(pilot, lambda: "What drove it" in shown(pilot))
            assert sys.getswitchinterval() == pytest.approx(0.001)
    finally:
        sys.setswitchinterval(before)


async def test_before_there_is_anything_to_show_it_says_what_it_waits_for() -> None:
    feed = FakeFeed()
    async with program(feed).run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "reading what is stored …" in shown(pilot))
        feed.busy = "preparing the database for this version; it takes long " + "and " * 20
        feed.progress(None)
        await until(pilot, lambda: "preparing the database" in shown(pilot))
        assert " ".join(shown(pilot).split()).count(" and") == 20, "all of it, in as many lines as it takes"
        feed.deliver(sample(now=NOW))
        await until(pilot, lambda: "What drove it" in shown(pilot))
        assert "preparing" not in shown(pilot)


async def test_notices_and_failures_are_told_in_one_line() -> None:
    feed = FakeFeed(replace(sample(now=NOW), notices=("the database is read-only", "restored")))
    async with program(feed).run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "the database is read-only (and 1 more)" in shown(pilot))
        feed.fail("the disk is gone [/]")
        await until(pilot, lambda: "stopped: the disk is gone [/]" in shown(pilot))
        feed.deliver(sample(now=NOW))
        assert pilot.app.query_one("#banner").size.height == 1


async def test_the_palette_finds_a_command_and_runs_it() -> None:
    async with program(FakeFeed(sample(now=NOW))).run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "Today" in shown(pilot))
        await pilot.press("ctrl+p", *"model", "enter")
        await until(pilot, lambda: "Cost a day by model" in shown(pilot))
        await pilot.press("ctrl+p", *"nothing like it", "enter")
        assert "no command of that name" in shown(pilot)
        await pilot.press("escape", "ctrl+p", *"totals", "down", "up", "enter")
        await until(pilot, lambda: pilot.app.query_one(Overview).display)
        await pilot.press("ctrl+p", *"made-up", "enter")
        assert "no command of that name" in shown(pilot), "where there is something to show"
    async with program(FakeFeed(EMPTY)).run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "Welcome" in shown(pilot))
        await pilot.press("ctrl+p")
        assert "Scroll to the top" not in shown(pilot)
        await pilot.resize_terminal(45, 24)
        await pilot.press(*"made-up", "enter")
        await until(pilot, lambda: "tokentui demo" in shown(pilot))


async def test_keys_typed_ahead_close_a_window_once() -> None:
    async with program(FakeFeed(sample(now=NOW))).run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "Today" in shown(pilot))
        for key in ("ctrl+p", "question_mark"):
            await pilot.press(key)
            window = pilot.app.screen
            window.dismiss()
            window.dismiss()
            await pilot.pause()
            assert pilot.app.screen is pilot.app.screen_stack[0]
        await pilot.press("ctrl+p", *"trends")
        palette = pilot.app.screen
        assert isinstance(palette, Palette)
        palette.on_input_submitted()
        palette.on_input_submitted()
        await until(pilot, lambda: "Cost a day" in shown(pilot))


async def test_it_survives_every_size() -> None:
    feed = FakeFeed(sample(8, now=NOW))
    async with program(feed).run_test(size=(300, 80)) as pilot:
        await until(pilot, lambda: len(pilot.app.query(AccountCard)) == 8)
        for size in ((300, 80), (120, 36), (80, 24), (45, 20), (20, 5), (1, 1), (80, 24)):
            await pilot.resize_terminal(*size)
            await pilot.press("2", "1", "?", "escape")
        await pilot.press("ctrl+p", "escape", "pagedown", "down", "end", "home")
        assert "Today" in shown(pilot)
        assert pilot.app.is_running


@pytest.mark.parametrize(("size", "columns"), [((120, 36), 3), ((80, 24), 2), ((45, 20), 1)])
async def test_cards_stand_beside_each_other_where_there_is_room(size: tuple[int, int], columns: int) -> None:
    async with program(FakeFeed(sample(5, now=NOW))).run_test(size=size) as pilot:
        await until(pilot, lambda: len(pilot.app.query(AccountCard)) == 5)
        await pilot.pause()
        cards = list(pilot.app.query(AccountCard))
        assert sum(card.region.y == cards[0].region.y for card in cards) == columns
        assert cards[0].region.height == (2 if columns == 1 else 6 if columns == 2 else 8)


async def test_hostile_strings_are_drawn_and_not_obeyed() -> None:
    feed = FakeFeed(sample(8, name=HOSTILE, now=NOW), sources=(Source(HOSTILE, HOSTILE, (HOSTILE,)),))
    async with program(feed).run_test(size=(160, 40)) as pilot:
        await until(pilot, lambda: "[@click=app.leave]x[/]" in shown(pilot))
        feed.fail(HOSTILE)
        await until(pilot, lambda: "stopped" in shown(pilot))
        await pilot.press("2", "M")
        assert "[@click=app.leave]" in shown(pilot)
        feed.deliver(Snapshot(TODAY, HOSTILE))
        await pilot.press("1")
        await until(pilot, lambda: "Welcome" in shown(pilot))
        assert not any(character in shown(pilot) for character in "\x1b\x07\u202e\u200b\x9b\x00")


def test_a_stalled_screen_is_told_once_and_finds_the_newest() -> None:
    told: list[int] = []
    inbox = Inbox(lambda: told.append(1))
    snapshots = [sample(count) for count in (1, 2, 3)]
    threads = [threading.Thread(target=inbox.put_snapshot, args=(snapshot,)) for snapshot in snapshots]
    for thread in threads:
        thread.start()
        thread.join()
    assert told == [1]
    assert inbox.snapshot is snapshots[-1]
    inbox.opened()
    inbox.put_failure("gone")
    assert told == [1, 1]


def test_what_is_left_is_said_once_it_can_be_known() -> None:
    now = [0.0]
    pace = Pace(lambda: now[0])
    assert pace.left(ImportProgress(0, 1, 0, 1_000, 0)) == ""
    now[0] = 10.0
    assert pace.left(ImportProgress(0, 1, 100, 1_000, 0)) == "about 2 min left"
    assert pace.left(ImportProgress(0, 1, 500, 1_000, 0)) == "about 10 s left"
    assert pace.left(None) == ""
