"""The window behind `x` says what `tokentui explain` says."""

from __future__ import annotations

import json
import shlex
from dataclasses import replace
from datetime import UTC, date
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from tests.test_cli_show import tokentui
from tests.test_ui_overview import database, program, shown, until
from tests.ui_program import HOSTILE, FakeFeed, sample
from tests.ui_still_program import NOW, still_feed
from tokentui.cli.explain_json import as_json
from tokentui.cli.explain_report import LookedFor
from tokentui.store.usage_table import UsageQuery, Where
from tokentui.text import decimal_cost
from tokentui.ui import explain_lines, figures, selections
from tokentui.ui.app import TokenTUI
from tokentui.ui.explain import Explain
from tokentui.ui.explain_lines import Column
from tokentui.ui.overview import AccountCard

__all__ = ["database"]


def window(pilot: Pilot[None]) -> Explain:
    """The window, which is open."""
    assert isinstance(pilot.app.screen, Explain)
    return pilot.app.screen


def printed(command: str, folder: Path) -> Any:
    """What the command line that the window names prints as JSON."""
    words = shlex.split(command)
    assert words[:2] == ["tokentui", "explain"]
    home = {"HOME": str(folder), "TOKENTUI_HOME": str(folder), "TZ": "UTC"}
    return json.loads(tokentui(*words[1:], "--json", "--no-collect", **home).stdout)


@pytest.mark.parametrize(
    ("keys", "title"),
    [
        (["x"], "All accounts"),
        (["right", "x"], "Codex"),
        (["m", "right", "right", "x"], "Claude Code"),
        (["w", "left_square_bracket", "right", "x"], "Codex"),
        (["down", "down", "x"], ""),
        (["down", "down", "right", "x"], "claude-"),
        (["down", "down", "right", "right", "down", "x"], ""),
    ],
    ids=["everything", "an account", "a month", "the week before", "a project", "a model", "a session"],
)
async def test_the_window_and_the_command_say_the_same(database: Path, keys: list[str], title: str) -> None:
    async with program(still_feed(database)).run_test(size=(120, 50)) as pilot:
        await until(pilot, lambda: len(pilot.app.query(AccountCard)) == 3)
        await pilot.press(*keys)
        explain = window(pilot)
        await until(pilot, lambda: explain.answer is not None)
        assert explain.answer
        found = explain.answer.found
        said = printed(explain.command, database.parent)
        looked_for = LookedFor(said["filter"], None, UTC, round(NOW.timestamp() * 1e6))
        assert json.loads(as_json(found, looked_for)) == said
        totals = found.explanation.totals
        assert totals.request_count > 0
        assert said["totals"]["cost"] == decimal_cost(totals.cost)
        await until(pilot, lambda: "price put on" in shown(pilot))
        assert shown(pilot).startswith(title)
        assert figures.cost(totals).lstrip("≥") in shown(pilot)
        assert f"{totals.request_count:,} request" in shown(pilot)


async def test_the_figure_explained_is_the_one_on_the_card(database: Path) -> None:
    feed = still_feed(database)
    async with program(feed).run_test(size=(120, 50)) as pilot:
        await until(pilot, lambda: len(pilot.app.query(AccountCard)) == 3)
        for name, usage in (("today", "today"), ("month", "month")):
            await pilot.press(name[0])
            for card in list(pilot.app.query(AccountCard))[:2]:
                card.focus()
                await pilot.press("x")
                await until(pilot, lambda: window(pilot).answer is not None)
                answer = window(pilot).answer
                assert answer
                assert answer.found.explanation.totals == getattr(card.card, usage)
                await pilot.press("escape")


async def test_it_scrolls_copies_its_command_and_closes(database: Path) -> None:
    async with program(still_feed(database)).run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: len(pilot.app.query(AccountCard)) == 3)
        await pilot.press("m", "right", "x")
        await until(pilot, lambda: "price put on" in shown(pilot))
        room = window(pilot).query_one("#explain-room")
        await pilot.press("down", "pagedown")
        assert room.scroll_y == 11
        await pilot.press("G")
        assert room.scroll_y == room.max_scroll_y
        await pilot.press("g", "y")
        assert room.scroll_y == 0
        command = "tokentui explain --from 2026-11-01 --to 2026-11-20 --filter account:codex"
        assert pilot.app.clipboard == command
        assert f"copied: {command[:60]}" in shown(pilot)
        await pilot.press("x")
        assert pilot.app.screen is pilot.app.screen_stack[0]
        await pilot.press("x", "escape", "x", "q")
        assert pilot.app.is_running


async def test_nothing_found_says_what_was_looked_for_and_where_there_is_some(database: Path) -> None:
    app = program(still_feed(database))
    async with app.run_test(size=(100, 30)) as pilot:
        await until(pilot, lambda: len(pilot.app.query(AccountCard)) == 3)
        empty = UsageQuery(date(2026, 11, 20), date(2026, 11, 20), where=(Where("model", "eq", ("gpt-1",)),))
        app.explain("gpt-1", empty)
        await until(pilot, lambda: "No usage: gpt-1, 20 Nov 2026." in shown(pilot))
        assert "there is other usage, which does not match" in shown(pilot)


async def test_a_condition_on_sums_is_left_out_as_one_figure_has_no_lines(database: Path) -> None:
    app = program(still_feed(database))
    async with app.run_test(size=(100, 30)) as pilot:
        await until(pilot, lambda: len(pilot.app.query(AccountCard)) == 3)
        app.explain("All", UsageQuery(group_by=("model",), where=(Where("cost", ">", (10**18,)),)))
        await until(pilot, lambda: "price put on" in shown(pilot))
        assert "--filter" not in window(pilot).command


async def test_what_cannot_be_explained_says_why() -> None:
    async with program(FakeFeed(sample(name=HOSTILE, now=NOW.timestamp()))).run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: len(pilot.app.query(AccountCard)) > 0)
        await pilot.press("7", "x")
        assert "nothing here can be explained" in shown(pilot)
        await pilot.press("1", "right", "x")
        await until(pilot, lambda: "this test has no database" in shown(pilot))
        assert not any(character in shown(pilot) for character in "\x1b\x07\u202e\u200b\x9b\x00")


async def test_while_it_reads_it_says_so() -> None:
    feed = FakeFeed(sample(now=NOW.timestamp()))
    app: TokenTUI = program(feed)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: len(pilot.app.query(AccountCard)) == 3)
        feed.ask = lambda *_: None  # type: ignore[method-assign]
        await pilot.press("x")
        assert "being read …" in shown(pilot)
        await pilot.press("escape")
        assert pilot.app.screen is pilot.app.screen_stack[0]


@pytest.mark.parametrize(
    ("start", "end", "words"),
    [
        (date(2026, 11, 20), date(2026, 11, 20), "20 Nov 2026"),
        (date(2026, 11, 1), date(2026, 11, 20), "1 – 20 Nov 2026"),
        (date(2026, 10, 30), date(2026, 11, 2), "30 Oct – 2 Nov 2026"),
        (date(2025, 12, 30), date(2026, 1, 2), "30 Dec 2025 – 2 Jan 2026"),
        (None, date(2026, 1, 2), "from the beginning – 2 Jan 2026"),
        (date(2026, 1, 2), None, "2 Jan 2026 – today"),
    ],
)
def test_days_in_words(start: date | None, end: date | None, words: str) -> None:
    assert selections.days_in_words(replace(UsageQuery(), start=start, end=end)) == words


@pytest.mark.parametrize("width", [200, 60, 40, 20, 8])
def test_a_table_fits_and_keeps_what_matters_most(width: int) -> None:
    columns = [Column("name", 1, text=True), Column("less", 0), Column("cost", 2)]
    rows = [[("a name that is long enough", "text"), ("12,345", "text"), ("$1.00~", "strong")]]
    lines = ["".join(text for text, _ in line) for line in explain_lines.table(columns, rows, width)]
    assert max(map(len, lines)) <= width
    assert "$1.00~" in lines[1]
    assert ("12,345" in lines[1]) == (width >= 40)


async def test_while_costs_are_hidden_their_length_tells_nothing_either(database: Path) -> None:
    async with program(still_feed(database)).run_test(size=(120, 50)) as pilot:
        await until(pilot, lambda: "What drove it" in shown(pilot))
        await pilot.press("H", "m", "x")
        await until(pilot, lambda: "largest requests" in shown(pilot))
        requests = shown(pilot).split("largest requests")[1].splitlines()[1:]
        ends = {len(row) for row in requests if "claude" in row or "gpt" in row}
        assert len(ends) == 1
        assert any(row.endswith("•••") for row in requests)
