"""Opens the dashboard on this machine's database, and ends the process with it."""

from __future__ import annotations

import time

from tokentui import __version__
from tokentui.config import Paths, Settings
from tokentui.engine.opening import FirstLook, LateFeed
from tokentui.ui.terminal import leave, unfit

__all__ = ["open_dashboard", "unfit"]


def open_dashboard(paths: Paths, settings: Settings, *, mouse: bool, ascii_only: bool = False) -> int:
    """Show the dashboard until it is left; ends the process, whose exit code it would return.

    The caller has asked `unfit` before, or has drawn the last screen.
    """
    look = FirstLook(paths, settings, time.time_ns() // 1000)
    from tokentui.ui.app import run  # Textual: the look at the database goes on meanwhile

    feed = LateFeed(paths, settings)
    code = run(
        feed, first=look.snapshot, mouse=mouse, ascii_only=ascii_only, version=__version__, settings=settings
    )
    leave(code)  # a thread that is blocked by a slow disk must not keep the shell waiting
    return code
