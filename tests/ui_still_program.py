"""The dashboard on a history that stands still, at a time that stands still, as a program for a terminal.

`python -m tests.ui_still_program FOLDER [CROWD] [THEME]`: FOLDER holds `tokentui.db` of `still_database`;
CROWD is a function of `ui_crowds`, or `-`. Each press of `r` delivers the same snapshot again with one
figure changed. Ticks come twenty times a second, so that what
would happen in minutes happens in a test.
"""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from tests import ui_crowds
from tests.ui_program import FakeFeed, healthy
from tokentui import config, demo
from tokentui.engine.collect import collect_once
from tokentui.store import open_reader
from tokentui.store.snapshot import Snapshot

NOW = datetime(2026, 11, 20, 16, 40, tzinfo=UTC)
TICK_SECONDS = 0.05
LAG_SECONDS = 0.02
"""How often the loop is asked whether it is late."""


def still_database(folder: Path, days: int = 30) -> Path:
    """Make the demo's history and collect it; return the database. Takes two seconds."""
    before = dict(os.environ)
    os.environ.update(HOME=str(folder), TOKENTUI_HOME=str(folder), TZ="UTC")
    try:
        demo.write_history(folder, seed=1, now=NOW, days=days)
        places = config.paths(os.environ)
        collect_once(places, config.Settings())
        return places.database
    finally:
        os.environ.clear()
        os.environ.update(before)


def still_snapshot(database: Path) -> Snapshot:
    """Return what is shown of a database at that time."""
    reader = open_reader(database)
    try:
        return reader.snapshot(int(NOW.timestamp() * 1e6), "UTC")
    finally:
        reader.close()


def still_feed(database: Path, crowd: str = "-") -> FakeFeed:
    """A feed of that history, which answers questions; with the accounts of a crowd of `ui_crowds`."""
    snapshot = still_snapshot(database)
    if crowd != "-":
        make: Callable[[Snapshot, float], Snapshot] = getattr(ui_crowds, crowd)
        snapshot = make(snapshot, NOW.timestamp())
    first = snapshot.cards[0]
    more = (
        replace(first, today=replace(first.today, request_count=first.today.request_count + number))
        for number in (0, 1)
    )
    feed = FakeFeed(snapshot, *(replace(snapshot, cards=(card, *snapshot.cards[1:])) for card in more))
    feed.database = database
    feed.health = healthy(now=NOW.timestamp())
    return feed


def main() -> None:
    """Run it; at the end say how late its loop was at most, and how much of that it computed itself.

    Two stretches: the longest by the clock, and the one with the most work. Of each both figures: where
    other programs have the processor, only the second is this one's own.
    """
    gc.set_threshold(50_000)
    gc.disable()  # as `tokentui` starts; the app enables it after the first paint
    from tokentui.ui import app as program

    program.TICK_SECONDS = TICK_SECONDS
    folder, *more = sys.argv[1:]
    crowd, theme = (more + ["-", ""][len(more) :])[:2]
    app = program.TokenTUI(
        still_feed(Path(folder, "tokentui.db"), crowd), version="0.1.0", clock=NOW.timestamp,
        crash_folder=folder, settings=config.Settings(theme=theme),
    )  # fmt: skip
    late: list[tuple[float, float]] = []

    async def watch() -> None:
        while True:
            before, computed = time.perf_counter(), time.thread_time()
            await asyncio.sleep(LAG_SECONDS)
            late.append((time.perf_counter() - before - LAG_SECONDS, time.thread_time() - computed))

    signal.signal(signal.SIGTERM, lambda *_: app.leave_soon(0))
    app.call_later(lambda: app.run_worker(watch()))
    app.run(mouse=False)
    by_time, by_work = max(late, default=(0.0, 0.0)), max(late, default=(0.0, 0.0), key=lambda each: each[1])
    told = " ".join(f"{seconds * 1000:.0f}" for seconds in (*by_time, *by_work))
    print(f"code {app.return_code} stretches {told} ms")


if __name__ == "__main__":
    main()
