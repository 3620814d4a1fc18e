"""Trends as a person uses it: keys, answers of the database, and what is drawn anew."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from tests.store_batches import HOUR, NOW, SECOND, batch, context, record
from tests.test_ui_panes import until
from tests.ui_program import FakeFeed, sample
from tests.ui_terminal import Terminal
from tokentui.config import Settings
from tokentui.store import Reader, open_writer
from tokentui.store.snapshot import Snapshot
from tokentui.ui import plot
from tokentui.ui.app import TokenTUI
from tokentui.ui.trends import Trends
from tokentui.ui.widgets import Lines

DAY = 24 * HOUR
SWITCH_BYTES = 16_000
CURSOR_BYTES = 1_000
LEFT = "\x1b[D"


@pytest.fixture
def feed(tmp_path: Path) -> FakeFeed:
    """A feed with a database of 800 days: an exact request each day, and on odd ones a lower bound."""
    path = tmp_path / "tokentui.db"
    writer = open_writer(path, "UTC")
    contexts = [context("s1"), context("s2", service="gemini-cli", project="/srv/infra", quality="floor")]
    records = [
        record(f"{age} {kind}", NOW - age * DAY - 10 * SECOND, context=kind, model=model, cost=10**9)
        for age in range(800)
        for kind, model in enumerate(("claude-opus-4", "gemini-3"))
        if kind <= age % 2
    ]
    writer.ingest([batch(records, contexts)], NOW)
    snapshot = Reader(writer.connection).snapshot(NOW - SECOND, "UTC")
    writer.close()
    made = FakeFeed(snapshot, replace(snapshot))
    made.database = path
    return made


def program(feed: FakeFeed, **settings: Any) -> TokenTUI:
    """The dashboard on a feed."""
    return TokenTUI(feed, version="0", clock=lambda: NOW / 1e6, settings=Settings(**settings))


def trends(pilot: Pilot[None]) -> Trends:
    return pilot.app.screen_stack[0].query_one(Trends)


def said(pilot: Pilot[None], part: str = "title") -> str:
    """What one part of the pane shows."""
    return trends(pilot).query_one(f"#trends-{part}", Lines).plain


def both(pilot: Pilot[None], title: str, table: str) -> bool:
    """Whether the title and the table say so."""
    return title in said(pilot) and table in said(pilot, "table")


def without_sign(pilot: Pilot[None], name: str) -> bool:
    """Whether a row of the table tells nothing but exact figures."""
    return any(name in row and "≥" not in row for row in said(pilot, "table").splitlines())


async def opened(pilot: Pilot[None]) -> None:
    """Open the pane."""
    await until(pilot, lambda: bool(pilot.app.screen_stack[0].query("#overview")))
    await pilot.press("2")
    await until(pilot, lambda: "Cost a day" in said(pilot) and "┤" in said(pilot, "plot"))


async def test_one_key_for_each_picture(feed: FakeFeed) -> None:
    async with program(feed).run_test(size=(120, 36)) as pilot:
        await opened(pilot)
        assert "trends" not in feed.topics, "the first picture is of the snapshot"
        for key, title, table in (
            ("n", "Requests a day by service", "gemini-cli"),
            ("M", "Requests a day by model", "gemini-3"),
            ("P", "Requests a day by project", "/srv/infra"),
            ("w", "Requests a week by project · last 26 weeks", "4 weeks"),
            ("m", "Requests a month by project · last 12 months", "3 months"),
            ("a", "Requests a month by account", "gemini-cli"),
            ("u", "Tokens a month by account", "gemini-cli"),
            ("k", "Tokens a month by kind", "cache read"),
            ("b", "Tokens a day by kind", "reasoning"),
            ("C", "Cost a day by service", "≥$15.00~"),
            ("I", "Tokens a day, input and output", "input"),
            ("N", "Requests a day by service", "15"),
            ("d", "Requests a day by service · last 30 days", "30 days"),
            ("h", "Requests by hour and weekday · last 30 days", "the busiest"),
            ("s", "Requests a day by service", "today"),
        ):
            await pilot.press(key)
            await until(pilot, partial(both, pilot, title, table))


async def test_the_sums_are_those_of_the_database(feed: FakeFeed) -> None:
    async with program(feed).run_test(size=(120, 36)) as pilot:
        await opened(pilot)
        await pilot.press("P", "m", "n")
        await until(pilot, lambda: "12 months" in said(pilot, "table"))
        since = 355 + 177  # the days from 1 Dec 2025 to 20 Nov 2026, and the odd ones of them
        assert said(pilot, "table").splitlines()[-1].split()[3] == f"≥{since}"
        await pilot.press("left_curly_bracket")
        await until(pilot, lambda: "Dec 2024 – Nov 2025" in said(pilot) and "≥548" in said(pilot, "table"))
        await pilot.press("left_curly_bracket", "left_curly_bracket", "left_curly_bracket")
        await until(pilot, lambda: "Dec 2023 – Nov 2024" in said(pilot))
        await pilot.press("right_curly_bracket", "right_curly_bracket", "right_curly_bracket")
        await until(pilot, lambda: "last 12 months" in said(pilot) and f"≥{since}" in said(pilot, "table"))


async def test_a_lower_bound_stands_where_it_belongs(feed: FakeFeed) -> None:
    async with program(feed).run_test(size=(120, 36)) as pilot:
        await opened(pilot)
        for key, exact, floor in (("M", "claude-opus-4", "gemini-3"), ("P", "/home/u/shop", "/srv/infra")):
            await pilot.press(key)
            await until(pilot, partial(without_sign, pilot, exact))
            rows = said(pilot, "table").splitlines()
            assert all("≥" in row for row in rows if floor in row or "total" in row)


async def test_the_cursor_reads_out_and_is_explained(feed: FakeFeed) -> None:
    async with program(feed).run_test(size=(120, 36)) as pilot:
        await opened(pilot)
        pane = trends(pilot)
        whole = pane.explained()
        assert whole is not None
        assert (whole[0], str(whole[1].start), str(whole[1].end)) == (
            "last 30 days",
            "2026-10-22",
            "2026-11-20",
        )
        await pilot.press("left", "left")
        assert "Thu 19 Nov 2026  ≥$2.00~" in said(pilot)
        assert "Thu 19 Nov" in said(pilot, "table")
        assert "▲" in said(pilot, "plot")
        under = pane.explained()
        assert under is not None
        assert (str(under[1].start), str(under[1].end)) == ("2026-11-19", "2026-11-19")
        await pilot.press("home")
        assert "Thu 22 Oct 2026" in said(pilot)
        await pilot.press("end", "y")
        assert "copied: tokentui show --by service --from 2026-11-20 --to 2026-11-20" in pilot.app.said  # type: ignore[attr-defined]
        await pilot.press("escape")
        assert "last 30 days" in said(pilot)
        assert "▲" not in said(pilot, "plot")


async def test_the_period_before_is_overlaid(feed: FakeFeed) -> None:
    async with program(feed).run_test(size=(120, 36)) as pilot:
        await opened(pilot)
        assert plot.BEFORE not in said(pilot, "plot")
        await pilot.press("p")
        assert plot.BEFORE in said(pilot, "plot")
        assert "30 before" in said(pilot, "table")
        assert "= same" in said(pilot, "table")
        await pilot.press("w")
        await until(pilot, lambda: "26 before" in said(pilot, "table"))
        await pilot.press("p")
        assert plot.BEFORE not in said(pilot, "plot")


async def test_weeks_begin_where_the_settings_say(feed: FakeFeed) -> None:
    async with program(feed, week_start="sunday").run_test(size=(120, 36)) as pilot:
        await opened(pilot)
        await pilot.press("w", "left")
        await until(pilot, lambda: "15 – 20 Nov 2026" in said(pilot) and "wk 15 Nov" in said(pilot, "table"))
        assert "≥$9.00~" in said(pilot)
        await pilot.press("h")
        await until(pilot, lambda: "Sat" in said(pilot, "plot"))
        assert [row[1:4] for row in said(pilot, "plot").splitlines() if row[1:4] in ("Sun", "Mon")] == [
            "Sun",
            "Mon",
        ]


async def test_the_hours_are_read_out(feed: FakeFeed) -> None:
    async with program(feed).run_test(size=(120, 36)) as pilot:
        await opened(pilot)
        await pilot.press("h", "end", "down")
        await until(pilot, lambda: "Tue 23–24 h" in said(pilot, "table"))
        assert "Tue 23–24 h" in said(pilot)
        assert "[" in said(pilot, "plot")
        await pilot.press("h")
        assert "Cost a day by service" in said(pilot)


async def test_a_question_that_fails_says_why_and_is_asked_again_by_r(
    feed: FakeFeed, monkeypatch: pytest.MonkeyPatch
) -> None:
    rests: list[Callable[[], None]] = []
    monkeypatch.setattr(Trends, "set_timer", lambda _self, _seconds, rested: rests.append(rested))
    path, feed.database = feed.database, None
    async with program(feed).run_test(size=(120, 36)) as pilot:
        await opened(pilot)
        await pilot.press("P")
        await until(pilot, lambda: "could not be read: this test has no database" in said(pilot, "plot"))
        asked = len(feed.topics)
        rests[-1]()
        await pilot.press("u", "c")
        assert len(feed.topics) == asked, "it is not asked again and again"
        feed.database = path
        await pilot.press("r")
        await until(pilot, lambda: "/srv/infra" in said(pilot, "table"))


async def test_one_drawing_a_change_and_none_for_the_cursor(
    feed: FakeFeed, monkeypatch: pytest.MonkeyPatch
) -> None:
    built: list[object] = []
    stacked = plot.stacked

    def noted(*values: Any, **named: Any) -> plot.Plot:
        built.append(values)
        return stacked(*values, **named)

    async with program(feed).run_test(size=(120, 36)) as pilot:
        await opened(pilot)
        monkeypatch.setattr(plot, "stacked", noted)
        for key, count in (
            ("u", 1), ("k", 1), ("left", 0), ("left", 0), ("escape", 0), ("p", 1), ("h", 0), ("h", 0),
            ("C", 1),
        ):  # fmt: skip
            built.clear()
            await pilot.press(key)
            await pilot.pause()
            assert len(built) == count, key
        built.clear()
        feed.next()
        await pilot.pause()
        assert not built, "nothing is drawn for an equal snapshot"


def feed_snapshot(pilot: Pilot[None]) -> Snapshot:
    """The snapshot that is shown."""
    snapshot = trends(pilot).snapshot
    assert snapshot is not None
    return snapshot


async def test_nothing_is_asked_while_the_pane_is_not_shown(
    feed: FakeFeed, monkeypatch: pytest.MonkeyPatch
) -> None:
    rests: list[Callable[[], None]] = []
    monkeypatch.setattr(Trends, "set_timer", lambda _self, _seconds, rested: rests.append(rested))
    async with program(feed).run_test(size=(120, 36)) as pilot:
        await opened(pilot)
        await pilot.press("P")
        await until(pilot, lambda: "/srv/infra" in said(pilot, "table"))
        await pilot.press("1")
        asked = feed.topics.count("trends")
        rests[-1]()
        feed.deliver(replace(feed_snapshot(pilot), record_count=1))
        await pilot.pause()
        assert feed.topics.count("trends") == asked
        await pilot.press("2")
        await until(pilot, lambda: feed.topics.count("trends") == asked + 1)


async def test_new_logs_are_asked_for_once_in_a_while(
    feed: FakeFeed, monkeypatch: pytest.MonkeyPatch
) -> None:
    rests: list[Callable[[], None]] = []
    async with program(feed).run_test(size=(120, 36)) as pilot:
        await opened(pilot)
        monkeypatch.setattr(Trends, "set_timer", lambda _self, _seconds, rested: rests.append(rested))
        await pilot.press("P")
        await until(pilot, lambda: "/srv/infra" in said(pilot, "table"))
        asked = feed.topics.count("trends")
        for count in (801, 802, 803):
            feed.deliver(replace(feed_snapshot(pilot), record_count=count))
            await pilot.pause()
        assert feed.topics.count("trends") == asked
        assert "/srv/infra" in said(pilot, "table"), "what was read stays meanwhile"
        rests[-1]()
        await until(pilot, lambda: feed.topics.count("trends") == asked + 1)


def test_what_crosses_the_line(tmp_path: Path) -> None:
    with Terminal("tests.ui_program", "plain", str(tmp_path / "state")) as terminal:
        terminal.wait("What drove it")
        before = terminal.quiet()
        for key, wanted, most in (
            ("2", "Cost a day", SWITCH_BYTES), ("M", "others", SWITCH_BYTES),
            (LEFT, "Sat 21 Nov", CURSOR_BYTES), (LEFT, "Fri 20 Nov", CURSOR_BYTES),
            ("p", "change", SWITCH_BYTES), (LEFT, "Thu 19 Nov", CURSOR_BYTES),
        ):  # fmt: skip
            terminal.press(key)
            terminal.wait(wanted)
            now = terminal.quiet()
            assert 0 < now - before < most, wanted
            before = now
        assert terminal.read(1.0) is False, "something is written while nothing changes"
        terminal.press("q")
        assert terminal.ended(reading=True) == 0


@pytest.mark.parametrize("size", [(45, 20), (80, 24), (20, 5), (1, 1), (300, 80)])
async def test_every_size_is_survived(size: tuple[int, int]) -> None:
    async with program(FakeFeed(sample())).run_test(size=size) as pilot:
        await pilot.press("2", "p", "left", "k", "h", "right", "h", "escape", "m")
        await pilot.resize_terminal(60, 20)
        await pilot.press("C")
        await until(pilot, lambda: "Cost a day" in said(pilot) and "┤" in said(pilot, "plot"))


async def test_brackets_step_as_on_the_other_panes(feed: FakeFeed) -> None:
    async with program(feed).run_test(size=(120, 36)) as pilot:
        await opened(pilot)
        await pilot.press("m", "[")
        await until(pilot, lambda: "Dec 2024 – Nov 2025" in said(pilot))
        await pilot.press("]")
        await until(pilot, lambda: "last 12 months" in said(pilot))
