"""The rate limits Codex is told with every response, thinned out to the readings that say something new."""

from __future__ import annotations

from typing import NamedTuple

from tokentui.sources.logs.codex_wire import RateLimits, Window, rate_limits
from tokentui.text import clean
from tokentui.usage import LimitReading

DEFAULT_LIMIT = "codex"
"""The pool of lines that name none (before 0.60, and since then for the plan's own limits)."""

MOVED_SHARE = 20
"""A reset that moved by less than a 20th of its window (15 minutes of 5 hours) says nothing new."""

_SECOND = 1_000_000
_MINUTE = 60 * _SECOND
_MILLISECONDS_FROM = 10**11
"""An epoch from here on counts milliseconds: as seconds it would be the year 5138."""
_LAST_SECOND = 250 * 10**9
"""The year 9892."""

# Early versions derived the minutes from seconds and cut off what was left of them.
_WHOLE_WINDOWS = {299: 300, 10079: 10080}


class Told(NamedTuple):
    """The limits of a line and the pool they are of; as JSON until somebody wants to know them."""

    limit_id: str | None
    limits: RateLimits | bytes


class _Reading(NamedTuple):
    """A window as one line told it."""

    time: int
    percent: float
    resets_at: int | None
    limits: RateLimits


class _Pool:
    """One `limit_id`: which readings of its windows were kept, and what was told since."""

    __slots__ = ("kept", "newest", "next")

    def __init__(self) -> None:
        self.kept: dict[int, _Reading] = {}
        self.newest: tuple[int, Told] | None = None
        """Time and limits of the newest line that was not looked at."""
        self.next = 0
        """When a line is looked at again."""


class Limits:
    """Follows the limits of one file; keeps what changed and, of each window, the newest reading.

    They are told with every response, mostly the same. Within a minute only the newest line counts;
    its reading is kept when the whole percent, the reset (by a 20th of its window or more) or the plan
    changed.
    """

    __slots__ = ("_pools",)

    def __init__(self) -> None:
        self._pools: dict[str | None, _Pool] = {}

    def observe(self, told: Told, time: int, into: list[LimitReading]) -> None:
        """Take in the limits of a line of that time; add the readings that say something new."""
        pool = self._pools.get(told.limit_id)
        if pool is None:
            pool = self._pools[told.limit_id] = _Pool()
        elif pool.next - _MINUTE <= time < pool.next:
            pool.newest = (time, told)
            return
        pool.newest = None
        pool.next = time + _MINUTE
        for minutes, reading in _readings(told, time):
            kept = pool.kept.get(minutes)
            if kept is None or _differ(kept, reading, minutes):
                pool.kept[minutes] = reading
                into.append(_as_record(minutes, reading))
            else:
                pool.newest = (time, told)

    def flush(self, into: list[LimitReading]) -> None:
        """Add the newest reading of each window, so that what is known is never behind the log."""
        for pool in self._pools.values():
            if pool.newest is not None:
                time, told = pool.newest
                pool.newest = None
                into.extend(_as_record(minutes, reading) for minutes, reading in _readings(told, time))


def _readings(told: Told, time: int) -> list[tuple[int, _Reading]]:
    """Return the windows of a line, by their minutes: the slots they stand in mean nothing."""
    limits = told.limits if isinstance(told.limits, RateLimits) else rate_limits(told.limits)
    found: dict[int, _Reading] = {}
    for window in (limits.primary, limits.secondary):
        if window is not None:
            minutes = max(window.window_minutes or 0, 0)
            minutes = _WHOLE_WINDOWS.get(minutes, minutes)
            # Two windows of unknown length cannot be told apart: the first is the shorter one.
            found.setdefault(minutes, _Reading(time, window.used_percent, _resets_at(window, time), limits))
    return list(found.items())


def _differ(kept: _Reading, new: _Reading, minutes: int) -> bool:
    if int(kept.percent) != int(new.percent) or kept.limits.plan_type != new.limits.plan_type:
        return True
    if kept.resets_at is None or new.resets_at is None:
        return kept.resets_at is not new.resets_at
    return abs(kept.resets_at - new.resets_at) >= max(minutes * _MINUTE // MOVED_SHARE, _MINUTE)


def _resets_at(window: Window, time: int) -> int | None:
    """Return when a window starts anew, as UTC epoch microseconds."""
    if window.resets_at is not None:
        seconds = window.resets_at
        if seconds >= _MILLISECONDS_FROM:
            seconds //= 1000
        return seconds * _SECOND if 0 < seconds < _LAST_SECOND else None
    if window.resets_in_seconds is not None and 0 <= window.resets_in_seconds < _LAST_SECOND:
        return time + window.resets_in_seconds * _SECOND
    return None


def _as_record(minutes: int, reading: _Reading) -> LimitReading:
    limits = reading.limits
    return LimitReading(
        service="codex",
        account="",
        limit_id=clean(limits.limit_id, 80) if limits.limit_id else DEFAULT_LIMIT,
        window_minutes=minutes,
        used_percent=min(max(reading.percent, 0.0), 100.0),
        resets_at=reading.resets_at,
        observed_at=reading.time,
        plan=clean(limits.plan_type, 40) if limits.plan_type else "",
        limit_name=clean(limits.limit_name, 80) if limits.limit_name else "",
        credits_balance=_balance(limits),
    )


def _balance(limits: RateLimits) -> str:
    balance = limits.credits.balance if limits.credits is not None else None
    return clean(balance, 40) if balance else ""
