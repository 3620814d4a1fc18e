"""Newer price data, made by a process of its own: importing genai-prices takes 390 ms and 35 MB."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from contextlib import suppress
from pathlib import Path

import tokentui
from tokentui import pricing
from tokentui.config import Paths
from tokentui.engine.lane import Lane

SECONDS = 60.0
"""How long that process may take; it needs about one second."""

# Without the working directory, which may hold anybody's modules; with the folder tokentui lies in.
PROGRAM = (
    "import sys; from pathlib import Path; sys.path.append(sys.argv[1])\n"
    "from tokentui.pricing import refresh; sys.exit(not refresh(Path(sys.argv[2])))"
)

log = logging.getLogger("tokentui.engine")


def marks(paths: Paths) -> tuple[object, ...]:
    """Return what changes when the user's price file, or the file of newer price data, does."""
    found: list[object] = []
    for path in (paths.price_overlay, paths.price_cache):
        try:
            stat = os.stat(path)
        except OSError:
            found.append(None)
        else:
            found.append((stat.st_ino, stat.st_size, stat.st_mtime_ns))
    return tuple(found)


class CurrentPrices:
    """Prices that follow the user's price file and newer price data; for one thread."""

    def __init__(self, paths: Paths) -> None:
        self._paths = paths
        self._marks: tuple[object, ...] = ()
        self._prices: pricing.Prices | None = None

    def of(self, account: str) -> pricing.Prices:
        """Return what an account (`service` or `service/name`) pays now.

        A price file that cannot be used leaves the prices as they were.
        """
        found = marks(self._paths)
        if self._prices is None or found != self._marks:
            self._marks = found
            newer = pricing.Prices.open(self._paths.price_overlay, self._paths.price_cache)
            if self._prices is None or newer.overlay_problem is None:
                self._prices = newer
        return self._prices.of(account)


def problem(prices: pricing.Prices) -> str:
    """Return why the user's own prices are not in use; empty when they are, or there are none."""
    return f"your own prices are not in use: {prices.overlay_problem}" if prices.overlay_problem else ""


async def renew_if_stale(cache: Path, lane: Lane) -> None:
    """Bring in the prices of a newer genai-prices that was installed; `marks` tells that they are there."""
    try:
        if await lane.run(lambda: pricing.stale(cache)):
            await renew(cache)
    except Exception:  # nobody waits for the outcome, and prices are there in any case
        log.exception("prices cannot be renewed")


async def renew(cache: Path, *, program: str = PROGRAM, seconds: float = SECONDS) -> bool:
    """Write the installed genai-prices' data to `cache`; tell whether that can be used.

    The process is killed after `seconds`, and when the caller is cancelled.
    """
    nothing = asyncio.subprocess.DEVNULL
    try:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-P", "-c", program, str(Path(tokentui.__file__).parents[1]), str(cache),
            stdin=nothing, stdout=nothing, stderr=nothing, start_new_session=True,
        )  # fmt: skip
    except OSError as error:
        log.warning("prices cannot be renewed: %s", error)
        return False
    try:
        async with asyncio.timeout(seconds):
            code = await process.wait()
    except TimeoutError:
        log.warning("renewing prices took more than %g seconds", seconds)
        return False
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    if code:
        log.warning("prices cannot be renewed: the process ended with %d", code)
    return code == 0
