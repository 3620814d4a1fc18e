"""How fast a limit is used up, in words: `23 % ahead, runs out 14:20 at this rate`."""

from __future__ import annotations

from datetime import tzinfo
from typing import TYPE_CHECKING

from tokentui import forecast, text
from tokentui.moments import moment
from tokentui.ui import figures
from tokentui.ui.draw import Line

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tokentui.store.snapshot import Limit

EVEN = 5.0
"""Points up to which a limit is in step with the clock."""


def words(limit: Limit, now: float, zone: tzinfo | None) -> tuple[str, str]:
    """Return the pace of a limit and the style it is shown in; nothing while that cannot be said.

    `now`: UTC seconds. Of a limit that was read long ago the age is said instead.
    """
    percent = figures.used(limit, now)
    if percent is None:
        return "", ""
    if now - limit.observed_at / 1e6 > figures.STALE_SECONDS:
        return f"read {text.ago(now - limit.observed_at / 1e6)} ago", "muted"
    pace = forecast.pace(percent, limit.window_minutes, limit.resets_at, limit.observed_at)
    if pace is None:
        return "", ""
    if abs(pace.ahead) < EVEN:
        return "in step with the clock", "muted"
    said = f"{abs(pace.ahead):.0f} % {'ahead' if pace.ahead > 0 else 'behind'}"
    if pace.runs_out_at is None or pace.runs_out_at / 1e6 <= now:
        return said, "muted"
    return f"{said}, runs out {clock(pace.runs_out_at, now, zone)} at this rate", "warn"


def most_urgent(limits: Iterable[Limit], now: float) -> Limit | None:
    """Return the limit that runs out first, else the one furthest ahead of the clock."""
    found: list[tuple[bool, float, Limit]] = []
    for limit in limits:
        percent = figures.used(limit, now)
        if percent is None:
            continue
        pace = forecast.pace(percent, limit.window_minutes, limit.resets_at, limit.observed_at)
        if pace is not None:
            lasts = pace.runs_out_at is None or pace.ahead < EVEN
            found.append((lasts, -pace.ahead if lasts else float(pace.runs_out_at or 0), limit))
        else:
            found.append((True, 1e9, limit))
    return min(found, key=lambda each: each[:2])[2] if found else None


def line(limits: tuple[Limit, ...], now: float, zone: tzinfo | None, width: int) -> Line:
    """Return what is to be said of the most urgent limit; nothing when there is nothing, or no room."""
    limit = most_urgent(limits, now)
    if limit is None:
        return []
    said, style = words(limit, now, zone)
    if not said:
        return []
    name = f"{figures.window(limit)}: " if len(limits) > 1 else ""
    shorter = said.removesuffix(" at this rate")
    for each in (f"{name}{said}", f"{name}{shorter}", name + shorter.rpartition(", ")[2]):
        if len(each) <= width:
            return [(each, style)]
    return []


def clock(time: int, now: float, zone: tzinfo | None) -> str:
    """Return a time of day, with the day of the week when that is not today."""
    then, present = moment(time).astimezone(zone), moment(round(now * 1e6)).astimezone(zone)
    return f"{then:%H:%M}" if then.date() == present.date() else f"{then:%a %H:%M}"
