"""How long the dashboard's event loop is held up while a first import runs.

    python -m tests.bench.lag HOME

HOME holds logs (`tests/corpus/make_corpus.py` makes some); the database is a new one in a temporary
folder. A timer of 16 ms is watched, as a key press would meet it; the program draws without a terminal.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

from tokentui import __version__, config
from tokentui.engine.feed import EngineFeed
from tokentui.store.snapshot import ImportProgress
from tokentui.ui.app import TokenTUI

TICK = 0.016


class Watched(EngineFeed):
    """The engine's feed, which also notes when the import has ended."""

    progress: ImportProgress | None = None
    ended = False

    def note(self, progress: ImportProgress | None) -> None:
        """Keep what is told of the import."""
        self.ended = self.ended or (progress is None and self.progress is not None)
        self.progress = progress or self.progress


async def measure(feed: Watched) -> list[float]:
    """Run the dashboard until the import has ended; return how late each tick was, in seconds."""
    app = TokenTUI(feed, version=__version__)
    late: list[float] = []
    start = feed.start

    def started(listener, progress, failed):  # type: ignore[no-untyped-def]
        def both(told: ImportProgress | None) -> None:
            feed.note(told)
            progress(told)

        start(listener, both, failed)

    feed.start = started  # type: ignore[method-assign]
    async with app.run_test(size=(120, 36)):
        deadline = time.monotonic() + 300
        while not feed.ended and time.monotonic() < deadline:
            before = time.perf_counter()
            await asyncio.sleep(TICK)
            late.append(time.perf_counter() - before - TICK)
    return late


def main() -> None:
    """Print the figures."""
    home = Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as own:
        os.environ.update(HOME=str(home), TOKENTUI_HOME=own, TZ="UTC")
        feed = Watched(config.paths(os.environ), config.Settings())
        late = asyncio.run(measure(feed))
    cuts = statistics.quantiles(late, n=100)
    print(
        f"{len(late)} ticks during the import: late by {cuts[49] * 1000:.1f} ms (median), "
        f"{cuts[94] * 1000:.1f} ms (95th percentile), {max(late) * 1000:.1f} ms (most)"
    )


if __name__ == "__main__":
    main()
