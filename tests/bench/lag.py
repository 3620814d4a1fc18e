"""How long the dashboard's event loop is held up while a first import runs.

    python -m tests.bench.lag HOME [TIMES]

HOME holds logs (`tests/corpus/make_corpus.py` makes some); they are imported five times, each time into a
new database in a temporary folder. A timer of 16 ms is watched, as a key press would meet it; the
program draws without a terminal.
"""

from __future__ import annotations

import asyncio
import gc
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

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


class Late(NamedTuple):
    """How late one tick was."""

    seconds: float
    """By the clock."""
    unscheduled: float
    """How long of that the loop's thread was ready and no processor took it, in seconds.

    Whatever else the machine does counts as well, and so do our own workers; waiting for Python's lock,
    which another thread of the program has, does not.
    """


def waited() -> float:
    """Return how long the calling thread has waited for a processor so far, in seconds; 0 where unknown."""
    try:
        with open("/proc/thread-self/schedstat", "rb", buffering=0) as file:
            return int(file.read().split()[1]) / 1e9
    except (OSError, IndexError):
        return 0.0


async def measure(feed: Watched) -> list[Late]:
    """Run the dashboard until the import has ended; return how late each tick was."""
    app = TokenTUI(feed, version=__version__)
    late: list[Late] = []
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
            queued, before = waited(), time.perf_counter()
            await asyncio.sleep(TICK)
            late.append(Late(time.perf_counter() - before - TICK, waited() - queued))
    feed.stop(5.0)
    return late


def described(seconds: list[float]) -> str:
    """Return the percentiles that count."""
    cuts = [cut * 1000 for cut in statistics.quantiles(seconds, n=100)]
    most = max(seconds) * 1000
    return f"{cuts[49]:.1f} ms (median), {cuts[94]:.1f} ms (95th percentile), {most:.1f} ms (most)"


def main() -> None:
    """Print the figures."""
    home = Path(sys.argv[1]).resolve()
    late: list[Late] = []
    for _ in range(int(sys.argv[2]) if len(sys.argv) > 2 else 5):
        gc.disable()  # as the program does until its first screen
        with tempfile.TemporaryDirectory() as own:
            os.environ.update(HOME=str(home), TOKENTUI_HOME=own, TZ="UTC")
            feed = Watched(config.paths(os.environ), config.Settings())
            late += asyncio.run(measure(feed))
    print(f"{len(late)} ticks during imports at a load of {os.getloadavg()[0]:.1f}: late by")
    print(f"  {described([each.seconds for each in late])}")
    itself = [max(0.0, each.seconds - each.unscheduled) for each in late]
    print(f"  {described(itself)} without the time in which no processor was free")


if __name__ == "__main__":
    main()
