"""When single requests are old enough to go, and a little of that work at a time."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from tokentui.config import Settings
from tokentui.periods import day_bounds, day_of, zone

if TYPE_CHECKING:
    from tokentui.store import Writer
    from tokentui.store.retention import Expiring

SWEPT = "retention"
"""The note that says up to which day, and up to which key, old requests are removed."""
LOOK_SECONDS = 600.0
"""How often it is asked whether a new day has begun."""
STEP_SECONDS = 0.2
"""How long one step may take: new lines of logs wait meanwhile."""


def horizon(days: int, zone_name: str, now: int, newest: int | None) -> int | None:
    """Return the moment before which requests go, the begin of a day; None when they stay for ever.

    All in UTC epoch microseconds. Counted from the `newest` request where that is before `now`: a clock
    that was set to some year to come must not remove everything.
    """
    if not days or newest is None:
        return None
    place = zone(zone_name)
    return day_bounds(day_of(min(now, newest), place) - timedelta(days=days), place)[0]


def described(found: Expiring) -> str:
    """Return what removing old requests would do, in a sentence or two."""
    gone = f" {found.expired:,} are sums only already." if found.expired else ""
    if not found.requests:
        return f"No request is old enough to be removed.{gone}"
    day = datetime.fromtimestamp(found.before / 1e6, UTC).date()
    size = f"{found.size / 1e6:,.1f} MB" if found.size >= 100_000 else f"{found.size / 1e3:,.0f} kB"
    what = "1 request" if found.requests == 1 else f"{found.requests:,} requests"
    return f"Would remove {what} before {day}, {size}; all sums stay.{gone}"


class Sweep:
    """Removes old requests once a day, in steps. For the writer's thread."""

    def __init__(self, settings: Settings, zone_name: str, clock: Callable[[], int]) -> None:
        """`clock` returns the time in UTC epoch microseconds."""
        self._settings, self._zone, self._clock = settings, zone_name, clock
        self._next = 0.0

    @property
    def due(self) -> bool:
        """Whether it is time for a step."""
        return bool(self._settings.retention_days) and time.monotonic() >= self._next

    def step(self, writer: Writer, *, seconds: float = STEP_SECONDS) -> int:
        """Remove what there is time for; return how many requests went. Raises sqlite3.Error.

        How far it is stands in the database, so that many short runs get to the end, too.
        """
        before = horizon(self._settings.retention_days, self._zone, self._clock(), writer.newest_at())
        if before is None:
            return 0
        day, _, at = (writer.meta(SWEPT) or "").partition(" ")
        if day == str(before) and at == "end":
            self._next = time.monotonic() + LOOK_SECONDS
            return 0
        after = int(at) if day == str(before) else None
        removed, deadline = 0, time.monotonic() + seconds
        while True:
            count, after = writer.expire_piece(before, after)
            removed += count
            if after is None or time.monotonic() >= deadline:
                break
        writer.set_meta(SWEPT, f"{before} {'end' if after is None else after}")
        return removed
