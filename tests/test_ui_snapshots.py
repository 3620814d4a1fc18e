"""What every pane looks like: its text and its colours, at the sizes people have.

A difference is either a fault or meant. `SNAPSHOTS=update python -m pytest tests/test_ui_snapshots.py`
writes what is meant into `tests/snapshots`, where it is read before it is committed.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from itertools import groupby
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.strip import Strip

from tests.conftest import HOME_VARIABLES
from tests.ui_program import FakeFeed
from tests.ui_still_program import NOW, still_database, still_feed
from tokentui.config import Settings
from tokentui.ui.app import TokenTUI
from tokentui.ui.commands import COMMANDS
from tokentui.ui.panes import PANES

FOLDER = Path(__file__).parent / "snapshots"
SIZES = ((120, 36), (80, 24))
THEMES = {"dark": "dark", "ansi": "terminal"}
MORE = {"trends-month": ("2", "f")}
"""Pictures that a pane has beside its first one, and the keys that show them."""
MONTHLY_BUDGET = 560.0
"""Dollars a month in these; the panes themselves are shown without a budget."""
SETTLED_SECONDS = 0.08
"""Without a question or a worker under way, and without a change for so long, a pane is done."""
LONGEST_SECONDS = 15.0

Look = tuple[tuple[int, int], str]
"""A size, and a name of THEMES."""


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return still_database(tmp_path_factory.mktemp("still"))


@pytest.fixture(scope="module")
def shown(database: Path) -> Callable[[Look], dict[str, str]]:
    """Return every pane in a look, as text; made when it is first asked for."""

    @cache
    def panes(look: Look) -> dict[str, str]:
        with pytest.MonkeyPatch.context() as patch:
            for name in HOME_VARIABLES:
                patch.delenv(name, raising=False)
            patch.setenv("HOME", "/home/me")  # on the settings pane; nothing of it is written
            patch.setenv("TOKENTUI_HOME", "/home/me/tokentui")
            patch.setenv("TERM", "xterm-256color")
            patch.setenv("TZ", "UTC")
            return asyncio.run(_panes(database, *look))

    return panes


async def _panes(database: Path, size: tuple[int, int], theme: str) -> dict[str, str]:
    """Open one pane after the other."""
    feed = still_feed(database)
    app = TokenTUI(feed, version="0.1.0", clock=NOW.timestamp, settings=Settings(theme=THEMES[theme]))
    found = {}
    async with app.run_test(size=size) as pilot:
        for pane in PANES:
            key = next(each.keys for each in COMMANDS if each.action == f"show_pane('{pane}')").split(",")[0]
            await pilot.press(key)
            found[pane] = await _settled(pilot, feed)
        app.apply(replace(app.settings, monthly_budget=MONTHLY_BUDGET))
        for name, keys in MORE.items():
            await pilot.press(*keys)
            found[name] = await _settled(pilot, feed)
    return found


async def _settled(pilot: Pilot[None], feed: FakeFeed) -> str:
    """Return what is on the screen once it does not change any more."""
    last, since = "", time.monotonic()
    deadline = since + LONGEST_SECONDS
    while time.monotonic() < deadline:
        await pilot.pause(0.03)
        now = written(pilot.app.screen._compositor.render_strips())
        at_work = not feed.resting or any(worker.is_running for worker in pilot.app.workers)
        if now != last or at_work or "reading" in now:
            last, since = now, time.monotonic()
        elif time.monotonic() - since > SETTLED_SECONDS:
            break
    return last


def written(strips: list[Strip]) -> str:
    """Return a screen as lines of text, and below them the look of each run that is not plain."""
    rows = [strip.text.rstrip() for strip in strips]
    looks = []
    for y, strip in enumerate(strips):
        x = 0
        for look, group in groupby(strip, key=lambda segment: str(segment.style or "none")):
            width = sum(segment.cell_length for segment in group)
            looks.append(f"{y + 1}:{x + 1}-{x + width} {look}")
            x += width
    return "\n".join([*rows, "", *looks]) + "\n"


@pytest.mark.parametrize("pane", [*PANES, *MORE])
@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("size", SIZES, ids=lambda size: "x".join(map(str, size)))
def test_a_pane_looks_as_it_was_meant(
    shown: Callable[[Look], dict[str, str]], size: tuple[int, int], theme: str, pane: str
) -> None:
    file = FOLDER / f"{pane}-{size[0]}x{size[1]}-{theme}.txt"
    text = shown((size, theme))[pane]
    if os.environ.get("SNAPSHOTS") == "update":
        FOLDER.mkdir(exist_ok=True)
        file.write_text(text)
    assert file.exists(), "there is no such snapshot yet: run with SNAPSHOTS=update"
    assert text == file.read_text()


def test_every_snapshot_is_of_a_pane_there_is() -> None:
    names = {f"{pane}-{x}x{y}-{theme}.txt" for pane in (*PANES, *MORE) for x, y in SIZES for theme in THEMES}
    assert {file.name for file in FOLDER.iterdir()} == names
