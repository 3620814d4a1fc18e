"""The rate limits Codex is told with every response, thinned out to the readings that say something new."""

from __future__ import annotations

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


_Kept = tuple[int, str | None, int | None]
"""Whole percent, plan and reset of a window, as last told."""


class _Pool:
    """One `limit_id`: what was kept of its windows, by their minutes, and what was told since."""

    __slots__ = ("kept", "newest", "next")

    def __init__(self) -> None:
        self.kept: dict[int, _Kept] = {}
        self.newest: tuple[int, RateLimits | bytes] | None = None
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

    def observe(
        self, limit_id: str | None, limits: RateLimits | bytes, time: int, into: list[LimitReading]
    ) -> int:
        """Take in the limits of a line of that time; add the readings that say something new.

        Limits that are as expected may come as JSON: most of them nobody looks at. Returns the time at
        which this pool is looked at again: of lines of the minute before it only the newest matters.
        """
        pool = self._pools.get(limit_id)
        if pool is None:
            pool = self._pools[limit_id] = _Pool()
        elif pool.next - _MINUTE <= time < pool.next:
            pool.newest = (time, limits)
            return pool.next
        pool.newest = None
        pool.next = time + _MINUTE
        limits = _decoded(limits)
        for minutes, window in _windows(limits):
            resets_at = _resets_at(window, time)
            percent = int(_percent(window))
            kept = pool.kept.get(minutes)
            if (
                kept is None
                or kept[0] != percent
                or kept[1] != limits.plan_type
                or _moved(kept[2], resets_at, minutes)
            ):
                pool.kept[minutes] = (percent, limits.plan_type, resets_at)
                into.append(_as_record(limits, minutes, window, time))
            else:
                pool.newest = (time, limits)
        return pool.next

    def flush(self, into: list[LimitReading]) -> None:
        """Add the newest reading of each window, so that what is known is never behind the log."""
        for pool in self._pools.values():
            if pool.newest is not None:
                time, limits = pool.newest[0], _decoded(pool.newest[1])
                pool.newest = None
                into.extend(_as_record(limits, *each, time) for each in _windows(limits))


def _decoded(limits: RateLimits | bytes) -> RateLimits:
    return limits if isinstance(limits, RateLimits) else rate_limits(limits)


def _windows(limits: RateLimits) -> list[tuple[int, Window]]:
    """Return the windows of a line, by their minutes: the slots they stand in mean nothing."""
    found: list[tuple[int, Window]] = []
    for window in (limits.primary, limits.secondary):
        if window is not None:
            minutes = window.window_minutes or 0
            if minutes < 0:
                minutes = 0
            minutes = _WHOLE_WINDOWS.get(minutes, minutes)
            # Two windows of unknown length cannot be told apart: the first is the shorter one.
            if not found or found[0][0] != minutes:
                found.append((minutes, window))
    return found


def _percent(window: Window) -> float:
    percent = window.used_percent
    return percent if 0.0 <= percent <= 100.0 else min(max(percent, 0.0), 100.0)


def _moved(before: int | None, now: int | None, minutes: int) -> bool:
    """Say whether a reset is at another time than before."""
    if before is None or now is None:
        return before is not now
    return abs(before - now) >= max(minutes * _MINUTE // MOVED_SHARE, _MINUTE)


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


def _as_record(limits: RateLimits, minutes: int, window: Window, time: int) -> LimitReading:
    # In the order of the fields: service, account, pool; by name it would take five times as long.
    return LimitReading(
        "codex",
        "",
        clean(limits.limit_id, 80) if limits.limit_id else DEFAULT_LIMIT,
        minutes,
        _percent(window),
        _resets_at(window, time),
        time,
        clean(limits.plan_type, 40) if limits.plan_type else "",
        clean(limits.limit_name, 80) if limits.limit_name else "",
        _balance(limits),
    )


def _balance(limits: RateLimits) -> str:
    balance = limits.credits.balance if limits.credits is not None else None
    return clean(balance, 40) if balance else ""
