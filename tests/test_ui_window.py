"""Windows over the panes: what is seen around them; what lines and panes leave behind."""

from __future__ import annotations

import gc
import weakref

import pytest
from textual._styles_cache import StylesCache
from textual.cache import FIFOCache
from textual.pilot import Pilot
from textual.strip import Strip
from textual.widget import Widget

from tests.test_ui_panes import NOW, program, shown, until
from tests.ui_program import FakeFeed, changed, sample
from tokentui.ui.choosing import Confirm
from tokentui.ui.window import Window


def rows(pilot: Pilot[None]) -> list[str]:
    """What the terminal shows, windows and what is around them."""
    return [strip.text for strip in pilot.app.screen._compositor.render_strips()]


async def test_around_windows_the_screen_below_is_seen_as_it_is_now() -> None:
    plain = sample(2, now=NOW)
    feed = FakeFeed(plain, changed(plain))
    async with program(feed).run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: "What drove it" in shown(pilot))
        for words in ("Codex", "Day by day"):
            await until(pilot, lambda words=words: any(words in row for row in rows(pilot)))  # type: ignore[misc]
        before = rows(pilot)
        for question in ("Really?", "And really?"):
            await pilot.app.push_screen(Confirm(question))
            await pilot.pause()
        around = rows(pilot)
        assert any("And really?" in row for row in around)
        assert [row[:20] for row in around] == [row[:20] for row in before]
        feed.next()
        await until(pilot, lambda: any("7.7M" in row for row in rows(pilot)))
        await pilot.resize_terminal(80, 24)
        await until(pilot, lambda: len(rows(pilot)) == 24 and any("really" in row for row in rows(pilot)))
        assert {len(row) for row in rows(pilot)} == {80}
        assert "Overview" in rows(pilot)[0]


async def test_a_resize_draws_what_is_around_windows_once_a_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[str] = []
    draw = Window._drawn_below

    def noted(self: Window[object]) -> list[Strip]:
        drawn.append(type(self).__name__)
        return draw(self)

    async with program(FakeFeed(sample(2, now=NOW))).run_test(size=(300, 80)) as pilot:
        await until(pilot, lambda: "What drove it" in shown(pilot))
        for question in ("Really?", "And really?"):
            await pilot.app.push_screen(Confirm(question))
            await pilot.pause()
        monkeypatch.setattr(Window, "_drawn_below", noted)
        for size in ((1, 1), (45, 20), (300, 80), (120, 36)):
            drawn.clear()
            await pilot.resize_terminal(*size)
            await until(pilot, lambda size=size: {len(row) for row in rows(pilot)} == {size[0]})  # type: ignore[misc]
            assert pilot.app.screen_stack[0]._compositor.size == size
            assert 2 <= len(drawn) <= 12, "two windows, and a frame for each thing that takes its new size"


async def test_a_line_of_the_screen_keeps_no_parts_it_was_cut_into() -> None:
    async with program(FakeFeed(sample(2, now=NOW))).run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: "What drove it" in shown(pilot))
        await pilot.press("2", "1")
        strips = [each for each in gc.get_objects() if isinstance(each, Strip)]
        assert strips
        kept = [each for strip in strips for each in gc.get_referents(strip) if isinstance(each, FIFOCache)]
        assert not kept


async def test_panes_that_have_gone_are_not_kept() -> None:
    async with program(FakeFeed(sample(2, now=NOW))).run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: "What drove it" in shown(pilot))
        gone: list[weakref.ref[Widget]] = []
        for key in "3674":
            await pilot.press(key)
            await pilot.pause()
            gone += [weakref.ref(each) for each in pilot.app.query("Explore, FilterLine, HealthPane")]
        await pilot.press("H", "1")
        await pilot.pause()
        assert len({id(each) for each in gone}) >= 3

        def kept() -> list[Widget]:
            gc.collect()
            return [widget for each in gone if (widget := each()) is not None]

        await until(pilot, lambda: not kept())


async def test_closed_windows_leave_none_of_their_lines_behind() -> None:
    def kept() -> int:
        gc.collect()
        return sum(type(each) is StylesCache for each in gc.get_objects())

    async with program(FakeFeed(sample(2, now=NOW))).run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: "Day by day" in shown(pilot))
        before = 0
        for _ in range(6):
            await pilot.press("question_mark")
            await until(pilot, lambda: len(pilot.app.screen_stack) == 2)
            await pilot.press("escape")
            await until(pilot, lambda: len(pilot.app.screen_stack) == 1)
            await pilot.pause()
            before = before or kept()
        assert kept() <= before
