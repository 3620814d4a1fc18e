"""The progress bar of a long import, on a terminal only."""

from __future__ import annotations

import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING, TextIO

from tokentui.cli.output import columns_of, is_terminal, write

if TYPE_CHECKING:
    from tokentui.store.snapshot import ImportProgress

QUIET_SECONDS = 0.4
"""Work that is done sooner shows no bar."""
REDRAW_SECONDS = 0.1
BAR = 20
ERASE = "\r\x1b[K"


class ProgressBar:
    """Draws `ImportProgress` on one line and wipes it away at the end; silent where nobody looks."""

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = stream
        self._visible = is_terminal(stream)
        self._started = time.monotonic()
        self._next = self._started + QUIET_SECONDS
        self._drawn = False

    def __enter__(self) -> ProgressBar:
        return self

    def __exit__(self, *_: object) -> None:
        if self._drawn:
            self._put(ERASE)

    def __call__(self, progress: ImportProgress) -> None:
        """Show how far the import is, at most ten times a second."""
        now = time.monotonic()
        if not self._visible or now < self._next:
            return
        self._next = now + REDRAW_SECONDS
        self._drawn = True
        line = bar_line(progress, now - self._started)
        self._put(ERASE + line[: columns_of(self._stream) - 1])

    def _put(self, text: str) -> None:
        with suppress(OSError, ValueError):  # a terminal that went away must not end the import
            write(text, self._stream or sys.stderr)
            if self._stream is not None:
                self._stream.flush()


def bar_line(progress: ImportProgress, seconds: float) -> str:
    """Return the bar: share of the bytes, files, records, rate and the time left."""
    share = progress.bytes_done / progress.bytes_total if progress.bytes_total else 1.0
    share = min(1.0, max(0.0, share))
    full = round(share * BAR)
    rate = progress.bytes_done / 1e6 / seconds if seconds > 0 else 0.0
    left = f", {seconds / share - seconds:.0f} s left" if 0 < share < 1 else ""
    bar = "█" * full + "░" * (BAR - full)
    return (
        f"{bar} {share:4.0%}  {progress.files_done:,} of {progress.files_total:,} files  "
        f"{progress.records:,} requests  {rate:.0f} MB/s{left}"
    )
