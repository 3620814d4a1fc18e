"""What follows for the rest of a window: when it is full at the recent rate, and what the week can take."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from tokentui.engine.elsewhere import windows

if TYPE_CHECKING:
    from tokentui.store.limit_tracks import Reading, Track

RECENT = 5
"""The recent rate is that of the last fifth of a window: an hour of five, 34 hours of a week."""

LEAST_MOVED = 2.0
"""Points that must have moved lately; one may be rounding."""

LEAST_WINDOWS = 3
"""Past short windows that must be known before the week is counted in them."""

LEAST_FULL = 10.0
"""Per cent a short window must have reached to tell something of the week."""

LEAST_SHARE = 5.0
"""Points of the week that these windows must have moved together."""

_MINUTE = 60_000_000
_HOUR = 3_600_000_000


class Recent(NamedTuple):
    """How fast a limit was used up lately."""

    points_per_hour: float
    runs_out_at: int | None
    """UTC epoch µs; None when it is reset before that."""


class Week(NamedTuple):
    """What is left of a week, counted in short windows."""

    left: int
    """Short windows that can still begin before the week is reset, with the one that is open."""
    needed: float
    """Full ones that use up the week."""
    stranded: float
    """Per cent of the week that stay unused even if all of them are filled."""


def recent(track: Track, now: int) -> Recent | None:
    """Return the rate of the last fifth of the window that is open (now in UTC epoch µs); None if unknown."""
    known = windows(track.readings)
    if not known or not track.window_minutes:
        return None
    readings = known[-1]
    last, span = readings[-1], track.window_minutes * _MINUTE // RECENT
    if last.resets_at <= now or now - last.at > span:
        return None
    before = [reading for reading in readings if reading.at <= last.at - span]
    first = before[-1] if before else readings[0]
    hours = (last.at - first.at) / _HOUR
    moved = last.used_percent - first.used_percent
    if moved < LEAST_MOVED or hours * _HOUR < span / 4:
        return None
    rate = moved / hours
    full_at = last.at + round(max(100.0 - last.used_percent, 0.0) / rate * _HOUR)
    return Recent(rate, full_at if now < full_at < last.resets_at else None)


def share(short: Track, week: Track) -> float | None:
    """Return how many points of the week a full short window takes, as the past has it; None if unknown."""
    full = moved = 0.0
    count = 0
    weeks = windows(week.readings)
    for readings in windows(short.readings)[:-1]:
        most = max(reading.used_percent for reading in readings)
        end = readings[0].resets_at
        start = end - short.window_minutes * _MINUTE
        took = _took(weeks, start, end)
        if most >= LEAST_FULL and took is not None:
            full, moved, count = full + most, moved + took, count + 1
    if count < LEAST_WINDOWS or moved < LEAST_SHARE:
        return None
    return 100 * moved / full


def week(short: Track, long: Track, now: int) -> Week | None:
    """Return what is left of the week that is open, in short windows; None while that cannot be said."""
    if not long.readings or not short.window_minutes:
        return None
    last = long.readings[-1]
    each = share(short, long)
    if each is None or last.resets_at <= now:
        return None
    open_until = short.readings[-1].resets_at if short.readings else 0
    length = short.window_minutes * _MINUTE
    rest = last.resets_at - max(open_until, now)
    left = max(-(-rest // length), 0) + (open_until > now)
    free = max(100.0 - last.used_percent, 0.0)
    in_open = (100.0 - short.readings[-1].used_percent) / 100 if open_until > now else 0.0
    possible = (left - (open_until > now) + in_open) * each
    return Week(left, free / each, max(free - possible, 0.0))


def _took(weeks: Sequence[Sequence[Reading]], start: int, end: int) -> float | None:
    """Return what a week moved by between two moments; None where no week was read in between."""
    for readings in weeks:
        before = [reading for reading in readings if reading.at <= start]
        within = [reading for reading in readings if start < reading.at <= end]
        if within and before:
            return max(within[-1].used_percent - before[-1].used_percent, 0.0)
    return None
