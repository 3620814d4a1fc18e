"""What follows from the figures so far: how fast a limit fills, and what a month comes to.

Straight lines only, and nothing at all while the evidence is thin: a guess that is wrong once an hour is
worse than none.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

LEAST_SHARE = 0.1
"""Of a window that must have passed before its pace is told."""

LEAST_USED = 5.0
"""Per cent of a limit that must be used before its pace is told."""

PROJECTED_DAYS = 28
"""Whole weeks, so that each day of the week weighs the same."""

LEAST_DAYS = 7
"""Days that must be known before a month is projected: a whole week."""

_MINUTE = 60_000_000


class Pace(NamedTuple):
    """How a limit is used up, compared with the clock."""

    ahead: float
    """Points by which the used share is ahead of the share of the window that has passed."""
    runs_out_at: int | None
    """When it is full at the window's rate so far (UTC epoch µs); None when it is reset before that."""


def pace(used_percent: float, window_minutes: int, resets_at: int | None, observed_at: int) -> Pace | None:
    """Return the pace of a limit when it was read (UTC epoch µs); None while the evidence is thin.

    It is the straight line from the start of the window, which is its length before its reset.
    """
    window = window_minutes * _MINUTE
    if resets_at is None or not window:
        return None
    passed = window - (resets_at - observed_at)
    if not LEAST_SHARE * window <= passed <= window or used_percent < LEAST_USED:
        return None
    full_at = observed_at + round(passed * max(100.0 - used_percent, 0.0) / used_percent)
    return Pace(used_percent - 100 * passed / window, full_at if full_at < resets_at else None)


def month_end(spent: int, complete_days: Sequence[int], days_left: int) -> int | None:
    """Return what a month comes to: what is spent, and for each day after today the mean of the last days.

    `complete_days` are the costs of the days before today, newest last, idle ones as 0, from the first day
    of all on; at most PROJECTED_DAYS of them count. None for fewer than LEAST_DAYS. Costs are nano-dollars.
    """
    known = complete_days[-PROJECTED_DAYS:]
    if len(known) < LEAST_DAYS:
        return None
    return spent + days_left * sum(known) // len(known)
