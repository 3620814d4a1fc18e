"""Explore as a person uses it: filter, group, sort, go into the details and come back."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from tests.ui_explore import Collected, collect, opened, settled, shown, until
from tests.ui_program import HOSTILE
from tokentui import text
from tokentui.engine.selection import Selection
from tokentui.store import UsageQuery
from tokentui.store.usage_table import DIMENSIONS
from tokentui.ui import drilling
from tokentui.ui.filter_line import FilterBar, FilterLine


@pytest.fixture(scope="module")
def collected(tmp_path_factory: pytest.TempPathFactory) -> Collected:
    return collect(tmp_path_factory.mktemp("home"))


def usage(collected: Collected, **query: object) -> dict[tuple[str, ...], int]:
    """What the database says: cost by key."""
    reader = collected.reader()
    try:
        asked = UsageQuery(**{"start": date(2026, 11, 1), "end": date(2026, 11, 20), **query})  # type: ignore[arg-type]
        return {key: found.cost for key, found in reader.usage(asked).groups}
    finally:
        reader.close()


async def test_3_shows_the_days_of_the_month_newest_first_with_their_sum(collected: Collected) -> None:
    days = usage(collected, group_by=("day",))
    async with collected.program().run_test(size=(120, 36)) as pilot:
        explore = await opened(pilot)
        assert [key for key, _ in explore.table.groups] == sorted(days, reverse=True)
        screen = shown(pilot)
        assert "by day · this month, 1 – 20 Nov 2026 · UTC" in screen
        assert f"{len(days)} rows by day ▼" in screen
        total = next(line for line in screen.splitlines() if line.startswith("   Total"))
        assert text.money(sum(days.values())) in total
        for title in ("Requests", "Input", "Cache rd", "Cache wr", "Output", "Tokens", "Cost", "Share"):
            assert title in screen
        assert "3 Explore" in screen


async def test_a_filter_is_typed_completed_and_applied(collected: Collected) -> None:
    async with collected.program().run_test(size=(120, 36)) as pilot:
        explore = await opened(pilot)
        await pilot.press("slash", "m", "o", "d")
        await until(pilot, lambda: "▸ model:" in shown(pilot))
        await pilot.press("tab", "c")
        await until(pilot, lambda: "▸ claude-" in shown(pilot))
        await pilot.press("down", "up", "tab")
        value = pilot.app.query_one(FilterLine).value
        assert value.startswith("model:claude-")
        await pilot.press("enter")
        await settled(pilot)
        assert explore.selection.filter == value
        assert not explore.query_one("#explore-hints").display
        assert explore.has_focus
        wanted = usage(collected, group_by=("day",), where=explore.query_of(explore.selection).where)
        assert {key: found.cost for key, found in explore.table.groups} == wanted


async def test_tab_completes_what_was_typed_however_fast(collected: Collected) -> None:
    async with collected.program().run_test(size=(120, 36)) as pilot:
        await opened(pilot)
        await pilot.press("slash")
        await until(pilot, lambda: "▸ service:" in shown(pilot))
        await pilot.press("b", "r", "tab")
        await until(pilot, lambda: pilot.app.query_one(FilterLine).value == "branch:")


async def test_a_wrong_filter_shows_where_and_why_and_the_table_stays(collected: Collected) -> None:
    async with collected.program().run_test(size=(80, 24)) as pilot:
        explore = await opened(pilot)
        before = explore.table.groups
        await pilot.press("slash", *"model:x", "space", *"cst:", "greater_than_sign", "1", "enter")
        await until(pilot, lambda: "there is no key “cst”" in shown(pilot))
        hints = explore.query_one("#explore-hints").plain.splitlines()  # type: ignore[attr-defined]
        assert hints[0].index("^") == 3 + len("model:x "), "the mark stands below the place"
        assert "such as: provider:anthropic" in shown(pilot)
        assert explore.table.groups == before
        assert pilot.app.query_one(FilterLine).has_focus
        await pilot.press("escape")
        assert not explore.query_one("#explore-hints").display
        assert pilot.app.query_one(FilterLine).value == ""
        assert explore.selection.filter == ""


async def test_letters_typed_into_the_filter_are_no_commands(collected: Collected) -> None:
    async with collected.program().run_test(size=(120, 36)) as pilot:
        explore = await opened(pilot)
        await pilot.press("slash", *"twma123xqr?")
        assert pilot.app.query_one(FilterLine).value == "twma123xqr?"
        assert explore.selection.days == "month"
        assert pilot.app.is_running


async def test_rows_are_grouped_by_what_is_chosen(collected: Collected) -> None:
    async with collected.program().run_test(size=(120, 36)) as pilot:
        explore = await opened(pilot)
        await pilot.press("g")
        await until(pilot, lambda: "Group by" in shown(pilot))
        await pilot.press("m", "m", "m", "enter")  # month, model, machine
        await settled(pilot)
        assert explore.selection.group_by == ("machine",)
        await pilot.press("g", "s", "s", "enter")  # success, and round to service
        await settled(pilot)
        await pilot.press("G")
        await until(pilot, lambda: "Then by" in shown(pilot))
        await pilot.press("m", "m", "enter")
        await settled(pilot)
        assert explore.selection.group_by == ("service", "model")
        wanted = usage(collected, group_by=("service", "model"))
        assert [found.cost for _, found in explore.table.groups] == sorted(wanted.values(), reverse=True)
        assert "by service › model" in shown(pilot)
        await pilot.press("G", "n", "enter")
        await settled(pilot)
        assert explore.selection.group_by == ("service",)
        await pilot.press("right_curly_bracket")
        await settled(pilot)
        assert explore.selection.group_by == ("account",)
        await pilot.press("left_curly_bracket", "left_curly_bracket")
        await settled(pilot)
        assert explore.selection.group_by == ("month",)


async def test_each_column_sorts_both_ways_and_is_marked(collected: Collected) -> None:
    async with collected.program().run_test(size=(120, 36)) as pilot:
        explore = await opened(pilot)
        value = {
            "Reqs": lambda used: used.request_count,
            "Input": lambda used: used.uncached_input_tokens,
            "Read": lambda used: used.cache_read_input_tokens,
        }
        for title, of in value.items():
            await pilot.press("s")
            sorted_by = [of(used) for _, used in explore.table.groups]
            assert sorted_by == sorted(sorted_by, reverse=True), title
            assert f"{title} ▼" in shown(pilot), "apart: in ASCII the arrow is a letter"
        await pilot.press("S")
        assert "Read ▲" in shown(pilot)
        up = [used.cache_read_input_tokens for _, used in explore.table.groups]
        assert up == sorted(up)
        await pilot.press("less_than_sign", "less_than_sign", "less_than_sign")
        assert "Day ▼" in shown(pilot)


async def test_sorting_keeps_the_cursor_on_its_row(collected: Collected) -> None:
    async with collected.program().run_test(size=(120, 36)) as pilot:
        explore = await opened(pilot)
        await pilot.press("down", "j")
        key, groups = explore.table.key, list(explore.table.groups)
        for _ in range(7):
            await pilot.press("s")
            assert explore.table.key == key
        assert explore.table.groups != groups


async def test_a_day_opens_into_sessions_requests_and_back(collected: Collected) -> None:
    async with collected.program().run_test(size=(120, 36)) as pilot:
        explore = await opened(pilot)
        await pilot.press("down")
        key, day = explore.table.groups[1]
        await pilot.press("enter")
        await settled(pilot)
        assert explore.selection.group_by == ("session", "project")
        assert sum(used.request_count for _, used in explore.table.groups) == day.request_count
        assert key[0] in shown(pilot)
        session, used = explore.table.groups[0]
        await pilot.press("enter")
        await settled(pilot)
        assert explore.table.requests is not None
        assert explore.table.count == used.request_count
        assert f"session:{session[0]}" in explore.selection.filter
        assert f"{used.request_count} request" in shown(pilot)
        total = next(line for line in shown(pilot).splitlines() if line.startswith("   Total"))
        assert text.money(used.cost) in total
        await pilot.press("backspace")
        await settled(pilot)
        assert explore.table.key == session
        await pilot.press("escape")
        await settled(pilot)
        assert explore.table.key == key, "the cursor is where it was"
        assert explore.selection.days == "month"
        assert not explore.trail


async def test_what_a_filter_asks_of_sums_is_left_behind_on_the_way_down(collected: Collected) -> None:
    async with collected.program().run_test(size=(120, 36)) as pilot:
        explore = await opened(pilot)
        explore.show(replace(explore.selection, filter="cost:>1 -model:x tokens:>1k"))
        await settled(pilot)
        await pilot.press("enter")
        await settled(pilot)
        assert explore.selection.filter == "-model:x"


async def test_only_the_requests_in_sight_are_read(collected: Collected) -> None:
    async with collected.program().run_test(size=(120, 36)) as pilot:
        explore = await opened(pilot)
        explore.show(replace(explore.selection, group_by=(), days="all"))
        await settled(pilot)
        table = explore.table
        reader = collected.reader()
        keys = list(reader.request_keys(UsageQuery()))
        reader.close()
        assert len(keys) > 600
        assert table.requests is not None
        await until(pilot, lambda: table.requests is not None and table.requests.complete)
        assert table.count == len(keys)
        await pilot.press("end")
        await until(
            pilot, lambda: table.requests is not None and table.requests.at(len(keys) - 1) is not None
        )
        assert table.requests.at(len(keys) // 2) is None, "the middle was never in sight"
        last = table.requests.at(len(keys) - 1)
        assert last is not None
        assert last.record.key == keys[-1]
        await until(pilot, lambda: "…" not in [line.strip() for line in table.plain.splitlines()])
        await pilot.press("home", "pagedown", "pageup")
        assert table.cursor == 0
        await pilot.press("s")
        await settled(pilot)
        first = table.requests.at(0)
        assert first is not None
        assert "Cost ▼" in shown(pilot)


async def test_spans_are_chosen_and_stepped(collected: Collected) -> None:
    async with collected.program().run_test(size=(120, 36)) as pilot:
        explore = await opened(pilot)
        for key, said in (
            ("w", "this week, 16 – 20 Nov 2026"),
            ("left_square_bracket", "last week, 9 – 15 Nov 2026"),
            ("right_square_bracket", "this week, 16 – 20 Nov 2026"),
            ("right_square_bracket", "this week, 16 – 20 Nov 2026"),
            ("t", "today, 20 Nov 2026"),
            ("left_square_bracket", "yesterday, 19 Nov 2026"),
            ("m", "this month, 1 – 20 Nov 2026"),
            ("left_square_bracket", "last month, 1 – 31 Oct 2026"),
            ("left_square_bracket", "2 months ago, 1 – 30 Sep 2026"),
            ("a", "all days"),
        ):
            await pilot.press(key)
            assert f"· {said}" in shown(pilot), key
        await settled(pilot)
        assert len(explore.table.groups) == len(usage(collected, start=None, end=None, group_by=("day",)))


async def test_an_empty_table_says_why_and_what_helps(collected: Collected) -> None:
    async with collected.program().run_test(size=(120, 36)) as pilot:
        explore = await opened(pilot)
        explore.show(replace(explore.selection, filter="model:nothing-like-it"))
        await until(pilot, lambda: "no usage in 1 – 20 Nov 2026 that matches the filter" in shown(pilot))
        assert "/ changes the filter" in shown(pilot)
        await pilot.press("enter", "end", "space", "s", "c", "escape", "x", "y")
        assert pilot.app.is_running


async def test_new_usage_is_asked_for_once_and_the_cursor_stays(collected: Collected) -> None:
    feed = collected.feed()
    async with collected.program(feed).run_test(size=(120, 36)) as pilot:
        explore = await opened(pilot)
        await pilot.press("down", "down")
        key = explore.table.key
        before = feed.topics.count("explore")
        for count in range(5):
            explore.snapshot = replace(collected.snapshot, record_count=count)
        await settled(pilot)
        assert feed.topics.count("explore") - before <= 2, "one at once, one for all that came meanwhile"
        assert explore.table.key == key
        await pilot.press("1")
        before = feed.topics.count("explore")
        explore.snapshot = replace(collected.snapshot, record_count=99)
        await pilot.pause()
        assert feed.topics.count("explore") == before, "nobody sees it"


async def test_a_question_that_fails_says_why_and_the_table_stays(collected: Collected) -> None:
    feed = collected.feed()
    async with collected.program(feed).run_test(size=(120, 36)) as pilot:
        explore = await opened(pilot)
        rows = explore.table.groups
        feed.database = None
        await pilot.press("r")
        await until(pilot, lambda: "this test has no database" in shown(pilot))
        assert explore.table.groups == rows
        feed.database = collected.database
        await pilot.press("r")
        await until(pilot, lambda: "this test has no database" not in shown(pilot))


async def test_it_survives_every_size(collected: Collected) -> None:
    async with collected.program().run_test(size=(120, 36)) as pilot:
        explore = await opened(pilot)
        explore.show(replace(explore.selection, group_by=("project", "model")))
        await settled(pilot)
        for size in ((80, 24), (45, 20), (20, 5), (5, 2), (1, 1), (300, 80), (45, 20)):
            await pilot.resize_terminal(*size)
            await pilot.press("j", "end", "home", "slash", "a", "escape")
            await pilot.pause()
        screen = shown(pilot)
        assert "Cost ▼" in screen
        assert "Cache rd" not in screen
        assert "Total" in screen


async def test_hostile_strings_are_drawn_and_not_obeyed(collected: Collected) -> None:
    async with collected.program().run_test(size=(120, 36)) as pilot:
        explore = await opened(pilot)
        answer = explore.table.answer
        assert answer is not None
        used = answer.totals
        explore.selection = replace(explore.selection, group_by=("project", "model"))
        hostile = replace(answer, selection=explore.selection, groups=(((HOSTILE, HOSTILE), used),))
        explore.table.show(hostile, explore.selection, None)
        await pilot.press("enter")
        await pilot.pause()
        screen = shown(pilot)
        assert "[@click=app.leave]x" in screen
        assert not set(screen) & set("\x1b\x07\x9b\u202e\u200b\x00")
        explore.query_one(FilterBar).use(HOSTILE)
        assert pilot.app.is_running


@pytest.mark.parametrize("dimension", DIMENSIONS)
def test_what_is_inside_a_row_sums_up_to_it(dimension: str, collected: Collected) -> None:
    selection = Selection((dimension,), days="all")
    today = collected.snapshot.today
    reader = collected.reader()
    try:
        groups = reader.usage(selection.query("UTC", today)).groups
        assert groups
        for key, used in groups[:3]:
            inner = replace(drilling.into(selection, key), group_by=())
            query = inner.query("UTC", today)
            assert reader.usage(query).totals == used, key
            assert reader.request_count(query) == used.request_count, key
    finally:
        reader.close()


async def test_while_other_rows_are_read_the_title_says_so_and_the_last_table_stays(
    collected: Collected,
) -> None:
    feed = collected.feed()
    async with collected.program(feed).run_test(size=(120, 36)) as pilot:
        explore = await opened(pilot)
        before = explore.table.plain
        assert "reading" not in shown(pilot)
        feed.ask = lambda *_: None  # type: ignore[method-assign]
        explore.show(replace(explore.selection, group_by=("session",)))
        await pilot.pause()
        assert "by session" in shown(pilot)
        assert "reading …" in shown(pilot)
        assert explore.table.plain == before
