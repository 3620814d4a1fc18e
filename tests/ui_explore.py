"""A collected history, and the dashboard on it, for the tests of Explore."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.ui_program import FakeFeed
from tokentui import demo
from tokentui.config import Settings, paths
from tokentui.engine.collect import collect_once
from tokentui.store import Reader, open_reader
from tokentui.store.snapshot import Snapshot
from tokentui.ui.app import TokenTUI
from tokentui.ui.explore import Explore
from tokentui.ui.widgets import Lines

NOW = datetime(2026, 11, 20, 18, tzinfo=UTC)


@dataclass(frozen=True)
class Collected:
    """A database with two months of a developer's usage."""

    home: Path
    database: Path
    snapshot: Snapshot

    def reader(self) -> Reader:
        """Open it."""
        return open_reader(self.database)

    def feed(self) -> FakeFeed:
        """Answers from it."""
        feed = FakeFeed(self.snapshot)
        feed.database = self.database
        return feed

    def program(self, feed: FakeFeed | None = None) -> TokenTUI:
        """The dashboard on it."""
        return TokenTUI(feed or self.feed(), version="0.1.0", clock=NOW.timestamp)


def collect(home: Path) -> Collected:
    """Write a history below a folder and collect it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(home))
        patch.setenv("TOKENTUI_HOME", str(home / "tokentui"))
        patch.setenv("TZ", "UTC")
        demo.write_history(home, 1, NOW, days=40)
        found = paths(os.environ)
        collect_once(found, Settings())
        reader = open_reader(found.database)
        try:
            snapshot = reader.snapshot(round(NOW.timestamp() * 1e6), "UTC")
        finally:
            reader.close()
    return Collected(home, found.database, snapshot)


async def until(pilot: Pilot[None], holds: Callable[[], bool]) -> None:
    """Let the program run until something holds."""
    end = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < end, shown(pilot)
        await asyncio.sleep(0.002)
        await pilot.pause()


def shown(pilot: Pilot[None]) -> str:
    """What is on the screen, as text."""
    return "\n".join(
        lines.plain
        for lines in pilot.app.screen.query(Lines)
        if all(node.display for node in lines.ancestors_with_self)
    )


def pane(pilot: Pilot[None]) -> Explore:
    """The pane."""
    return pilot.app.query_one(Explore)


async def settled(pilot: Pilot[None]) -> None:
    """Wait until what was asked for is shown."""
    await pilot.pause()
    await until(
        pilot,
        lambda: pane(pilot).settled,
    )


async def opened(pilot: Pilot[None]) -> Explore:
    """Open the pane."""
    await until(pilot, lambda: pilot.app.query_one("#overview").display)
    await pilot.press("3")
    await until(pilot, lambda: bool(pilot.app.query(Explore)) and pane(pilot).table.count > 0)
    return pane(pilot)
