"""The month added up as a person uses it: one key, a cursor, costs hidden, every size, few bytes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.test_ui_panes import until
from tests.test_ui_trends_month import history
from tests.test_ui_trends_pane import CURSOR_BYTES, LEFT, SWITCH_BYTES, said, trends
from tests.ui_program import FakeFeed, sample
from tests.ui_terminal import Terminal
from tokentui.config import Settings
from tokentui.ui import curve, plot
from tokentui.ui.app import TokenTUI


@pytest.fixture
def feed() -> FakeFeed:
    return FakeFeed(history())


def program(feed: FakeFeed, **settings: Any) -> TokenTUI:
    return TokenTUI(feed, version="0", clock=lambda: 0.0, settings=Settings(**settings))


async def test_one_key_shows_where_the_month_ends_and_one_goes_back(feed: FakeFeed) -> None:
    async with program(feed, monthly_budget=200.0).run_test(size=(120, 36)) as pilot:
        await pilot.press("2")
        await until(pilot, lambda: "┤" in said(pilot, "plot"))
        assert "╌ budget $6.67 a day" in said(pilot)
        assert plot.LEVEL in said(pilot, "plot")
        await pilot.press("f")
        assert "Cost of the month · Nov 2026  $143.00~ → $206.00~ (197 – 215) WARN" in said(pilot)
        assert "trends" not in feed.topics, "the snapshot knows it all"
        assert "budget $200 ──" in said(pilot, "plot")
        await pilot.press("left")
        assert "until Sat 21 Nov" in said(pilot), "the cursor begins today"
        await pilot.press("right", "right")
        assert "until Mon 23 Nov" in said(pilot)
        assert "▲" in said(pilot, "plot")
        await pilot.press("end")
        assert "until Mon 30 Nov  $206.00~ (197 – 215)" in said(pilot)
        await pilot.press("right", "home", "left")
        assert "until Sun 1 Nov" in said(pilot)
        explained = trends(pilot).explained()
        assert explained is not None
        assert (explained[0], explained[1].end) == ("1 Nov 2026", date(2026, 11, 1))
        await pilot.press("escape", "u")
        assert "Tokens of the month" in said(pilot)
        await pilot.press("f")
        assert "Tokens a day by service" in said(pilot)
        await pilot.press("c", "f", "M")
        assert "Cost a day by model" in said(pilot)
        await pilot.press("f", "h")
        assert "by hour and weekday" in said(pilot)
        await pilot.press("f", "[")
        await until(pilot, lambda: "Oct 2026" in said(pilot))


async def test_costs_are_hidden_in_the_month_too(feed: FakeFeed) -> None:
    async with program(feed, monthly_budget=200.0, privacy=True).run_test(size=(120, 36)) as pilot:
        await pilot.press("2", "f", "right", "right")
        for part in ("title", "plot", "table"):
            found = said(pilot, part)
            assert not {"143", "206", "197", "215", "200", "57", "$"} & {
                word.strip("$~()┤") for word in found.split()
            }
        assert "until Sun 22 Nov" in said(pilot)


async def test_nothing_is_drawn_anew_for_the_cursor_or_an_equal_snapshot(
    feed: FakeFeed, monkeypatch: pytest.MonkeyPatch
) -> None:
    built: list[object] = []
    drawn = curve.drawn

    def noted(*values: Any, **options: Any) -> plot.Plot:
        built.append(values)
        return drawn(*values, **options)

    async with program(feed, monthly_budget=200.0).run_test(size=(120, 36)) as pilot:
        monkeypatch.setattr(curve, "drawn", noted)
        await pilot.press("2", "f")
        await pilot.pause()
        assert len(built) == 1
        await pilot.press("left", "left", "escape")
        feed.deliver(history())
        await pilot.pause()
        assert len(built) == 1


@pytest.mark.parametrize("size", [(120, 36), (80, 24), (45, 20), (20, 5), (1, 1), (300, 80)])
async def test_every_size_is_survived_without_any_history_too(size: tuple[int, int]) -> None:
    for snapshot in (history(), replace(sample(), days=(), first_day=None), replace(sample(), days=())):
        async with program(FakeFeed(snapshot), monthly_budget=200.0).run_test(size=size) as pilot:
            await pilot.press("2", "f", "left", "left", "[", "end", "right", "p", "u", "c", "]", "escape")
            await pilot.resize_terminal(60, 20)
            await until(pilot, lambda: "Nov 2026" in said(pilot))


def test_what_crosses_the_line(tmp_path: Path) -> None:
    with Terminal("tests.ui_program", "plain", str(tmp_path / "state")) as terminal:
        terminal.wait("What drove it")
        terminal.press("2")
        terminal.wait("Cost a day")
        before = terminal.quiet()
        for key, shown, most in (
            ("f", "at its end", SWITCH_BYTES), (LEFT, "until 21 Nov", CURSOR_BYTES),
            (LEFT, "until 20 Nov", CURSOR_BYTES), ("\x1b[F", "until 30 Nov", CURSOR_BYTES),
            ("p", "", SWITCH_BYTES), ("f", "Cost a day", SWITCH_BYTES),
        ):  # fmt: skip
            terminal.press(key)
            terminal.wait(shown)
            now = terminal.quiet()
            assert 0 < now - before < most, shown
            before = now
        assert terminal.read(1.0) is False, "something is written while nothing changes"
        terminal.press("q")
        assert terminal.ended(reading=True) == 0
